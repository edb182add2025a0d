"""A plan as a C header: the arena's size, and where every piece of memory lies in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from costmodel.errors import SpecError
from costmodel.results.storage.strategy_plan import StrategyPlan


def plan_header(network: str, plan: StrategyPlan, table: Sequence[int] | None = None) -> str:
    """Return a plan as a C99 header.

    Parameters
    ----------
    network : str
        What it is a plan of.
    plan : StrategyPlan
        Everything in one arena.
    table : sequence of int, optional
        What `cm_plan_run` of the firmware runs; left out where it has no kernels for the plan.

    Returns
    -------
    str
        Constants only; it needs nothing but `stdint.h`.

    Raises
    ------
    SpecError
        If the plan allocates buffers one by one.
    """
    loose = next((piece.name for piece in plan.pieces if piece.offset_bytes is None), None)
    if plan.total_bytes is None or loose is not None:
        raise SpecError(f"--emit c: under {plan.strategy.value} {loose or 'nothing'} has no offset; choose a strategy with one arena")
    guard = f"CM_PLAN_{_identifier(network).upper()}_H"
    lines = [
        f"/* Memory of {_comment(network)} under {plan.strategy.value}: made by `costmodel plan --emit c`. */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        "#include <stdint.h>",
        "",
        f"#define CM_PLAN_ARENA_BYTES {plan.total_bytes}u",
        f"#define CM_PLAN_PIECE_COUNT {len(plan.pieces)}u",
        f"#define CM_PLAN_STAGE_COUNT {len(plan.stages)}u",
        "",
        "typedef struct {",
        "    const char *name; /* the layer that makes what is in it, or input */",
        "    const char *role; /* tensor, buffer, ring or running row */",
        "    uint32_t offset, bytes;",
        "    uint32_t units; /* of a ring or running row: rows or pixels it holds; 0 of a whole tensor */",
        "    uint16_t first_stage, last_stage;",
        "} cm_plan_piece;",
        "",
        "static const cm_plan_piece cm_plan_pieces[] = {",
    ]
    for piece in plan.pieces:
        first, last = max(piece.first_stage, 0), max(piece.last_stage, 0)
        numbers = f"{piece.offset_bytes}u, {piece.size_bytes}u, {piece.unit_count or 0}u, {first}u, {last}u"
        lines.append(f'    {{"{_string(piece.name)}", "{piece.role}", {numbers}}},')
    lines += ["};", "", "/* For each stage, its layers in running order. */", "static const char *const cm_plan_stages[] = {"]
    lines += [f'    "{_string(" ".join(stage.layers))}",' for stage in plan.stages]
    lines += ["};", ""]
    if table is not None:
        most = max(len(stage.layers) for stage in plan.stages)
        lines += ["/* For cm_plan_run of stream.h; its steps and states are CM_PLAN_MOST_STEPS each. */"]
        lines += [f"#define CM_PLAN_MOST_STEPS {most}u", "static const int32_t cm_plan_table[] = {"]
        lines += [f"    {', '.join(map(str, table[at : at + 12]))}," for at in range(0, len(table), 12)]
        lines += ["};", ""]
    lines += ["#endif", ""]
    return "\n".join(lines)


def _identifier(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]+", "_", text)


def _comment(text: str) -> str:
    return re.sub(r"[^ -~]|\*/|/\*", "?", text)


def _string(text: str) -> str:
    return re.sub(r"[^ !#-\[\]-~]", "?", text).replace("??", "?")

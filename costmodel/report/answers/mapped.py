"""The best tile of each layer, and every tile of one."""

from __future__ import annotations

from costmodel.report.answer import Answer, answer_of
from costmodel.report.document import Block, Content, Paragraph, plain_table
from costmodel.report.quantities import bytes_text
from costmodel.results.mapping_search import MappedLayer, MappingSearch, TileChoice

_COLUMNS = ("loads per MAC", "instructions per MAC", "instructions", "scratch B", "weights B", "registers")


def mapping_answer(found: MappingSearch, layer: str | None, written: str | None) -> Answer:
    """Return what a search for tiles found.

    Parameters
    ----------
    found : MappingSearch
        Of a network and a core.
    layer : str or None
        Show every tile of this layer too.
    written : str or None
        File the mapping was written to.

    Returns
    -------
    Answer
        One row a layer.
    """
    rows: list[tuple[Content, ...]] = []
    for one in found.layers:
        if not one.choices:
            rows.append((one.name, "", *[""] * (len(_COLUMNS) + 1), one.reason))
            continue
        best = one.choices[0]
        rows.append((one.name, f"{best.pixel_count}x{best.filter_count}", *_figures(one, best), _code(one.code_bytes), one.reason))
    total = sum(one.choices[0].instruction_count for one in found.layers if one.choices)
    valid = sum(one.valid_mac_count for one in found.layers if one.choices)
    per_mac = f"{total / valid:.2f}" if valid else ""
    sizes = [one.code_bytes for one in found.layers if one.choices]
    code = None if None in sizes else sum(size for size in sizes if size is not None)
    rows.append(("total", "", "", per_mac, f"{total:,}", "", "", "", _code(code), ""))
    error = f"{100 * found.median_error_ratio:.1f} % at the median and within {100 * found.p90_error_ratio:.1f} % for nine in ten"
    note = (
        "Tiles are pixels x filters. Per MAC means per valid tap. Loads, scratch and registers are exact; instructions are calibrated on"
        f" this emulated core, off by {error} of layers they were not fitted to. Instructions are no time."
        " Code is what the core's compiler makes of the kernel, unknown where it is not installed."
    )
    tables: list[Block] = [
        plain_table(
            f"{found.network} on {found.core}: the best tile of each layer",
            ("layer", "tile", *_COLUMNS, "code B", "why"),
            rows,
            note,
            total=True,
        )
    ]
    for one in found.layers:
        if one.name == layer:
            choices: list[tuple[Content, ...]] = [(f"{each.pixel_count}x{each.filter_count}", *_figures(one, each)) for each in one.choices]
            tables.append(plain_table(f"{one.name}: every tile that fits", ("tile", *_COLUMNS), choices))
    arena = f"Arena {_bytes(found.arena_bytes)} with the largest line buffer; {_bytes(found.plain_arena_bytes)} output-stationary."
    where = f"Written to {written}; take it with" if written else "Take it with"
    tables.append(Paragraph(f'{arena} {where} `report --dataflow` or `pack --mapping`: "{found.mapping}"'))
    return answer_of(tables, found)


def _figures(layer: MappedLayer, choice: TileChoice) -> tuple[Content, ...]:
    return (
        f"{choice.load_count / layer.valid_mac_count:.2f}",
        f"{choice.instruction_count / layer.valid_mac_count:.2f}",
        f"{choice.instruction_count:,}",
        f"{choice.scratch_bytes:,}",
        f"{choice.weight_bytes:,}",
        choice.register_count,
    )


def _code(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _bytes(number: int | None) -> str:
    return "unknown" if number is None else bytes_text(number)

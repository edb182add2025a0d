"""Firmware held against prediction: every counter beside what was measured, in tables and as data."""

from __future__ import annotations

from typing import Any, Final

from costmodel.report.answer import Answer, answer_of
from costmodel.report.document import Block, Content, Remark, Remarks, Table, plain_table
from costmodel.report.quantities import count_text
from costmodel.results.counts import AccessCounts
from costmodel.results.runs.comparison import FirmwareComparison, RunComparison

MAX_MISMATCHES: Final = 50
"""Differences that are listed; the rest is counted."""
CIFAR10_CLASSES: Final = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""Label order of CIFAR-10 (Krizhevsky 2009)."""


def comparison_answer(comparison: FirmwareComparison, *, in_detail: bool, seed: int | None, packaged_core: str | None = None) -> Answer:
    """Return what was predicted beside what was measured.

    Parameters
    ----------
    comparison : FirmwareComparison
        What was compared.
    in_detail : bool
        Every counter of every layer; else only what differs.
    seed : int or None
        Of the weights, where they are known.
    packaged_core : str, optional
        Checksum of this package's firmware core, to say where a device runs another.

    Returns
    -------
    Answer
        The verdict last.
    """
    tables: list[Block] = []
    if in_detail:
        for run in comparison.runs:
            tables += _run_tables(run)
    if comparison.mismatches:
        tables.append(_mismatch_table(comparison))
    tables.append(_verdict(comparison, seed, packaged_core))
    if not comparison.equal:
        tables.append(Remarks((Remark("✗ fails", "fails", f"{count_text(len(comparison.mismatches))} figures differ."),)))
    return answer_of(tables, _content(comparison, seed), _records(comparison))


def _run_tables(run: RunComparison) -> list[Table]:
    title = f"{run.network} on {run.target}, {run.dataflow}, {run.variant}"
    tables = [plain_table(title, ("layer", "counter", "predicted", "measured", "difference"), tuple(_counter_rows(run)))]
    if any(layer.activity for layer in run.layers):
        rows = tuple(_activity_rows(run))
        note = f"Convolutions: {run.instructions_per_mac:.2f} instructions per valid MAC." if run.instructions_per_mac else ""
        header = ("layer", "tensor", "loads predicted", "loads made", "stores predicted", "stores made")
        tables.append(plain_table(f"{title}: what the core really did in the timing build", header, rows, note))
    return tables


def _counter_rows(run: RunComparison) -> list[tuple[Content, ...]]:
    return [
        (layer.name, *figures)
        for layer in run.layers
        for figures in zip(AccessCounts._fields, layer.predicted, layer.measured, layer.difference, strict=True)
        if any(figures[1:3])
    ]


def _activity_rows(run: RunComparison) -> list[tuple[Content, ...]]:
    rows: list[tuple[Content, ...]] = []
    for layer in run.layers:
        activity = layer.activity
        if activity is None or not any(layer.measured):
            continue
        for tensor in activity.tensors:
            figures = (
                tensor.predicted_load_count,
                tensor.measured_load_count,
                tensor.predicted_store_count,
                tensor.measured_store_count,
            )
            if any(figures):
                rows.append((layer.name, tensor.tensor, *figures))
        rows.append((layer.name, "outside tensors", None, activity.other_load_count, None, activity.other_store_count))
        rows.append((layer.name, f"{activity.instruction_count:,} instructions", None, None, None, None))
    return rows


def _mismatch_table(comparison: FirmwareComparison) -> Table:
    found = comparison.mismatches
    rows = tuple((one.layer, one.dataflow, one.figure, one.predicted, one.measured) for one in found[:MAX_MISMATCHES])
    note = f"And {len(found) - MAX_MISMATCHES:,} more." if len(found) > MAX_MISMATCHES else ""
    return plain_table("What differs", ("layer", "dataflow", "figure", "predicted", "measured"), rows, note)


def _verdict(comparison: FirmwareComparison, seed: int | None, packaged_core: str | None) -> Table:
    rows: list[tuple[Content, ...]] = []
    for target in dict.fromkeys(run.target for run in comparison.runs):
        runs = [run for run in comparison.runs if run.target == target]
        own = FirmwareComparison(runs=tuple(runs))
        networks = len({(run.network, run.variant) for run in runs})
        rows.append((target, networks, len(runs), own.counter_count, len(own.mismatches)))
    note = "Every figure equal." if comparison.equal else ""
    last = comparison.runs[-1]
    known = all(layer.predicted_output_hash for layer in last.layers)
    if known and comparison.equal:
        note += " Outputs are equal to the last bit."
    if len({run.network for run in comparison.runs}) == 1:
        note += f" The network's answer is class {last.class_index}{_class_name(last)}"
        note += f"; its weights are random, of seed {seed}." if seed is not None else "."
    if last.folded_bias_count and len({run.network for run in comparison.runs}) == 1:
        note += (
            f" {last.folded_bias_count} convolutions read the bias that folding their batch norm gives them;"
            " `costmodel count` counts the network as it is written, without."
        )
    others = sorted({run.core_hash for run in comparison.runs} - {packaged_core})
    if packaged_core and others:
        note += f" The device runs core {others[0]}, this package carries {packaged_core}."
    return plain_table("Verdict", ("target", "networks", "runs", "counters", "differences"), tuple(rows), note)


def _class_name(run: RunComparison) -> str:
    known = run.network.startswith("cifar-") and run.class_index < len(CIFAR10_CLASSES)
    return f" ({CIFAR10_CLASSES[run.class_index]})" if known else ""


def _content(comparison: FirmwareComparison, seed: int | None) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "equal": comparison.equal,
        "seed": seed,
        "mismatches": [mismatch._asdict() for mismatch in comparison.mismatches],
        **comparison.model_dump(mode="json"),
    }


def _records(comparison: FirmwareComparison) -> Table:
    rows: list[tuple[Content, ...]] = [
        (run.target, run.network, run.variant, run.dataflow, layer.name, layer.kind, counter, predicted, measured)
        for run in comparison.runs
        for layer in run.layers
        for counter, predicted, measured in zip(AccessCounts._fields, layer.predicted, layer.measured, strict=True)
    ]
    header = ("target", "network", "variant", "dataflow", "layer", "kind", "counter", "predicted", "measured")
    return plain_table("counters", header, tuple(rows))

"""The best tile of each layer, and every tile of one."""

from __future__ import annotations

from costmodel.report.answer import Answer, answer_of
from costmodel.report.cells import Cell
from costmodel.report.document import Block, Content, Paragraph, plain_table
from costmodel.report.quantities import bytes_text, share_text
from costmodel.results.mapping_search import MappedLayer, MappingSearch

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
            rows.append((one.name, "", *[""] * (len(_COLUMNS) + 1), _plain(one), one.reason))
            continue
        best, code = one.choices[0], Cell(_code(one.code_bytes), figure=f"map.layers.{one.name}.code_bytes")
        rows.append((one.name, best.tile, *_figures(one, 0), code, _plain(one), one.reason))
    per_mac = "" if found.instruction_ratio is None else Cell(f"{found.instruction_ratio:.2f}", figure="map.instruction_ratio")
    plain = Cell(_code(found.plain_instruction_count), figure="map.plain_instruction_count")
    whole = Cell(f"{found.instruction_count:,}", figure="map.instruction_count")
    rows.append(("total", "", "", per_mac, whole, "", "", "", Cell(_code(found.code_bytes), figure="map.code_bytes"), plain, ""))
    median, p90, worst = (share_text(each) for each in (found.median_error_ratio, found.p90_error_ratio, found.worst_error_ratio))
    error = f"{median} at the median, {p90} for nine in ten and {worst} at worst"
    packaged = ""
    if found.plain_worst_error_ratio is not None and found.plain_median_error_ratio is not None:
        off = f"{share_text(found.plain_median_error_ratio)} at the median and {share_text(found.plain_worst_error_ratio)} at worst"
        packaged = f" Packaged: instructions of the kernel that every firmware has, output-stationary, calibrated likewise, off by {off}."
    note = (
        "Tiles are pixels x filters. Per MAC means per valid tap. Loads, scratch and registers are exact; instructions are calibrated on"
        f" this emulated core, off by {error}, of layers they were not fitted to. Instructions are no time."
        f"{packaged} Code is what the core's compiler makes of the kernel, unknown where it is not installed."
    )
    tables: list[Block] = [
        plain_table(
            f"{found.network} on {found.core}: the best tile of each layer",
            ("layer", "tile", *_COLUMNS, "code B", "packaged", "why"),
            rows,
            note,
            total=True,
        )
    ]
    for one in found.layers:
        if one.name == layer:
            choices: list[tuple[Content, ...]] = [(each.tile, *_figures(one, at)) for at, each in enumerate(one.choices)]
            tables.append(plain_table(f"{one.name}: every tile that fits", ("tile", *_COLUMNS), choices))
    arena = f"Arena {_bytes(found.arena_bytes)} with the largest line buffer; {_bytes(found.plain_arena_bytes)} output-stationary."
    where = f"Written to {written}; take it with" if written else "Take it with"
    tables.append(Paragraph(f'{arena} {where} `report --dataflow` or `pack --mapping`: "{found.mapping}"'))
    return answer_of(tables, found)


def _figures(layer: MappedLayer, at: int) -> tuple[Content, ...]:
    choice, own = layer.choices[at], f"map.layers.{layer.name}"
    counts = ("instruction_count", "scratch_bytes", "weight_bytes")
    return (
        _ratio(layer.load_ratios[choice.tile], f"{own}.load_ratios.{choice.tile}"),
        _ratio(layer.instruction_ratios[choice.tile], f"{own}.instruction_ratios.{choice.tile}"),
        *(Cell(f"{getattr(choice, name):,}", figure=f"{own}.choices.{at}.{name}") for name in counts),
        Cell(choice.register_count, figure=f"{own}.choices.{at}.register_count"),
    )


def _ratio(found: float | None, figure: str) -> Cell:
    return Cell("–") if found is None else Cell(f"{found:.2f}", figure=figure)


def _plain(layer: MappedLayer) -> Cell:
    return Cell(_code(layer.plain_instruction_count), figure=f"map.layers.{layer.name}.plain_instruction_count")


def _code(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _bytes(number: int | None) -> str:
    return "unknown" if number is None else bytes_text(number)

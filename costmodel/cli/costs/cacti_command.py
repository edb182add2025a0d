"""`costmodel cacti`: run CACTI, look into the table of its runs, and compare what memories are charged for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from costmodel.results.runs.sram_run import SramRow
    from costmodel.sources.cacti.cacti_binary import CactiBinary
    from costmodel.specs.devices.sram import SramSpec

cacti_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="SRAM energies from CACTI 7: run it, look into its table, compare conventions.\n\nExample: costmodel cacti table --node 45",
)


FormatOption = Annotated[str, typer.Option("--format", "-f", help="How to write it: terminal, json, csv, markdown or html.")]
BinaryOption = Annotated[Path | None, typer.Option("--binary", help="Folder of your CACTI 7; else COSTMODEL_CACTI, else the cache.")]


@cacti_app.command("run")
def cacti_run_command(
    configurations: Annotated[list[str] | None, typer.Argument(help="Packaged names or .cfg files; default: all packaged.")] = None,
    binary: BinaryOption = None,
    table: Annotated[Path | None, typer.Option(help="Table to update; default: the packaged one.")] = None,
    every_row: Annotated[bool, typer.Option("--every-row", help="Run each row of the table as well.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare with the table, change nothing; exit 1 where a figure differs.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at a time; default: all processors.")] = None,
    timeout: Annotated[float, typer.Option(min=1.0, help="Longest a run may take, in seconds.")] = 120.0,
    cache: Annotated[bool, typer.Option(help="Take answers this CACTI gave before.")] = True,
    format: FormatOption = "terminal",
) -> None:
    """Run CACTI on configurations and update the table of its runs.

    Example: costmodel cacti run deck-45nm-hp-128k-64b --binary ~/cacti --check
    """
    import os

    from costmodel.cli.output import OutputFormat, format_of, write_answer
    from costmodel.report.answers.memories import runs_answer
    from costmodel.report.progress import ProgressDisplay
    from costmodel.sources.cacti.cacti_runner import answers_folder, run_rows
    from costmodel.sources.cacti.sram_table_file import packaged_table_path, sram_table_at, write_sram_table

    form = format_of(format)
    found = _binary(binary)
    path = table or packaged_table_path()
    before = sram_table_at(path, must_exist=check)
    asked = _asked(configurations, [(row.name, row.spec) for row in before] if every_row else [])
    with ProgressDisplay("CACTI", quiet=form is OutputFormat.JSON) as progress:
        rows = run_rows(
            found,
            asked,
            cache=answers_folder(os.environ) if cache else None,
            worker_count=jobs,
            timeout_s=timeout,
            progress=progress.advance,
        )
    statuses = {row.config_hash: _status(row, before.find(row.spec)) for row in rows}
    _refuse_impossible(found, rows, statuses)
    if not check:
        write_sram_table(path, before.updated(rows))
    write_answer(runs_answer(rows, statuses), form)
    if check and any(status != "as in the table" for status in statuses.values()):
        raise typer.Exit(1)


def _binary(folder: Path | None) -> CactiBinary:
    import os

    from costmodel.errors import CactiError, CactiFailure
    from costmodel.sources.cacti.cacti_binary import HOW_TO, cacti_in, find_cacti

    found = find_cacti(os.environ) if folder is None else cacti_in(folder)
    if found is None:
        raise CactiError(CactiFailure.MISSING_BINARY, f"no CACTI is named; {HOW_TO}. Everything else works from the packaged table")
    return found


def _asked(configurations: list[str] | None, rows: list[tuple[str, SramSpec]]) -> list[tuple[str, SramSpec]]:
    from costmodel.sources.cacti.cacti_configs import named_config, packaged_configs

    named = [named_config(reference) for reference in configurations or packaged_configs()]
    by_spec = {spec: name for name, spec in rows} | {spec: name for name, spec in named}
    return [(name, spec) for spec, name in by_spec.items()]


def _status(row: SramRow, before: SramRow | None) -> str:
    if before is None:
        return "new"
    return "as in the table" if (row.figures, row.status) == (before.figures, before.status) else "changed"


def _refuse_impossible(binary: CactiBinary, rows: list[SramRow], statuses: dict[str, str]) -> None:
    """A configuration CACTI finds no array for is an answer where the table already says so, and a mistake where a user asks."""
    from costmodel.errors import CactiError, CactiFailure
    from costmodel.sources.cacti.cacti_runner import narrower_row
    from costmodel.sources.cacti.sram_table import described

    for row in rows:
        if row.figures is None and statuses[row.config_hash] != "as in the table":
            nearest = narrower_row(binary, row.spec)
            helps = "try a larger size"
            if nearest is not None and nearest.figures is not None:
                helps = f"of the same size it finds one {nearest.spec.width_text} wide ({nearest.figures.read_pj:.4g} pJ a read)"
            raise CactiError(CactiFailure.NO_ORGANISATION, f"CACTI finds no array of {described(row)}; {helps}")


@cacti_app.command("table")
def cacti_table_command(
    name: Annotated[str, typer.Argument(help="Part of a name.")] = "",
    size: Annotated[str | None, typer.Option(help="Capacity, such as 320KiB.")] = None,
    width: Annotated[int | None, typer.Option(help="Access width in bytes.")] = None,
    node: Annotated[float | None, typer.Option(help="Feature size in nm.")] = None,
    cell: Annotated[str | None, typer.Option(help="hp, lstp or lop.")] = None,
    temperature: Annotated[float | None, typer.Option(help="In kelvin.")] = None,
    ecc: Annotated[bool | None, typer.Option(help="With or without check bits.")] = None,
    every_row: Annotated[bool, typer.Option("--every-row", help="Rows without a name as well.")] = False,
    format: FormatOption = "terminal",
) -> None:
    """List the packaged CACTI runs.

    Example: costmodel cacti table --node 40 --cell lstp --width 4
    """
    from costmodel.cli.output import format_of, write_answer
    from costmodel.report.answers.memories import runs_answer, table_note
    from costmodel.sources.cacti.sram_request import bytes_of, cell_of
    from costmodel.sources.cacti.sram_table_file import packaged_sram_table

    form = format_of(format)
    runs = packaged_sram_table()
    wanted = {
        "size_bytes": None if size is None else bytes_of(size),
        "access_bytes": width,
        "node_nm": node,
        "data_cell": None if cell is None else cell_of(cell),
        "temperature_k": temperature,
        "ecc": ecc,
    }
    filters = {field: value for field, value in wanted.items() if value is not None}
    rows = [
        row
        for row in runs
        if (row.name or every_row) and name in row.name and all(getattr(row.spec, field) == value for field, value in filters.items())
    ]
    write_answer(runs_answer(rows, {}, table_note(len(rows), runs.rows)), form)


@cacti_app.command("compare")
def cacti_compare_command(
    scenario: Annotated[str, typer.Argument(help="Packaged scenario, or a file.")] = "esp32-deck",
    network: Annotated[str | None, typer.Option(help="Another network: packaged name or file.")] = None,
    format: FormatOption = "terminal",
) -> None:
    """Set conventions of charging memory accesses side by side for a network.

    Example: costmodel cacti compare --network resnet8
    """
    from costmodel.cli.output import PIPE_WIDTH, format_of, write_answer
    from costmodel.evaluation.storage.memory_conventions import Convention, FlashPath, compare_conventions
    from costmodel.report.answers.memories import comparison_answer
    from costmodel.sources.catalogue import load_network, load_scenario
    from costmodel.sources.compared_memories import COMPARED_MEMORIES, FLASH_CACHE, FLASH_LINE
    from costmodel.sources.memory_energies import memory_energy

    form = format_of(format)
    asked = load_scenario(scenario)
    if network is not None:
        # Duration, power and battery were measured with the scenario's own network.
        others = {"network": load_network(network), "duration_s": None, "power": None, "battery": None}
        asked = type(asked).model_validate({**{field: getattr(asked, field) for field in type(asked).model_fields}, **others})
    conventions = [Convention(role, label, memory_energy(memory), element) for role, label, memory, element in COMPARED_MEMORIES]
    flash = FlashPath(memory_energy(FLASH_CACHE), memory_energy(FLASH_LINE))
    write_answer(comparison_answer(compare_conventions(asked, conventions, flash)), form, pipe_width=PIPE_WIDTH)

"""`costmodel sweep`: many designs at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.units import BYTES_PER_MB

if TYPE_CHECKING:
    from costmodel.sweeps.study.study_spec import Study

_VALUE_BYTES = 8


def sweep_command(
    study: Annotated[Path, typer.Argument(help="A study file, a folder with a study.yaml, or a packaged study.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Folder for results; left out, sweep-NAME here.", show_default=False)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what the folder holds.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the results the folder holds.")] = False,
    keep: Annotated[str | None, typer.Option(help="front or all, in place of the study's own.", show_default=False)] = None,
    choose: Annotated[
        str | None, typer.Option(help="Design to write as a scenario: knee, least:FIGURE, most:FIGURE or a row.", show_default=False)
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes; 0 for one a core.")] = 0,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler to run on.", show_default=False)] = None,
    local_cluster: Annotated[int, typer.Option(help="Workers of a Dask cluster on this machine; 0 for none.")] = 0,
    output_format: Annotated[str, typer.Option("--format", help="terminal, html, markdown, json or csv.")] = "terminal",
) -> None:
    """Evaluate every design of a study: its Pareto front, the knee, and what explains each objective.

    Ctrl-C keeps what is done; the same command with --resume goes on.

    Examples
    --------
    costmodel sweep pruning-pool-bits --out results
    costmodel report results/chosen.scenario.yaml
    costmodel sweep pruning-pool-bits --out page --format html
    costmodel init my-net.yaml
    costmodel sweep my-net.study.yaml --choose least:energy.memory
    """
    import os

    from costmodel.cli.options import chosen
    from costmodel.cli.output import OutputFormat, format_of, is_taken, write_answer
    from costmodel.printable_text import printable
    from costmodel.report.answers.sweeps import front_illustration, sweep_answer
    from costmodel.report.figures.drawing import draw_png
    from costmodel.report.progress import ProgressDisplay
    from costmodel.sources.documents.atomic_file import write_whole
    from costmodel.sweeps.engine.kept_files import kept_bytes
    from costmodel.sweeps.engine.running import prepared_space, sweep
    from costmodel.sweeps.front.explained_designs import explained_designs
    from costmodel.sweeps.front.summary import check_choice, shown_summary, summary_of, write_answer_files
    from costmodel.sweeps.study.study_file import load_study
    from costmodel.sweeps.study.study_spec import Keep

    form = format_of(output_format)
    asked, beside, document = load_study(study)
    if keep is not None:
        asked = asked.model_copy(update={"keep": chosen("--keep", keep, Keep)})
    folder = Path(f"sweep-{asked.name}") if out is None else out
    space = prepared_space(asked, beside, document)
    if choose is not None:
        check_choice(space, choose)
    if asked.keep is Keep.ALL:
        _announce_size(space.designs, asked, folder, resume=resume)
    try:
        with ProgressDisplay("designs", "designs") as display:
            answer = sweep(
                space,
                folder=folder,
                resume=resume,
                replace=force,
                workers=workers or os.cpu_count() or 1,
                scheduler=dask,
                local_cluster=local_cluster,
                on_progress=lambda progress: display.rate(progress.designs_done, progress.designs, progress.rate),
            )
        written = [str(path) for path in write_answer_files(answer, folder, choose)]
        summary = shown_summary(answer, choose)
        # Last: whatever a drawing library makes of it, the answer stands on disk.
        if (drawn := front_illustration(summary)) is not None:
            write_whole(folder / "front.png", draw_png(drawn.chart))
            written.append(str(folder / "front.png"))
        content = summary_of(answer) | {"written": written}
        explained = explained_designs(answer, summary) if is_taken() else None
        write_answer(sweep_answer(summary, content, written, explained, page=form is OutputFormat.HTML), form)
    except KeyboardInterrupt:
        # While the answer was made or written: the jobs are done, and the folder says so.
        if kept_bytes(folder):
            typer.echo(printable(f"stopped: what is done is kept in {folder}; the same command with --resume goes on"), err=True)
        raise
    if not answer.complete:
        done = f"{answer.jobs_done} of {answer.jobs} jobs are done and kept in {folder}"
        typer.echo(printable(f"stopped: {done}; the same command with --resume goes on"), err=True)
        raise typer.Exit(130)


def _announce_size(designs: int, asked: Study, folder: Path, *, resume: bool) -> None:
    import shutil

    from costmodel.errors import LimitError
    from costmodel.sweeps.engine.kept_files import PARTS, kept_bytes
    from costmodel.sweeps.front.written_tables import table_bytes

    columns = len(asked.axes) + len(asked.figures) + 2
    parts_bytes, written_bytes = designs * columns * _VALUE_BYTES, table_bytes(designs, columns)
    typer.echo(
        f"keep: all writes up to {designs:,} designs of {columns} columns: about {parts_bytes / BYTES_PER_MB:,.1f} MB in {folder / PARTS}, "
        f"and {written_bytes / BYTES_PER_MB:,.1f} MB for the table",
        err=True,
    )
    above = next(parent for parent in (folder, *folder.resolve().parents) if parent.is_dir())
    free_bytes = shutil.disk_usage(above).free + (kept_bytes(folder) if resume else 0)
    if parts_bytes + written_bytes > free_bytes:
        raise LimitError(f"{folder}: {free_bytes / BYTES_PER_MB:,.1f} MB are free; choose keep: front, fewer columns or another folder")

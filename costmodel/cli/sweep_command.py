"""`costmodel sweep`: many designs at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from costmodel.units import BYTES_PER_MB, PER_MILLION

if TYPE_CHECKING:
    from costmodel.cli.tables import Grid
    from costmodel.sweeps.answer import SweepAnswer
    from costmodel.sweeps.study import Study

_SHOWN_ROWS = 12


def sweep_command(
    study: Annotated[Path, typer.Argument(help="A study file, or a folder with a study.yaml.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Folder for results; left out, sweep-NAME here.", show_default=False)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what the folder holds.")] = False,
    keep: Annotated[str | None, typer.Option(help="front or all, in place of the study's own.", show_default=False)] = None,
    choose: Annotated[
        str | None, typer.Option(help="Design to write as a scenario: knee, least:FIGURE, most:FIGURE or a row.", show_default=False)
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes; 0 for one a core.")] = 0,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler to run on.", show_default=False)] = None,
    local_cluster: Annotated[int, typer.Option(help="Workers of a Dask cluster on this machine; 0 for none.")] = 0,
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Evaluate every design of a study: its Pareto front, the knee, and what explains each objective.

    Ctrl-C keeps what is done; the same command with --resume goes on.

    Examples
    --------
    costmodel sweep studies/02-pruning-pool-bits --out results
    costmodel report results/chosen.scenario.yaml
    """
    import os

    from costmodel.cli.options import chosen
    from costmodel.cli.tables import OutputFormat, write_answer
    from costmodel.sweeps.running import prepared_space, sweep
    from costmodel.sweeps.study import Keep
    from costmodel.sweeps.study_file import load_study
    from costmodel.sweeps.summary import summary_of, write_answer_files

    chosen("--format", output_format, OutputFormat)
    asked, beside = load_study(study)
    if keep is not None:
        asked = asked.model_copy(update={"keep": chosen("--keep", keep, Keep)})
    folder = Path(f"sweep-{asked.name}") if out is None else out
    if asked.keep is Keep.ALL:
        _announce_size(prepared_space(asked, beside).designs, asked, folder)
    with _ProgressLine() as line:
        answer = sweep(
            asked,
            beside=beside,
            folder=folder,
            resume=resume,
            workers=workers or os.cpu_count() or 1,
            scheduler=dask,
            local_cluster=local_cluster,
            on_progress=line.show,
        )
    written = write_answer_files(answer, folder, choose)
    grids = [*_grids(answer), _written_grid(written)]
    write_answer(output_format, grids, summary_of(answer) | {"written": [str(path) for path in written]}, records=grids[0])
    if not answer.complete:
        raise typer.Exit(130)


def _announce_size(designs: int, asked: Study, folder: Path) -> None:
    import shutil

    from costmodel.errors import LimitError
    from costmodel.sweeps.kept_files import PARTS

    columns = len(asked.axes) + len(asked.figures) + 2
    size_mb = designs * columns * 8 / BYTES_PER_MB
    typer.echo(
        f"keep: all writes up to {designs:,} designs of {columns} columns: about {size_mb:,.0f} MB in {folder / PARTS}, "
        "and at most as much again for the table",
        err=True,
    )
    above = next(parent for parent in (folder, *folder.resolve().parents) if parent.is_dir())
    free_mb = shutil.disk_usage(above).free / BYTES_PER_MB
    if 2 * size_mb > free_mb:
        raise LimitError(f"{folder}: {free_mb:,.0f} MB are free; choose keep: front, fewer columns or another folder")


class _ProgressLine:
    """A line on the terminal's error stream: share, rate and time left."""

    def __enter__(self) -> _ProgressLine:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>5.1f} %  {task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("designs", total=None, rate="")
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, progress: Any) -> None:
        """Show how far the sweep is."""
        rate = progress.designs_done / max(progress.seconds, 1e-9)
        self._bar.update(
            self._task, completed=progress.designs_done, total=progress.designs, rate=f"{rate * PER_MILLION:,.1f} million designs a second"
        )


def _grids(answer: SweepAnswer) -> list[Grid]:
    from costmodel.cli.tables import Grid
    from costmodel.sweeps.summary import row_values, units_of
    from costmodel.sweeps.written_tables import heading

    units = units_of(answer.space)
    shown = _shown_rows(answer)
    names = (*answer.space.labels, *answer.space.study.figures)
    what = f"{len(answer):,} designs kept" if answer.front is None else f"{len(answer.front.places):,} designs on the Pareto front"
    if answer.front is not None and len(answer) > len(answer.front.places):
        what += f", {len(answer):,} kept"
    rate = answer.evaluated / max(answer.seconds, 1e-9)
    stopped = "" if answer.complete else f" Stopped after {answer.jobs_done} of {answer.jobs} jobs; add --resume to go on."
    note = f"{answer.evaluated:,} designs evaluated in {answer.seconds:.2f} s ({rate * PER_MILLION:,.1f} million a second).{stopped}"
    grids = [
        Grid(
            f"{answer.space.study.name}: {what}",
            ("", *(heading(name, units) for name in names)),
            tuple(("knee" if row == answer.knee else str(row), *row_values(answer, row).values()) for row in shown),
            " ".join([note, *answer.space.notes]),
        ),
        Grid("left after each constraint", ("constraint", "designs"), (("", answer.evaluated), *answer.survivors)),
    ]
    for one in answer.explained:
        rows = tuple((share.axis, round(share.first, 4), None if share.total is None else round(share.total, 4)) for share in one.shares)
        grids.append(
            Grid(
                f"what explains {one.figure}", ("axis", "alone", "with interactions"), rows, f"Shares of variance, {one.designs:,} designs."
            )
        )
    return grids


def _shown_rows(answer: SweepAnswer) -> list[int]:
    places = range(len(answer)) if answer.front is None else answer.front.places.tolist()
    step = max(1, -(-len(places) // _SHOWN_ROWS))
    return sorted({*places[::step]} | ({answer.knee} if answer.knee is not None else set()))


def _written_grid(written: tuple[Path, ...]) -> Grid:
    from costmodel.cli.tables import Grid

    return Grid("written", ("file",), tuple((str(path),) for path in written))

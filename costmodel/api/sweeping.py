"""A sweep, as a Python user holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.errors import MissingError
from costmodel.sweeps.engine.running import Progress
from costmodel.sweeps.engine.running import sweep as sweep_bare
from costmodel.sweeps.front.answer import SweepAnswer
from costmodel.sweeps.study.space import Space
from costmodel.sweeps.study.study_spec import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Sweep(SweepAnswer):
    """A study's answer that shows itself."""

    def __repr__(self) -> str:
        """One line."""
        front = "" if self.front is None else f", {len(self.front.places):,} on the Pareto front"
        return f"<{self.space.study.name}: {self.evaluated:,} designs evaluated, {len(self):,} kept{front}>"

    def _repr_html_(self) -> str:
        """Show the chosen design beside the base, the front, and the designs that are worth a look, in a notebook."""
        from costmodel.report.answers.sweeps import sweep_answer
        from costmodel.report.formats.as_fragment import html_fragment
        from costmodel.sweeps.front.summary import shown_summary

        document = sweep_answer(shown_summary(self), None, ()).document
        return html_fragment(repr(self)[1:-1], (*document.answer, *document.sections[0].blocks), drawn=True)

    def plot(self) -> Figure:
        """Draw the front, every pair of objectives."""
        from costmodel.report.answers.sweeps import front_illustration
        from costmodel.report.figures.drawing import figure_of
        from costmodel.report.figures.style import house_style
        from costmodel.sweeps.front.summary import shown_summary

        found = front_illustration(shown_summary(self))
        if found is None:
            raise MissingError("plot: nothing to draw: a front needs two objectives and a design")
        with house_style():
            return figure_of(found.chart)


def sweep(
    study: Study | Mapping[str, Any] | Space | str | Path,
    *,
    beside: Path | None = None,
    folder: Path | None = None,
    resume: bool = False,
    replace: bool = False,
    workers: int = 1,
    scheduler: str | None = None,
    local_cluster: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Sweep:
    """Evaluate every design of a study and keep its Pareto front.

    Parameters
    ----------
    study : Study, mapping, Space or path
        Base scenario, axes, constraints and objectives; these as `prepared_space` resolved them; or a file or a packaged name that
        `load_study` reads.
    beside : Path, optional
        Folder that relative paths in the study start from.
    folder : Path, optional
        Where results of finished jobs are kept, so that a stopped sweep can go on; left out, in memory.
    resume : bool
        Go on with what the folder holds.
    replace : bool
        Delete what earlier sweeps left in the folder first.
    workers : int
        Processes. More than one needs the caller's main module to be importable (`if __name__ == "__main__":`).
    scheduler : str, optional
        Address of a Dask scheduler to run on instead.
    local_cluster : int
        Workers of a Dask cluster on this machine to run on instead; 0 for none.
    on_progress : callable, optional
        Called after each job.

    Returns
    -------
    Sweep
        The front (or all designs), what each constraint left, knee and sensitivities. After Ctrl-C, of what was done.

    Raises
    ------
    InputError
        If the study is wrong, its constraints leave nothing, or the disk is full.

    Examples
    --------
    >>> import costmodel
    >>> answer = costmodel.sweep({
    ...     "name": "widths",
    ...     "axes": [{"path": "layers.conv1.out_channels", "range": {"start": 8, "stop": 64}}],
    ...     "objectives": [{"minimise": "energy.memory"}, {"maximise": "network.mac_count"}],
    ... })
    >>> len(answer)
    57
    """
    found = sweep_bare(
        study,
        beside=beside,
        folder=folder,
        resume=resume,
        replace=replace,
        workers=workers,
        scheduler=scheduler,
        local_cluster=local_cluster,
        on_progress=on_progress,
    )
    return Sweep(**{field.name: getattr(found, field.name) for field in fields(found)})

"""What takes long, shown on the error stream of a terminal and nowhere else; nothing is loaded before there is something to say."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from costmodel.report.quantities import count_text, many_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class ProgressDisplay:
    """A line that says what is being done, how far it is, how fast and for how long.

    Parameters
    ----------
    label : str
        What is being done, where nothing else is said.
    noun : str
        What is counted, in the plural; empty where no rate is shown.
    quiet : bool
        Show nothing at all.
    """

    def __init__(self, label: str = "", noun: str = "", *, quiet: bool = False) -> None:
        self._label, self._noun, self._quiet = label, noun, quiet
        self._shown: tuple[RichProgress, TaskID] | None = None

    def __enter__(self) -> ProgressDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def say(self, words: str) -> None:
        """Say what is being done."""
        self._update(words, None, None, "")

    def advance(self, done: int, total: int) -> None:
        """Show how many are done, of how many."""
        self._update(self._label, done, total, "")

    def layer(self, layer: str, done: int, total: int) -> None:
        """Show how far the execution of a layer is."""
        self._update(f"executing {layer}", done, total, "")

    def stage(self, words: str, done: int, total: int) -> None:
        """Show how far a stage with a length of its own is, and how long its rest takes."""
        if done == 0:
            self.clear()
        self._update(words, done, total, "")

    def rate(self, done: int, total: int, per_second: float) -> None:
        """Show how many are done, of how many, and how many a second."""
        self._update(self._label, done, total, f"{many_text(per_second)} {self._noun} per second")

    def pause(self, show: Callable[[], None]) -> None:
        """Show nothing while something else is printed."""
        self.clear()
        show()

    def clear(self) -> None:
        """Show nothing until there is something to say again."""
        if self._shown is not None:
            self._shown[0].stop()
            self._shown = None

    def _update(self, words: str, done: int | None, total: int | None, rate: str) -> None:
        if self._quiet or not sys.stderr.isatty():
            return
        if self._shown is None:
            self._shown = _started()
        bar, task = self._shown
        share = "" if done is None else f"{count_text(done)} of {count_text(total)}"
        bar.update(task, description=words.replace("[", "\\["), completed=done or 0, total=total, share=share, rate=rate)


def _started() -> tuple[RichProgress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[share]}  {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None, share="", rate="")
    bar.start()
    return bar, task

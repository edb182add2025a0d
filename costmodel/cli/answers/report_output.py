"""A scenario's report to standard output or a folder."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from costmodel import __version__
from costmodel.cli.output import OutputFormat, is_taken, print_document, print_lines, write_answer
from costmodel.errors import MissingError, SpecError, UnknownNameError
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.report.additions import NO_ADDITIONS, Additions
from costmodel.report.progress import ProgressDisplay
from costmodel.report.reporting import report_document
from costmodel.report.writing import FILE_NAMES, ReportFormat, page_text, refuse_other_files, write_report_files
from costmodel.results.conclusions.grounds import Grounds
from costmodel.results.evaluation import Evaluation
from costmodel.specs.scenario import Scenario

if TYPE_CHECKING:
    from costmodel.report.document import Document
    from costmodel.specs.devices.usual_use import UsualUse


_PIPE_WIDTH: Final = 100
"""Columns of a terminal report that goes to no terminal."""
WIDEST: Final = 80
"""Columns of the first screen where nothing says how wide it is."""


class ScreenAsked(NamedTuple):
    """How much of a report a terminal shows."""

    command: str
    """The command that asked, to be typed again."""
    restless_command: str = ""
    """The same without how the board rests."""
    plan_command: str = ""
    """The command that plans its memory."""
    full: bool = False
    sections: tuple[str, ...] = ()
    """Names of sections, in the order to print them; empty for the first screen."""


def deliver_report(
    scenario: Scenario,
    formats: tuple[ReportFormat, ...] | None,
    folder: Path | None,
    additions_of: Callable[[Evaluation], Additions] = lambda _: NO_ADDITIONS,
    screen: ScreenAsked | None = None,
    use: UsualUse | None = None,
    *,
    force: bool = False,
) -> None:
    """Evaluate a scenario and write its report.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    formats : tuple of ReportFormat or None
        None for the terminal, and with a folder for every format.
    folder : Path or None
        Where files go; None for standard output, which takes one format.
    additions_of : callable, optional
        Returns what else the report holds, from the evaluation.
    screen : ScreenAsked, optional
        How much of it a terminal shows; left out, all.
    use : UsualUse, optional
        What the outlook stands on; left out, a page has no lives to choose from.
    force : bool, optional
        Write into a folder that holds other files.

    Raises
    ------
    InputError
        If the scenario contradicts itself, the formats do not fit where they go, or a file cannot be written.
    """
    chosen = formats or (tuple(ReportFormat) if folder is not None else (ReportFormat.TERMINAL,))
    if folder is None and len(chosen) > 1:
        raise MissingError(f"--out: give a folder for several formats ({', '.join(chosen)}); standard output takes one")
    if folder is not None and not set(chosen) & set(FILE_NAMES):
        raise SpecError("--out: --format terminal writes no file; leave one of the two out")
    if folder is not None:
        refuse_other_files(folder, force=force)
    with ProgressDisplay() as progress:
        evaluation = evaluate(scenario, progress.layer)
        additions = _advised(scenario, evaluation, additions_of(evaluation), screen)
        if ReportFormat.HTML in chosen and use is not None:
            additions = with_choices(scenario, additions, use)
        grounds = grounds_of(scenario, evaluation)
        document = report_document(evaluation, scenario, grounds, __version__, additions)
        if is_taken():
            _give(scenario, evaluation, document, use, additions)
            return
        as_json = _json(evaluation, grounds, additions) if ReportFormat.JSON in chosen else ""
        if ReportFormat.TERMINAL in chosen:
            progress.pause(lambda: _print(evaluation, additions, document, screen))
        if folder is not None:
            written = write_report_files(folder, chosen, document, as_json, progress.say)
        elif ReportFormat.TERMINAL not in chosen:
            sys.stdout.write(as_json or _text(chosen[0], document))
    if folder is not None:
        sys.stderr.write(f"Wrote {written} to {folder}\n")


def _give(scenario: Scenario, evaluation: Evaluation, document: Document, use: UsualUse | None, additions: Additions) -> None:
    """Answer with the report and its figures, by the names its cells have, to who explains it."""
    from costmodel.cli.answers.report_additions import ACCURACY, TFLM
    from costmodel.evaluation.explained.explaining import recorded_figures
    from costmodel.evaluation.explained.result_figures import result_figures
    from costmodel.report.answer import Answer

    first, *others = scenario.dataflows
    figures = recorded_figures(scenario, first, use)
    for dataflow in others:
        # What is printed of another dataflow goes by names that say so; all else is the first's.
        figures |= {
            name: figure for name, figure in recorded_figures(scenario, dataflow).items() if name.startswith(f"dataflows.{dataflow.value}.")
        }
    for name, result in ((ACCURACY, additions.accuracy), (TFLM, additions.tflm)):
        if result is not None:
            figures |= {f"{name}.{part}": figure for part, figure in result_figures(result).items()}
    write_answer(Answer(document, evaluation, explained=figures), OutputFormat.JSON)


def _advised(scenario: Scenario, evaluation: Evaluation, additions: Additions, screen: ScreenAsked | None) -> Additions:
    """Return what else a report holds with what would help, and the command that asked."""
    if additions.outlook is None:
        return additions
    from costmodel.evaluation.advice import advise

    found = additions._replace(advice=advise(scenario, evaluation, additions.outlook))
    if screen is None:
        return found
    return found._replace(command=screen.command, restless_command=screen.restless_command, plan_command=screen.plan_command)


def with_choices(scenario: Scenario, additions: Additions, use: UsualUse) -> Additions:
    """Return what else a page holds: lives its sliders snap to, and how the figures of the answer follow.

    Parameters
    ----------
    scenario : Scenario
        What was asked.
    additions : Additions
        With the outlook.
    use : UsualUse
        What the outlook stands on.

    Returns
    -------
    Additions
        With both.
    """
    if additions.outlook is None:
        return additions
    from costmodel.evaluation.explained.key_explanations import key_explanations
    from costmodel.evaluation.life_table import life_table
    from costmodel.sources.catalogue import load_battery, names

    lives = life_table(scenario, use, additions.outlook, [load_battery(name) for name in names("batteries")])
    return additions._replace(lives=lives, explained=key_explanations(scenario))


def _print(evaluation: Evaluation, additions: Additions, document: Document, screen: ScreenAsked | None) -> None:
    """Print the first screen, or the whole report, or some of its sections."""
    asked = additions.asked(evaluation)
    if screen is None or asked is None or (screen.full and not screen.sections):
        print_document(document, _PIPE_WIDTH)
        return
    if screen.sections:
        known = {section.id: section for section in document.sections}
        for name in screen.sections:
            if name not in known:
                raise UnknownNameError("--section", name, known, "a section of the report")
        print_document(replace(document, answer=(), sections=tuple(known[name] for name in screen.sections)), _PIPE_WIDTH)
        return
    from costmodel.report.first.first_screen import first_screen

    print_lines(first_screen(asked, shutil.get_terminal_size((WIDEST, 24)).columns))


def _text(form: ReportFormat, document: Document) -> str:
    """A whole report for people as text for standard output."""
    if form is ReportFormat.HTML:
        # In a page every character has a name in ASCII, so that it survives any console.
        return page_text(document).encode("ascii", errors="xmlcharrefreplace").decode("ascii")
    from costmodel.report.formats.as_markdown import markdown_text

    return markdown_text(document, {})


def _json(evaluation: Evaluation, grounds: Grounds, additions: Additions) -> str:
    from costmodel.report.formats.as_json import evaluation_json

    return evaluation_json(evaluation, grounds, __version__, additions)

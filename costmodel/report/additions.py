"""What a report holds beside its evaluation: a trace it was measured by, a battery's life with intervals, another runtime's needs."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from costmodel.report.answers.explanation import derivation_of
from costmodel.report.document import Fact, Paragraph, Section
from costmodel.report.first.answer import Asked, explain_command
from costmodel.report.quantities import every_text, life_text
from costmodel.report.sections.battery_life import battery_section
from costmodel.report.sections.outlook import outlook_facts, outlook_section
from costmodel.report.sections.tflm import tflm_fact, tflm_section
from costmodel.report.sections.trace import trace_section
from costmodel.report.words.accuracy_words import accuracy_fact
from costmodel.report.words.json_words import worded
from costmodel.report.words.reason_words import reason_text
from costmodel.results.battery_life import BatteryAnswer
from costmodel.results.conclusions.advice import Advice
from costmodel.results.conclusions.explanation import Explanation
from costmodel.results.evaluation import Evaluation
from costmodel.results.graphs.tflm_arena import TflmArena
from costmodel.results.life_table import LifeTable
from costmodel.results.runs.known_accuracy import KnownAccuracy
from costmodel.results.runs.trace import AnalysedTrace
from costmodel.results.timing.outlook import Outlook

WHY_DEPTH: Final = 2
"""Levels shown of how a key figure follows."""


class Additions(NamedTuple):
    """Each may be absent."""

    trace: AnalysedTrace | None = None
    battery_life: BatteryAnswer | None = None
    tflm: TflmArena | None = None
    """Of the model file that the network was read from."""
    outlook: Outlook | None = None
    """Time, energy and life with how far to trust them: the answer that is read first."""
    advice: tuple[Advice, ...] = ()
    """What would help, largest gain first."""
    command: str = "costmodel report"
    """As the user would type it again."""
    restless_command: str = "costmodel report"
    """The same without how the board rests, which the answer may suggest."""
    plan_command: str = ""
    """What plans its memory; empty where no names say what to plan."""
    lives: LifeTable | None = None
    """What the sliders of a page snap to."""
    explained: tuple[tuple[str, Explanation], ...] = ()
    """Key figures, and how each follows."""
    accuracy: KnownAccuracy | None = None
    """Of the network's trained weights."""

    def asked(self, evaluation: Evaluation) -> Asked | None:
        """Return what is answered first; None where nothing is known of time, energy and life."""
        if self.outlook is None:
            return None
        commands = self.command, self.restless_command, self.plan_command
        return Asked(evaluation, self.outlook, self.advice, *commands, self.tflm, self.accuracy)

    def sections(self) -> tuple[Section, ...]:
        """Return a section for each that is there."""
        trace = () if self.trace is None else (trace_section(self.trace.summary, self.trace.curve),)
        battery = () if self.battery_life is None else (battery_section(self.battery_life, in_report=True),)
        tflm = () if self.tflm is None else (tflm_section(self.tflm),)
        outlook = () if self.outlook is None else (outlook_section(self.outlook),)
        return (*tflm, *trace, *outlook, *battery)

    def why_section(self) -> tuple[Section, ...]:
        """Return how the key figures follow, where that was recorded."""
        if not self.explained:
            return ()
        said = Paragraph(f"Each with its equation and numbers; `{explain_command(self.command)}` goes on down to the constants.")
        steps = tuple(derivation_of(explanation, WHY_DEPTH, figure) for figure, explanation in self.explained)
        return (Section("why", "How the key figures follow", (said, *steps)),)

    def facts(self, has_duration: bool) -> tuple[Fact, ...]:
        """Return key figures: time, energy and life where the evaluation has none, another runtime's arena, the life asked for, accuracy.

        Parameters
        ----------
        has_duration : bool
            Whether the evaluation has a duration of its own.

        Returns
        -------
        tuple of Fact
            One a figure.
        """
        estimated = () if self.outlook is None else outlook_facts(self.outlook, has_duration)
        tflm = () if self.tflm is None else (tflm_fact(self.tflm),)
        accuracy = () if self.accuracy is None else (accuracy_fact(self.accuracy),)
        return (*estimated, *tflm, *self._life_fact(), *accuracy)

    def _life_fact(self) -> tuple[Fact, ...]:
        if self.battery_life is None:
            return ()
        life = self.battery_life.lives[0]
        endless = None if life.endless_reason is None else reason_text(life.endless_reason)
        note = endless or f"{life_text(life.life_low_s)} to {life_text(life.life_high_s)}, {every_text(life.period_s)}"
        return (Fact(f"Battery, {life.rest} in between", life_text(life.life_s), note),)

    def content(self) -> dict[str, Any]:
        """Return what JSON holds of each that is there."""
        trace = {} if self.trace is None else {"trace": self.trace.summary.model_dump(mode="json")}
        battery = {} if self.battery_life is None else {"battery_life": worded(self.battery_life)}
        tflm = {} if self.tflm is None else {"tflm": worded(self.tflm)}
        outlook = {} if self.outlook is None else {"outlook": self.outlook.model_dump(mode="json"), "advice": self._advice()}
        accuracy = {} if self.accuracy is None else {"accuracy": self.accuracy.model_dump(mode="json")}
        return {**trace, **battery, **tflm, **outlook, **accuracy}

    def _advice(self) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json") for one in self.advice]


NO_ADDITIONS = Additions()
"""An evaluation alone."""

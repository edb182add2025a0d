"""What a report holds beside its evaluation: a trace it was measured by, a battery's life with intervals, another runtime's arena."""

from __future__ import annotations

from typing import Any, NamedTuple

from costmodel.report.document import Fact, Section
from costmodel.report.quantities import every_text, life_text
from costmodel.report.sections.battery_life import battery_section
from costmodel.report.sections.tflm import tflm_fact, tflm_section
from costmodel.report.sections.trace import trace_section
from costmodel.results.battery_life import BatteryAnswer
from costmodel.results.tflm_arena import TflmArena
from costmodel.results.trace import AnalysedTrace


class Additions(NamedTuple):
    """Each may be absent."""

    trace: AnalysedTrace | None = None
    battery_life: BatteryAnswer | None = None
    tflm: TflmArena | None = None
    """Of the model file that the network was read from."""

    def sections(self) -> tuple[Section, ...]:
        """Return a section for each that is there."""
        trace = () if self.trace is None else (trace_section(self.trace.summary, self.trace.curve),)
        battery = () if self.battery_life is None else (battery_section(self.battery_life, in_report=True),)
        tflm = () if self.tflm is None else (tflm_section(self.tflm),)
        return (*tflm, *trace, *battery)

    def facts(self) -> tuple[Fact, ...]:
        """Return key figures: the arena another runtime needs, and the life that was asked for, with its interval."""
        tflm = () if self.tflm is None else (tflm_fact(self.tflm),)
        if self.battery_life is None:
            return tflm
        life = self.battery_life.lives[0]
        note = life.endless_reason or f"{life_text(life.life_low_s)} to {life_text(life.life_high_s)}, {every_text(life.period_s)}"
        return (
            *tflm,
            Fact(f"Battery, {life.rest} in between", life_text(life.life_s), note),
        )

    def content(self) -> dict[str, Any]:
        """Return what JSON holds of each that is there."""
        trace = {} if self.trace is None else {"trace": self.trace.summary.model_dump(mode="json")}
        battery = {} if self.battery_life is None else {"battery_life": self.battery_life.model_dump(mode="json")}
        tflm = {} if self.tflm is None else {"tflm": self.tflm.model_dump(mode="json")}
        return {**trace, **battery, **tflm}


NO_ADDITIONS = Additions()
"""An evaluation alone."""

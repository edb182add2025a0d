"""The answer of `costmodel calibrate`: rates by kind of layer, and how far each measured network is from what the others say."""

from __future__ import annotations

from typing import Any

from costmodel.report.answer import Answer
from costmodel.report.document import Column, Document, Paragraph, Row, Section, Table
from costmodel.report.quantities import digits, time_text
from costmodel.report.sections.outlook import interval_words
from costmodel.results.timing.calibration_fit import CalibrationFit, LeftOut, MeasuredPower
from costmodel.units import HZ_PER_MHZ, MW_PER_W, PERCENT


def calibration_answer(fit: CalibrationFit, written: str) -> Answer:
    """Return what a fit found.

    Parameters
    ----------
    fit : CalibrationFit
        Rates and errors.
    written : str
        File that holds it.

    Returns
    -------
    Answer
        Two tables and what to do with the file.
    """
    columns = (Column("Kind of layer", number=False), Column("Cycles per MAC", number=False), Column("Identified", number=False))
    rates = Table(
        f"{fit.runtime} on {fit.device}, from {fit.network_count} network{'s' if fit.network_count > 1 else ''}",
        columns,
        tuple(
            Row(
                (
                    rate.kind,
                    f"{digits(rate.rate_cycles)} ({digits(rate.low_cycles)} to {digits(rate.high_cycles)})",
                    "yes" if rate.identified else f"no: measure a network with {rate.kind} layers",
                )
            )
            for rate in fit.rates
        ),
        "A kind that is not identified has the usual rate beside the others, scaled; its interval says how little that is.",
    )
    blocks: list[Any] = [rates]
    if fit.left_out:
        blocks.append(_left_out_table(fit.left_out))
    else:
        blocks.append(Paragraph("One network fixes the scale alone; a second one would show how far its prediction is off."))
    blocks += [Paragraph(_power_words(power)) for power in fit.powers]
    blocks.append(Paragraph(f"Written to {written}: `costmodel report NETWORK --device {fit.device} --runtime {written}` takes it."))
    content = fit.model_dump(mode="json") | {"file": written}
    return Answer(Document("", (), (Section("answer", "", tuple(blocks)),), ""), content)


def _power_words(power: MeasuredPower) -> str:
    milliwatts = (digits(MW_PER_W * watts) for watts in (power.power_w, power.low_w, power.high_w))
    return "Power while inferring at {:g} MHz: {} mW; another network's is {} to {} mW four times in five.".format(
        power.clock_hz / HZ_PER_MHZ, *milliwatts
    )


def _left_out_table(left_out: tuple[LeftOut, ...]) -> Table:
    columns = tuple(Column(title, number=False) for title in ("Network", "Measured", "From the others", "Error"))
    rows = tuple(
        Row(
            (
                each.network,
                time_text(each.measured_s),
                interval_words(each.predicted_s, each.low_s, each.high_s, time_text),
                "not told: " + ", ".join(each.unidentified) if each.error_ratio is None else f"{PERCENT * each.error_ratio:+.1f} %",
            )
        )
        for each in left_out
    )
    return Table("Each network predicted from the others", columns, rows, "Intervals are to hold four networks in five.")

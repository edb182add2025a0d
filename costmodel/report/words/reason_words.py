"""Reasons in words: each kind has its sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from costmodel.results.conclusions.reason import Reason, ReasonKind
from costmodel.results.evaluation import Evaluation
from costmodel.units import MW_PER_W

Values = Mapping[str, Any]


def reason_text(reason: Reason) -> str:
    """Return a reason in words, without a full stop.

    Parameters
    ----------
    reason : Reason
        Its kind and what it names.

    Returns
    -------
    str
        One line; a clause that may follow a colon.
    """
    return REASON_WORDS[reason.kind](reason.values)


def reasons_text(reasons: Iterable[Reason]) -> str:
    """Return several reasons in words, one after the other."""
    return "; ".join(reason_text(each) for each in reasons)


def reasons_in_words(evaluation: Evaluation) -> dict[str, str]:
    """Return why figures of an evaluation are None, in words.

    Parameters
    ----------
    evaluation : Evaluation
        An answer of `evaluate`.

    Returns
    -------
    dict of str to str
        By the figure's name.
    """
    return {name: reason_text(each) for name, each in evaluation.missing.items()}


def _bare(values: Values, without: str = "") -> str:
    states = values["states"]
    return (
        f"{states} is a bare module{without}: a board's regulator, LED, USB bridge and sensors draw more; a file of --states with"
        f" `base: {states}` takes what the board adds"
    )


def _bare_without_radio(values: Values) -> str:
    named = f" (its states {values['others']} are for the phases of a --cycle)" if values["others"] else ""
    return _bare(values, f" with its radio off{named}")


def _load_too_great(values: Values) -> str:
    return (
        f"{values['cell']} cannot carry {MW_PER_W * values['peak_w']:.3g} mW: at {values['resistance_ohm']:g} ohm its"
        f" {values['full_v']:g} V fall below the cut-off of {values['cutoff_v']:g} V; --model voltage says what that means"
    )


def _template(text: str) -> Callable[[Values], str]:
    def told(values: Values) -> str:
        return text.format(**values)

    return told


REASON_WORDS: Final[Mapping[ReasonKind, Callable[[Values], str]]] = {
    ReasonKind.DURATION_NOT_GIVEN: _template(
        "no duration: give duration_s (measured; --duration or --trace), or a calibration that holds for this network and dataflow"
    ),
    ReasonKind.DURATION_OF_ANOTHER_DEVICE: _template(
        "the duration was measured on {measured_on} and says nothing of {device}: give one measured on this device (duration_s; --duration"
        " or --trace)"
    ),
    ReasonKind.DURATION_MEASURED: _template("measured ({source})"),
    ReasonKind.POWER_NOT_GIVEN: _template(
        "no supply and currents of the board given: give power (supply_v, idle_a, active_a; --supply, --idle and --active, or --trace)"
    ),
    ReasonKind.POWER_OF_ANOTHER_DEVICE: _template(
        "the power was measured on {measured_on} and says nothing of {device}: give power measured on this board (supply_v, idle_a,"
        " active_a; --supply, --idle and --active, or --trace)"
    ),
    ReasonKind.BATTERY_NEEDS_MORE: _template("needs {needed}"),
    ReasonKind.PERIOD_NOT_GIVEN: _template("no period given: give period_s, from one inference to the next"),
    ReasonKind.NOTHING_DRAWN: _template("nothing is drawn from the battery"),
    ReasonKind.CALIBRATED: _template("calibrated on {convolution_count} convolutions of {network} ({calibration})"),
    ReasonKind.DEVICE_NOT_TIMED: _template("not calibrated: no layer has been timed on {device}"),
    ReasonKind.TIMED_ON_ANOTHER_DEVICE: _template("not calibrated: the times were measured on {measured}, not {asked}"),
    ReasonKind.TIMED_UNDER_ANOTHER_DATAFLOW: _template("not calibrated: the times were measured {measured}, not {asked}"),
    ReasonKind.TIMED_WITH_OTHER_ACTIVATIONS: _template(
        "not calibrated: the times were measured with {measured} activations, {layer} has {asked}"
    ),
    ReasonKind.TIMED_WITH_OTHER_WEIGHTS: _template("not calibrated: the times were measured with {measured} weights, {layer} has {asked}"),
    ReasonKind.NO_GROUPS_TIMED: _template("not calibrated: no grouped convolution was measured, and {layer} has {group_count} groups"),
    ReasonKind.BEYOND_MEASUREMENTS: _template("not calibrated: this lies beyond what was measured"),
    ReasonKind.TEMPERATURE_NOT_STATED: _template(
        "{cell} does not say what temperature does to its capacity: {temperature_degc:g} degC changes self-discharge alone"
    ),
    ReasonKind.TEMPERATURE_BEYOND: _template(
        "{cell} says what temperature does to its capacity from {low_degc:g} to {high_degc:g} degC: at {temperature_degc:g} the share at"
        " {taken_degc:g} is taken"
    ),
    ReasonKind.LOAD_TOO_GREAT: _load_too_great,
    ReasonKind.BARE_MODULE: _bare,
    ReasonKind.BARE_WITHOUT_RADIO: _bare_without_radio,
    ReasonKind.CAPTURE_BESIDE_STATES: _template(
        "awake as {capture} measured, asleep as {states}: a capture names no chip, so whether they are one board is for you to say;"
        " --states FILE gives the board's own sleep"
    ),
    ReasonKind.BEYOND_SHELF_LIFE: _template(
        "beyond {year_count} years shelf life and self-discharge decide, which makers state for less: read it as {year_count} years or more"
    ),
    ReasonKind.STRATEGY_NOT_APPLICABLE: _template("{told}"),
    ReasonKind.HEAP_TOO_SMALL: _template("{total_bytes:,} B: {outcome}"),
    ReasonKind.FLASH_TOO_SMALL: _template("{weight_bytes:,} B of weights: the flash holds {flash_bytes:,} B"),
    ReasonKind.NO_SUCH_VERSION: _template("no such version: {told}"),
    ReasonKind.NOT_TRIED_BEYOND: _template("more than {most_ratio:g} times is not tried"),
    ReasonKind.INPUT_IS_FLAT: _template("its input is flat"),
    ReasonKind.NO_STRATEGY_FITS: _template("no strategy fits the heap"),
    ReasonKind.FEWEST_BYTES: _template(
        "the device states no heap; of those that compute nothing twice it takes the fewest bytes, its input included"
    ),
    ReasonKind.FITS_IN_FEWEST_BYTES: _template(
        "it fits, computes nothing twice and takes the fewest bytes of those that do, its input included"
    ),
    ReasonKind.FITS_WITH_LEAST_TWICE: _template("it fits, and computes the least twice of those that do"),
    ReasonKind.ARENA_NOT_KNOWN: _template("{told}"),
}
"""Words of each kind."""

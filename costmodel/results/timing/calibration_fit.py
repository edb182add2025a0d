"""What measured networks tell of a device under a runtime, and how far each is from what the others say of it."""

from __future__ import annotations

from costmodel.results.base import Result


class LeftOut(Result):
    """One measured network, predicted from the others."""

    network: str
    measured_s: float
    predicted_s: float | None
    """None where the others do not tell it: a kind of layer that has much of its time is in none of them."""
    low_s: float | None
    high_s: float | None
    unidentified: tuple[str, ...]
    """Those kinds."""

    @property
    def error_ratio(self) -> float | None:
        """Predicted against measured, less 1."""
        return None if self.predicted_s is None else self.predicted_s / self.measured_s - 1.0


class KindRate(Result):
    """Cycles per multiply-accumulate of one kind of layer, as all measured networks together leave it."""

    kind: str
    rate_cycles: float
    low_cycles: float
    high_cycles: float
    identified: bool
    """Whether a measured network spends enough of its time in it; otherwise it is the usual one, scaled."""


class MeasuredPower(Result):
    """Power of a board while it infers, from networks whose energy was measured on it."""

    power_w: float
    low_w: float
    """Of another network, with `high_w` to hold four in five."""
    high_w: float
    clock_hz: float
    networks: tuple[str, ...]


class CalibrationFit(Result):
    """The fit of a runtime to a device."""

    device: str
    runtime: str
    network_count: int
    rates: tuple[KindRate, ...]
    left_out: tuple[LeftOut, ...]
    """Empty for a single network: nothing is left to predict it from."""
    powers: tuple[MeasuredPower, ...] = ()
    """One a clock; empty where no energy was measured."""

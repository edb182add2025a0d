"""What says a board's currents, in words."""

from __future__ import annotations

from costmodel.results.power import PowerGiver, PowerSummary


def power_source_text(power: PowerSummary) -> str:
    """Return what gives the currents awake."""
    return f"power states {power.giver}" if power.given_by is PowerGiver.STATES else f"power of {power.giver}"

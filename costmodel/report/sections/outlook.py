"""Time, energy and battery days in words: each with its interval and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Fact, Paragraph, Row, Section, Table
from costmodel.report.quantities import digits, every_text, joules_text, life_text, share_text, time_text
from costmodel.report.sections.layer_times import layers_table
from costmodel.results.timing.outlook import EnergyEstimate, Outlook
from costmodel.results.timing.time_estimate import TimeBasis, TimeEstimate
from costmodel.results.trust import Trust
from costmodel.units import PER_MILLION

UNKNOWN = "unknown"
ESTIMATED_TIME = "Time, estimated"
FEW = 2
"""Measured networks that are named; more are counted."""


def outlook_facts(outlook: Outlook, has_duration: bool) -> tuple[Fact, ...]:
    """Return key figures for what the evaluation itself has no point value of.

    Parameters
    ----------
    outlook : Outlook
        With intervals.
    has_duration : bool
        Whether the evaluation has a duration of its own: then time, energy and life already stand among the key figures.

    Returns
    -------
    tuple of Fact
        Time, energy and life.
    """
    if has_duration:
        return ()
    return (
        Fact(ESTIMATED_TIME, time_words(outlook.time), f"{outlook.time.trust.value}: {basis_text(outlook.time)}"),
        *(() if outlook.energy is None else (Fact("Energy, estimated", energy_words(outlook), outlook.energy.trust.value),)),
        *(() if outlook.life is None else (Fact("Battery, estimated", life_words(outlook), life_note(outlook)),)),
    )


def outlook_section(outlook: Outlook) -> Section:
    """Return the section on time, energy and battery of a network under a runtime.

    Parameters
    ----------
    outlook : Outlook
        With intervals.

    Returns
    -------
    Section
        A table, what was assumed, and the paths the time goes to.
    """
    time, life, energy = named_words(outlook, "outlook")
    rows = [Row(("Time of an inference", time, outlook.time.trust.value, basis_text(outlook.time)))]
    if outlook.energy is not None:
        rows.append(Row(("Energy of an inference", energy, outlook.energy.trust.value, power_text(outlook.energy))))
    if outlook.life is not None:
        rows.append(Row(("Battery life", life, outlook.life.trust.value, life_note(outlook))))
    columns = tuple(Column(title, number=False) for title in ("What", "Interval", "Trust", "From"))
    blocks = [Table(f"{outlook.network} on {outlook.device}: what it comes to", columns, tuple(rows), interval_note(outlook.time))]
    where = (*layers_table(outlook.time), *_paths_table(outlook.time))
    said = assumed_text(outlook)
    return Section("outlook", "Time, energy and battery", (*blocks, *where, *((Paragraph(said),) if said else ())))


def power_text(energy: EnergyEstimate) -> str:
    """Return where the power of a board was taken from."""
    measured = energy.power_trust is Trust.SCALED
    return f"power of {_few(energy.power_from)}, measured on this board" if measured else f"currents of {energy.power_from}"


def _paths_table(time: TimeEstimate) -> tuple[Table, ...]:
    if not time.paths:
        return ()
    shares, own = time.path_shares, "outlook.time"
    rows = tuple(
        Row(
            (
                path.path,
                Cell(path.layer_count, Form.COUNT, f"{own}.paths.{number}.layer_count"),
                Cell(path.mac_count, Form.COUNT, f"{own}.paths.{number}.mac_count"),
                f"{digits(path.low_cycles * PER_MILLION)} to {digits(path.high_cycles * PER_MILLION)}",
                Cell(shares[path.path], Form.SHARE, f"{own}.path_shares.{path.path}"),
            )
        )
        for number, path in enumerate(time.paths)
    )
    columns = (Column("Path", number=False), Column("Layers"), Column("MACs"), Column("Million cycles"), Column("Share"))
    return (Table("Where the time goes, by path through the kernel library", columns, rows, supplementary=True),)


def time_words(time: TimeEstimate) -> str:
    """Return a time with its interval."""
    return interval_words(time.duration_s, time.low_s, time.high_s, time_text)


def energy_words(outlook: Outlook) -> str:
    """Return the energy of an inference with its interval."""
    found = outlook.energy
    return UNKNOWN if found is None else interval_words(found.energy_j, found.energy_low_j, found.energy_high_j, joules_text)


def life_words(outlook: Outlook) -> str:
    """Return a battery's life with its interval."""
    found = outlook.life
    return UNKNOWN if found is None else interval_words(found.life_s, found.life_low_s, found.life_high_s, life_text)


def named_words(outlook: Outlook, owner: str) -> tuple[Cell, Cell, Cell]:
    """Return time, life and energy in words, each by the name of its middle, or of its low end where there is none.

    Parameters
    ----------
    outlook : Outlook
        With intervals.
    owner : str
        What the names begin with.

    Returns
    -------
    tuple of Cell
        In this order.
    """
    life, energy = outlook.life, outlook.energy
    return (
        Cell(time_words(outlook.time), figure=f"{owner}.time.{'low_s' if outlook.time.duration_s is None else 'duration_s'}"),
        Cell(life_words(outlook), figure=f"{owner}.life.{'life_low_s' if life is None or life.life_s is None else 'life_s'}"),
        Cell(energy_words(outlook), figure=f"{owner}.energy.{'energy_low_j' if energy is None or energy.energy_j is None else 'energy_j'}"),
    )


def interval_words(middle: float | None, low: float | None, high: float | None, text: Callable[[float | None], str]) -> str:
    """Return a middle and both ends, the unit once where they share it: `157 ms (138 to 180)`, `25.0 to 100 ms`."""
    if low is None or high is None:
        return UNKNOWN if middle is None else text(middle)
    ends = _shared_unit(text(low), text(high))
    if middle is None:
        return ends
    if text(low) == text(middle) == text(high):
        return text(middle)
    shown = text(middle)
    unit = shown.rpartition(" ")[2]
    return f"{shown} ({ends.removesuffix(f' {unit}') if ends.count(unit) == 1 and ends.endswith(unit) else ends})"


def _shared_unit(low: str, high: str) -> str:
    number, _, unit = low.rpartition(" ")
    return f"{number} to {high}" if high.endswith(f" {unit}") else f"{low} to {high}"


def basis_text(time: TimeEstimate) -> str:
    """Return in a few words what a time rests on."""
    outside = f"; slower in {', '.join(time.external_regions)}, outside the chip" if time.external_regions else ""
    return f"{_rests_on(time)}{outside}"


def _rests_on(time: TimeEstimate) -> str:
    if time.basis is TimeBasis.GIVEN:
        return "measured, as given"
    if time.basis is TimeBasis.LAYER_TIMES:
        return "fitted to measured layers of this firmware"
    if time.basis is TimeBasis.KERNEL_RATES:
        lacking = f"; {share_text(time.unmeasured_mac_ratio)} of the MACs by the class of core" if time.unmeasured_mac_ratio else ""
        return f"{time.runtime}, kernels timed on {time.measured_on}{lacking}"
    if time.basis is TimeBasis.MEASURED_NETWORKS:
        return f"{_version_text(time)}, from {_few(time.measured_on or '')} measured on this device"
    if time.basis is TimeBasis.CLASS_RANGE:
        floats = ", int8 widened for float32" if time.float_factor else ""
        return f"{time.runtime}, networks on this class of core{floats}"
    return f"nothing is known of {time.core}{f' under {time.runtime}' if time.runtime else ''}"


def _version_text(time: TimeEstimate) -> str:
    """A runtime with its version, where it is stated: another version of it may be as far off as another runtime."""
    return f"{time.runtime} {time.version}" if time.version and time.version != "not stated" else f"{time.runtime}, no version stated"


def _few(names: str) -> str:
    """Names, or how many they are where they would fill a line."""
    found = names.split(", ")
    return names if len(found) <= FEW else f"{len(found)} networks"


def interval_note(time: TimeEstimate) -> str:
    """Return what an interval is to hold."""
    if time.coverage_ratio is None:
        return ""
    text = f"The interval of the time is to hold {share_text(time.coverage_ratio, 0)} of such networks"
    return f"{text}, and no point of it is likelier." if time.trust is Trust.RANGE else f"{text}."


def life_note(outlook: Outlook) -> str:
    """Return which battery, how often, and what happens in between."""
    found = outlook.life
    if found is None:
        return ""
    bare = ", bare module" if found.bare else ""
    return f"{found.battery}, {every_text(found.period_s)}, {found.rest} in between{bare}"


def assumed_text(outlook: Outlook) -> str:
    """Return what nobody said and was assumed."""
    assumed = outlook.assumed
    life = outlook.life
    parts = [
        *([f"runtime {outlook.time.runtime} (--runtime)"] if assumed.runtime and outlook.time.runtime else []),
        *([f"battery {life.battery} (--battery)"] if life is not None and assumed.battery else []),
        *([f"{every_text(life.period_s)} (--rate)"] if life is not None and assumed.period else []),
        *([f"{life.rest} sleep in between (--sleep)"] if life is not None and assumed.rest else []),
    ]
    text = f"Assumed, since nobody said: {', '.join(parts)}." if parts else ""
    if outlook.period_too_short:
        text = f"{text} An inference may take longer than the time to the next one.".strip()
    return text

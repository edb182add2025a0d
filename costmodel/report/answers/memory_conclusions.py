"""A comparison of memory conventions in words."""

from __future__ import annotations

from collections.abc import Callable

from costmodel.report.quantities import share_text
from costmodel.results.storage.memory_convention import ConventionComparison, ConventionCost, dynamic_times, leakage_times
from costmodel.units import MJ_PER_J, MW_PER_W, PJ_PER_J, PJ_PER_UJ, UW_PER_W


def memory_conclusions(comparison: ConventionComparison) -> tuple[str, ...]:
    """Say what a comparison shows.

    Parameters
    ----------
    comparison : ConventionComparison
        Every convention's figures.

    Returns
    -------
    tuple of str
        A sentence or two each; those that need a convention it does not hold are left out.
    """
    parts: tuple[Callable[[ConventionComparison], str | None], ...] = (
        _width,
        _cell,
        _temperature,
        _leakage,
        _references,
        _flash,
        _verdict,
    )
    return tuple(text for part in parts if (text := part(comparison)) is not None)


def leakage_text(watts: float) -> str:
    """Return a leakage in the unit it reads best in."""
    return f"{watts * MW_PER_W:.4g} mW" if watts * MW_PER_W >= 1 else f"{watts * UW_PER_W:.4g} µW"


def _width(comparison: ConventionComparison) -> str | None:
    deck, wide = comparison.of("deck"), comparison.of("operand-64b")
    word, byte = comparison.of("word-hp"), comparison.of("byte-hp")
    if deck is None or wide is None or word is None or byte is None:
        return None
    return (
        f"Width: packing 4-byte operands into 64 B accesses gives {_uj(deck)}, a word access per operand {_uj(word)}, "
        f"{_times(word, deck)} times as much: a core loads words, not blocks. Charging a whole 64 B access to each operand "
        f"({_uj(wide)}) is the opposite mistake, {_times(wide, byte)} times a byte access."
    )


def _cell(comparison: ConventionComparison) -> str | None:
    hp, lstp = comparison.of("word-hp"), comparison.of("word-lstp")
    if hp is None or lstp is None:
        return None
    return (
        f"Cell: low-standby-power cells change the access energy {_times(lstp, hp)} times and the leakage from "
        f"{leakage_text(hp.leakage_w)} to {leakage_text(lstp.leakage_w)}, {leakage_times(hp, lstp):,.0f} times less."
    )


def _temperature(comparison: ConventionComparison) -> str | None:
    pairs = [(comparison.of(role), comparison.of(f"{role}-warm")) for role in ("word-hp", "word-lstp")]
    told = [f"{leakage_times(warm, cool):.1f}" for cool, warm in pairs if cool is not None and warm is not None]
    if len(told) < len(pairs):
        return None
    return (
        f"Temperature: from 300 to 350 K high-performance cells leak {told[0]} times as much, low-standby-power cells "
        f"{told[1]} times; access energies stay."
    )


def _leakage(comparison: ConventionComparison) -> str | None:
    deck = comparison.of("deck")
    if deck is None or deck.leakage_pj is None:
        return None
    idle = comparison.leakage_share_of("deck")
    share = "" if idle is None else f", {share_text(idle, 0)} of what the whole board draws idle"
    leaked_mj = deck.leakage_pj / PJ_PER_J * MJ_PER_J
    return (
        f"Leakage: the deck's memory leaks {leakage_text(deck.leakage_w)}{share}; over one inference {leaked_mj:.1f} mJ, "
        f"{deck.leakage_ratio or 0.0:,.0f} times its dynamic energy. A figure that leaves it out, or takes it from the wrong "
        "cell, says little."
    )


def _references(comparison: ConventionComparison) -> str | None:
    word, small, large = comparison.of("word-hp"), comparison.of("horowitz-32k"), comparison.of("horowitz-1m")
    buffer, dram = comparison.of("eyeriss-buffer"), comparison.of("horowitz-dram")
    if word is None or small is None or large is None or buffer is None or dram is None:
        return None
    return (
        f"References: a word access of 128 KB takes {word.read_pj:.1f} pJ by CACTI; Horowitz gives {small.read_pj:g} pJ at 32 KB and "
        f"{large.read_pj:g} at 1 MB for 8 bytes, Eyeriss's buffer {buffer.read_pj:g} pJ for 2 bytes. The same accesses to DRAM would "
        f"cost {_times(dram, word)} times as much."
    )


def _flash(comparison: ConventionComparison) -> str | None:
    flash, esp32 = comparison.flash_weights, comparison.of("esp32")
    if flash is None or esp32 is None:
        return None
    span, times = "", comparison.fill_ratio_of("esp32")
    if flash.fill_low_pj is not None and flash.fill_high_pj is not None:
        span = f" ({flash.fill_low_pj / PJ_PER_UJ:,.0f} to {flash.fill_high_pj / PJ_PER_UJ:,.0f} µJ)"
    return (
        f"Flash: weights left in flash ({flash.weight_bytes:,} bytes) take {flash.fill_count:,} cache lines, "
        f"{flash.fill_pj / PJ_PER_UJ:,.1f} µJ{span}, and {flash.read_count:,} reads of the cache, {flash.hit_pj / PJ_PER_UJ:,.1f} µJ. "
        f"The lines alone are {times or 0.0:.2f} times all word accesses of the ESP32 profile."
    )


def _verdict(comparison: ConventionComparison) -> str | None:
    esp32, deck = comparison.of("esp32"), comparison.of("deck")
    if esp32 is None or deck is None:
        return None
    span = ""
    if esp32.dynamic_low_pj is not None and esp32.dynamic_high_pj is not None:
        span = f" ({esp32.dynamic_low_pj / PJ_PER_UJ:.0f} to {esp32.dynamic_high_pj / PJ_PER_UJ:.0f} µJ)"
    board = ""
    if comparison.inference_j is not None:
        share, whole_mj = comparison.board_share_of("esp32"), comparison.inference_j * MJ_PER_J
        board = (
            f" That is {share_text(share, 2)} of the {whole_mj:.1f} mJ the board takes: SRAM energy ranks designs, it is not the board's"
            " energy."
        )
    return (
        f"Take: for an ESP32 the 40 nm low-power profile at its own word width, {_uj(esp32)}{span} of dynamic energy, "
        f"{_times(esp32, deck)} times the deck's figure, and {leakage_text(esp32.leakage_w)} of leakage.{board}"
    )


def _uj(cost: ConventionCost) -> str:
    return f"{cost.dynamic_pj / PJ_PER_UJ:.1f} µJ"


def _times(cost: ConventionCost, other: ConventionCost) -> str:
    return f"{dynamic_times(cost, other):.1f}"

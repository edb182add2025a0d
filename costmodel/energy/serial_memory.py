"""Flash and PSRAM on a serial bus behind a cache: how many lines are fetched, and what one costs."""

from __future__ import annotations

from costmodel.columns import Number, ceil_div, chosen
from costmodel.provenance import formula
from costmodel.units import BITS_PER_BYTE, PJ_PER_J


@formula(
    id="energy.line_fills",
    equation="F = ceil(B / L) * P if U > C else ceil(B / L)",
    symbols={
        "F": "lines fetched from the serial memory",
        "B": "bytes read in all [B]",
        "U": "bytes read between two uses of the same byte [B]",
        "L": "bytes of a cache line [B]",
        "C": "bytes of the cache [B]",
        "P": "uses of each byte",
    },
    unit="lines",
    source="definition: least-recently-used cache under cyclic walks: what fits is fetched once, the rest on each pass",
)
def line_fill_count(total_bytes: Number, reuse_bytes: Number, line_bytes: int, cache_bytes: int, pass_count: Number) -> Number:
    """Return how many lines are fetched by walks over one part of a tensor after another, each part several times.

    Exact where parts end on a line; elsewhere within one line a part and pass.

    Parameters
    ----------
    total_bytes : int or column
        Bytes of all parts [B].
    reuse_bytes : int or column
        Bytes of one part: what is read before the same byte is needed again [B].
    line_bytes, cache_bytes : int
        Line and capacity of the cache [B]; it holds nothing else.
    pass_count : int or column
        How often each part is walked over.

    Returns
    -------
    int or column
        Lines.
    """
    lines = ceil_div(total_bytes, line_bytes)
    return chosen(reuse_bytes > cache_bytes, lines * pass_count, lines)


@formula(
    id="energy.filter_bytes",
    equation="U = ceil(B / (G*OC))",
    symbols={"U": "bytes of one filter [B]", "B": "bytes of the weights [B]", "G": "groups", "OC": "output channels per group"},
    unit="B",
    source="definition: one filter of a convolution or a fully connected layer is read before the next",
)
def filter_bytes(B: Number, G: Number, OC: Number) -> Number:
    """Return the bytes of one filter, rounded up."""
    return ceil_div(B, G * OC)


@formula(
    id="energy.weight_passes",
    equation="P = ceil(R / n)",
    symbols={"P": "uses of each weight", "R": "reads of weights", "n": "weights"},
    unit="",
    source="definition: each pass reads each weight once",
)
def weight_pass_count(R: Number, n: Number) -> Number:
    """Return how often each weight of a layer is read; a pass that is cut short counts as one."""
    return ceil_div(R, n)


@formula(
    id="energy.serial_clocks",
    equation="n = n_c + n_a + n_d + ceil(8 * L / w)",
    symbols={
        "n": "bus clocks of one line",
        "L": "bytes of the line [B]",
        "w": "data lines of the bus",
        "n_c": "clocks of the command",
        "n_a": "clocks of the address",
        "n_d": "clocks of mode bits and waiting",
    },
    unit="cycles",
    source="definition: SPI, dual I/O and QPI framing of serial flash and PSRAM",
)
def serial_clock_count(line_bytes: int, data_line_count: int, command_cycles: int, address_cycles: int, wait_cycles: int) -> int:
    """Return the bus clocks one line takes.

    Parameters
    ----------
    line_bytes : int
        Bytes of the line [B].
    data_line_count : int
        1, 2, 4 or 8.
    command_cycles, address_cycles, wait_cycles : int
        Framing before the data [cycles].

    Returns
    -------
    int
        Clocks.
    """
    return command_cycles + address_cycles + wait_cycles + int(ceil_div(line_bytes * BITS_PER_BYTE, data_line_count))


@formula(
    id="energy.serial_line",
    equation="E = V * I * n / f * 1e12",
    symbols={
        "E": "energy of one line [pJ]",
        "V": "supply [V]",
        "I": "current of the memory while it transfers [A]",
        "n": "bus clocks of one line",
        "f": "bus clock [Hz]",
    },
    unit="pJ",
    source="definition: energy of a current over a time; the current is the memory's",
)
def serial_line_pj(supply_v: Number, current_a: Number, clock_count: Number, clock_hz: Number) -> Number:
    """Return what one line costs inside the serial memory; the pads of the processor are not in it.

    Parameters
    ----------
    supply_v, current_a : float
        Supply [V] and current while transferring [A].
    clock_count : int
        Bus clocks of the line.
    clock_hz : float
        Bus clock [Hz].

    Returns
    -------
    float
        Energy [pJ].
    """
    return supply_v * current_a * clock_count / clock_hz * PJ_PER_J


@formula(
    id="energy.cached_reads",
    equation="E = R * E_hit + F * E_line",
    symbols={
        "E": "energy of reads through the cache [pJ]",
        "R": "reads of the cache's width",
        "E_hit": "one read of the cache [pJ]",
        "F": "lines fetched",
        "E_line": "one line from the serial memory, its write into the cache included by the caller or not [pJ]",
    },
    unit="pJ",
    source="definition: each read reads the cache, each miss fetches a line first",
)
def cached_read_pj(read_count: Number, hit_pj: Number, fill_count: Number, line_pj: Number) -> Number:
    """Return the energy of reads that go through a cache.

    Parameters
    ----------
    read_count : int or column
        Reads of the cache's width.
    hit_pj : float or column
        One read of the cache [pJ].
    fill_count : int or column
        Lines fetched.
    line_pj : float or column
        One line [pJ].

    Returns
    -------
    float or column
        Energy [pJ].
    """
    return read_count * hit_pj + fill_count * line_pj

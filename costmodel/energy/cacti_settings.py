"""Every line of a CACTI configuration: what it is called, what it says, and which field of a spec it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from costmodel.specs.devices.sram import SramSpec
from costmodel.units import NM_PER_UM


class Setting(NamedTuple):
    """One line of the file."""

    key: str
    """What the line starts with."""
    link: str
    """What stands between key and value."""
    value: str | Callable[[SramSpec], str]
    """Fixed text, or how a spec writes it."""
    field: str = ""
    """The spec's field it is read back into; empty where the value is fixed or follows from another line."""
    read: Callable[[str], Any] = str
    """Text to the field's value."""
    quoted: bool = False


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _nanometres(text: str) -> float:
    return float(f"{float(text) * NM_PER_UM:.9g}")


def _of(field: str) -> Callable[[SramSpec], str]:
    def write(spec: SramSpec) -> str:
        value = getattr(spec, field)
        return str(value).lower() if isinstance(value, bool) else format(value, "g") if isinstance(value, float) else str(value)

    return write


def _number(key: str, field: str, link: str = " ") -> Setting:
    return Setting(key, link, _of(field), field, int)


def _word(key: str, field: str, link: str = " - ", read: Callable[[str], Any] = str) -> Setting:
    return Setting(key, link, _of(field), field, read, quoted=True)


def _fixed(key: str, value: str, link: str = " ") -> Setting:
    return Setting(key, link, value)


def _fixed_word(key: str, value: str, link: str = " - ") -> Setting:
    return Setting(key, link, value, quoted=True)


_WEIGHTS: Final = " (weight delay, dynamic power, leakage power, cycle time, area) "
_DEVIATIONS: Final = " (delay, dynamic power, leakage power, cycle time, area) "

SETTINGS: Final[tuple[Setting, ...]] = (
    _number("-size", "size_bytes", " (bytes) "),
    *(
        _fixed_word(key, "false")
        for key in (
            "-Array Power Gating",
            "-WL Power Gating",
            "-CL Power Gating",
            "-Bitline floating",
            "-Interconnect Power Gating",
        )
    ),
    _fixed("-Power Gating Performance Loss", "0.01"),
    _number("-block size", "block_bytes", " (bytes) "),
    _number("-associativity", "associativity_count"),
    _number("-read-write port", "shared_port_count"),
    _number("-exclusive read port", "read_port_count"),
    _number("-exclusive write port", "write_port_count"),
    _fixed("-single ended read ports", "0"),
    _number("-UCA bank count", "bank_count"),
    Setting("-technology", " (u) ", lambda spec: f"{spec.node_nm / NM_PER_UM:.9g}", "node_nm", _nanometres),
    _fixed("-page size", "8192", " (bits) "),
    _fixed("-burst length", "8"),
    _fixed("-internal prefetch width", "8"),
    _word("-Data array cell type", "data_cell"),
    _word("-Data array peripheral type", "periphery_cell"),
    Setting("-Tag array cell type", " - ", _of("data_cell"), quoted=True),
    Setting("-Tag array peripheral type", " - ", _of("periphery_cell"), quoted=True),
    _number("-output/input bus width", "bus_bits"),
    Setting("-operating temperature", " (K) ", lambda spec: f"{spec.temperature_k:.0f}", "temperature_k", float),
    _word("-cache type", "array", " "),
    _fixed_word("-tag size", "default", " (b) "),
    _word("-access mode", "access_mode", " (normal, sequential, fast) - "),
    Setting("-design objective", _WEIGHTS, _of("objective"), "objective"),
    Setting("-deviate", _DEVIATIONS, _of("deviation"), "deviation"),
    _fixed("-NUCAdesign objective", "100:100:0:0:100", _WEIGHTS),
    _fixed("-NUCAdeviate", "10:10000:10000:10000:10000", _DEVIATIONS),
    _word("-Optimize ED or ED^2", "optimised", " (ED, ED^2, NONE): "),
    _fixed_word("-Cache model", "UCA", " (NUCA, UCA) - "),
    _fixed("-NUCA bank count", "0"),
    _word("-Wire signaling", "signaling", " (fullswing, lowswing, default) - "),
    _word("-Wire inside mat", "inner_wire"),
    _word("-Wire outside mat", "outer_wire"),
    _word("-Interconnect projection", "interconnect"),
    _fixed("-Core count", "8"),
    _fixed_word("-Cache level", "L3", " (L2/L3) - "),
    _word("-Add ECC", "ecc", read=_flag),
    _fixed_word("-Print level", "DETAILED", " (DETAILED, CONCISE) - "),
    _fixed_word("-Print input parameters", "true"),
    _fixed_word("-Force cache config", "false"),
    *(_fixed(key, value) for key, value in (("-Ndwl", "1"), ("-Ndbl", "1"), ("-Nspd", "0"), ("-Ndcm", "1"))),
    _fixed("-Ndsam1", "0"),
    _fixed("-Ndsam2", "0"),
    _fixed_word("-dram_type", "DDR3", " "),
    _fixed_word("-io state", "WRITE", " "),
    *(
        _fixed(key, value)
        for key, value in (
            ("-addr_timing", "1.0"),
            ("-mem_density", "4 Gb"),
            ("-bus_freq", "800 MHz"),
            ("-duty_cycle", "1.0"),
            ("-activity_dq", "1.0"),
            ("-activity_ca", "0.5"),
            ("-num_dq", "72"),
            ("-num_dqs", "18"),
            ("-num_ca", "25"),
            ("-num_clk", "2"),
            ("-num_mem_dq", "2"),
            ("-mem_data_width", "8"),
            ("-rtt_value", "10000"),
            ("-ron_value", "34"),
            ("-tflight_value", ""),
            ("-num_bobs", "1"),
            ("-capacity", "80"),
            ("-num_channels_per_bob", "1"),
        )
    ),
    _fixed_word("-first metric", "Cost", " "),
    _fixed_word("-second metric", "Bandwidth", " "),
    _fixed_word("-third metric", "Energy", " "),
    _fixed_word("-DIMM model", "ALL", " "),
    _fixed_word("-mirror_in_bob", "F", " "),
)
"""Every line, in the order it is written."""

DECIDES_NOTHING: Final = frozenset(
    (
        *("-page size", "-burst length", "-internal prefetch width", "-NUCAdesign objective", "-NUCAdeviate", "-NUCA bank count"),
        *("-Core count", "-Cache level", "-Print level", "-Print input parameters", "-Power Gating Performance Loss", "-tag size"),
        *("-Ndwl", "-Ndbl", "-Nspd", "-Ndcm", "-Ndsam1", "-Ndsam2", "-dram_type", "-io state", "-addr_timing", "-mem_density", "-bus_freq"),
        *("-duty_cycle", "-activity_dq", "-activity_ca", "-num_dq", "-num_dqs", "-num_ca", "-num_clk", "-num_mem_dq", "-mem_data_width"),
        *("-rtt_value", "-ron_value", "-tflight_value", "-num_bobs", "-capacity", "-num_channels_per_bob"),
        *("-first metric", "-second metric", "-third metric", "-DIMM model", "-mirror_in_bob"),
    )
)
"""Lines that a bare array's figures do not follow: main memory, its interface, cache networks, what is printed, and a forced organisation's
numbers while none is forced. A file may say anything there; it is run with the usual text."""

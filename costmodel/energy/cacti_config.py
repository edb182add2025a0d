"""A CACTI 7 configuration file and the spec it stands for, either way.

The text is canonical: a spec has one text, and a text that says anything a spec cannot is refused rather than run as something else.
Lines that an SRAM's figures do not depend on (main memory, external interface, cache networks) are written all the same: CACTI stops with
an arithmetic exception when they are missing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from costmodel.errors import FormatError, Location, SpecError, UnknownNameError
from costmodel.specs.sram import SramSpec
from costmodel.units import NM_PER_UM

HEADER: Final = "# An SRAM for CACTI 7. Each line is a setting; a run with another spelling of them is another configuration.\n"
HASH_DIGITS: Final = 16

_SETTING: Final = re.compile(r'^(?:\([^)]*\)\s*)?(?:[-:]\s+)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>.*))$')


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
    _fixed_word("-access mode", "normal", " (normal, sequential, fast) - "),
    _fixed("-design objective", "0:0:0:100:0", _WEIGHTS),
    _fixed("-deviate", "20:100000:100000:100000:100000", _DEVIATIONS),
    _fixed("-NUCAdesign objective", "100:100:0:0:100", _WEIGHTS),
    _fixed("-NUCAdeviate", "10:10000:10000:10000:10000", _DEVIATIONS),
    _fixed_word("-Optimize ED or ED^2", "ED^2", " (ED, ED^2, NONE): "),
    _fixed_word("-Cache model", "UCA", " (NUCA, UCA) - "),
    _fixed("-NUCA bank count", "0"),
    _fixed_word("-Wire signaling", "Global_30", " (fullswing, lowswing, default) - "),
    _fixed_word("-Wire inside mat", "semi-global"),
    _fixed_word("-Wire outside mat", "semi-global"),
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

_BY_KEY: Final = {setting.key: setting for setting in SETTINGS}
_LONGEST_FIRST: Final = sorted(_BY_KEY, key=len, reverse=True)


def cacti_config_text(spec: SramSpec) -> str:
    """Write the configuration file of an SRAM.

    Parameters
    ----------
    spec : SramSpec
        The array.

    Returns
    -------
    str
        Lines ending in a newline; the same spec always gives the same text.
    """
    return HEADER + "".join(f"{_line(setting, spec)}\n" for setting in SETTINGS)


def config_hash(spec: SramSpec) -> str:
    """Return the name of a configuration's content: the first digits of the SHA-256 of its settings.

    Parameters
    ----------
    spec : SramSpec
        The array.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    settings = "\n".join(_line(setting, spec) for setting in SETTINGS)
    return hashlib.sha256(settings.encode()).hexdigest()[:HASH_DIGITS]


def _line(setting: Setting, spec: SramSpec) -> str:
    value = setting.value if isinstance(setting.value, str) else setting.value(spec)
    return f'{setting.key}{setting.link}"{value}"' if setting.quoted else f"{setting.key}{setting.link}{value}".rstrip()


def sram_from_config(text: str, file: str = "configuration") -> SramSpec:
    """Read a CACTI configuration file.

    Parameters
    ----------
    text : str
        The file; comments (`#`, `//`) and the order of lines do not matter.
    file : str
        What errors call it.

    Returns
    -------
    SramSpec
        The array it describes.

    Raises
    ------
    FormatError
        If a line is missing, stands twice or cannot be read.
    SpecError
        If a value is beyond CACTI's limits, or a setting differs from the one that is fixed here.
    UnknownNameError
        If a setting is none of an SRAM's.
    """
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        body = line.strip()
        if not body.startswith("-"):
            if body and not body.startswith(("#", "//")):
                raise FormatError(f"expected a setting or a comment, found {body[:60]!r}", Location(file, number))
            continue
        key = _key_of(body, Location(file, number))
        if key in found:
            raise FormatError(f"{key} is set twice, first in line {found[key][1]}", Location(file, number))
        found[key] = (_value_of(body[len(key) :]), number)
    missing = [key for key in _BY_KEY if key not in found]
    if missing:
        raise FormatError(
            f"{len(missing)} setting(s) are missing, the first is {missing[0]}; CACTI needs every line of its stock file", Location(file)
        )
    values = {setting.field: _read(setting, *found[setting.key], file) for setting in SETTINGS if setting.field}
    spec = checked_sram(values, file)
    for setting in SETTINGS:
        _agree(setting, spec, *found[setting.key], file)
    return spec


def checked_sram(values: Mapping[str, object], file: str = "") -> SramSpec:
    """Build a spec from its fields, saying in one line what does not fit.

    Parameters
    ----------
    values : mapping
        Field name to value.
    file : str
        Where they come from, to lead the message.

    Returns
    -------
    SramSpec
        The checked spec.

    Raises
    ------
    SpecError
        If a value is beyond CACTI's limits; the message names the limit.
    """
    try:
        return SramSpec.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(_fault(part) for part in error.errors(include_url=False))
        raise SpecError(f"not an SRAM CACTI can compute: {faults}", Location(file) if file else None) from None


def _fault(part: Any) -> str:
    where = ".".join(str(name) for name in part["loc"])
    found = "" if str(part["type"]).startswith("cacti_") else f", found {str(part['input'])[:60]}"
    return f"{where}: {part['msg']}{found}" if where else f"{part['msg']}"


def _key_of(body: str, where: Location) -> str:
    for key in _LONGEST_FIRST:
        if body.startswith(key) and not body[len(key) : len(key) + 1].isalnum():
            return key
    given = re.split(r'["(]| - ', body)[0].strip()
    raise UnknownNameError("setting", given[:60], _BY_KEY, "one of an SRAM's", where)


def _value_of(rest: str) -> str:
    match = _SETTING.match(rest.strip())
    if match is None:
        return rest.strip()
    if match["quoted"] is not None:
        return match["quoted"]
    return str(match["bare"]).split("//")[0].strip()


def _read(setting: Setting, text: str, number: int, file: str) -> object:
    try:
        return setting.read(text)
    except ValueError:
        raise FormatError(f"{setting.key}: cannot read {text[:60]!r}", Location(file, number)) from None


def _agree(setting: Setting, spec: SramSpec, text: str, number: int, file: str) -> None:
    expected = setting.value if isinstance(setting.value, str) else setting.value(spec)
    # The tags of a bare array do not exist: whatever cells they are given, the figures stay.
    if setting.field or text == expected or (setting.key.startswith("-Tag array") and spec.array == "ram"):
        return
    raise SpecError(f"{setting.key}: {expected!r} is what is computed here, found {text[:60]!r}", Location(file, number))

"""A CACTI 7 configuration file and the spec it stands for, either way.

The text is canonical: a spec has one text, and a text that says anything a spec cannot, of what its figures follow, is refused rather
than run as something else.
Lines that an SRAM's figures do not depend on (main memory, external interface, cache networks) are written all the same: CACTI stops with
an arithmetic exception when they are missing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from costmodel.energy.cacti_settings import DECIDES_NOTHING, SETTINGS, Setting
from costmodel.errors import FormatError, Location, SpecError, UnknownNameError, did_you_mean
from costmodel.specs.devices.sram import SramSpec

HEADER: Final = "# CACTI 7: {summary}.\n"
HASH_DIGITS: Final = 16

_SETTING: Final = re.compile(r'^(?:\([^)]*\)\s*)?(?:[-:]\s+)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>.*))$')


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
    return HEADER.format(summary=spec.summary) + "".join(f"{_line(setting, spec)}\n" for setting in SETTINGS)


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
    missing = [key for key in _BY_KEY if key not in found and key not in DECIDES_NOTHING]
    if missing:
        raise FormatError(
            f"{len(missing)} setting(s) are missing, the first is {missing[0]}; CACTI needs every line of its stock file", Location(file)
        )
    _refuse_dram(found, file)
    values = {setting.field: _read(setting, *found[setting.key], file) for setting in SETTINGS if setting.field}
    spec = checked_sram(values, file)
    for setting in SETTINGS:
        if setting.key in found:
            _agree(setting, spec, *found[setting.key], file)
    return spec


def _refuse_dram(found: Mapping[str, tuple[str, int]], file: str) -> None:
    """Call a DRAM one at once, rather than by the first line of an SRAM that it does not have."""
    for key in ("-Data array cell type", "-Data array peripheral type", "-cache type"):
        value, number = found[key]
        if "dram" in value or value == "main memory":
            raise SpecError(f"{key}: {value!r} is a DRAM; an SRAM is what is computed here", Location(file, number))


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


_BOUNDS: Final = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
"""How a limit is worded, by what Pydantic calls it."""


def _fault(part: Any) -> str:
    where, kind, context = ".".join(str(name) for name in part["loc"]), str(part["type"]), part.get("ctx", {})
    found = str(part["input"])[:60]
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"{where}: {found!r} is not one of the choices{did_you_mean(found, known)}"
    if kind == "string_pattern_mismatch":
        return f"{where}: expected five whole weights such as 0:0:0:100:0, found {found!r}"
    bound = next((words for name, words in _BOUNDS.items() if name in context), "")
    if bound:
        return f"{where} should be {bound} {next(iter(context.values())):g}, found {found}"
    return f"{where}: {part['msg']}" if where else f"{part['msg']}"


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
    if setting.key in DECIDES_NOTHING and (spec.array == "ram" or setting.key != "-tag size"):
        return
    raise SpecError(f"{setting.key}: {expected!r} is what is computed here, found {text[:60]!r}", Location(file, number))

"""An SRAM as a user writes it on one line."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from costmodel.energy.cacti_config import checked_sram
from costmodel.errors import SpecError, UnknownNameError
from costmodel.specs.devices.sram import Cell, SramSpec
from costmodel.units import BITS_PER_BYTE, BYTES_PER_KIB

_PARAMETERS: Final = ("size", "width", "node", "cell", "block", "periphery", "ecc", "temperature", "banks", "interpolate")
_CELLS: Final[dict[str, Cell]] = {"hp": "itrs-hp", "lstp": "itrs-lstp", "lop": "itrs-lop"}
_SIZE: Final = re.compile(r"(\d{1,12})\s*(B|KiB|MiB)?")
_COUNT: Final = re.compile(r"\d{1,6}")
_BYTES: Final = {None: 1, "B": 1, "KiB": BYTES_PER_KIB, "MiB": BYTES_PER_KIB**2}


class SramRequest(NamedTuple):
    """An SRAM asked for by its parameters."""

    spec: SramSpec
    interpolate: bool
    """Whether a figure between two packaged sizes is welcome."""


def sram_request(text: str) -> SramRequest:
    """Read an SRAM's parameters as a user writes them.

    Parameters
    ----------
    text : str
        For example `size=320KiB,width=4,node=40,cell=lstp`; also `block`, `periphery`, `ecc`, `temperature`, `banks` and `interpolate`.

    Returns
    -------
    SramRequest
        Checked against CACTI's limits.

    Raises
    ------
    SpecError
        If a parameter is missing, stands twice or cannot be read.
    UnknownNameError
        If a parameter is not known.
    """
    given: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in _PARAMETERS:
            raise UnknownNameError("SRAM parameter", key, _PARAMETERS, "a parameter of an SRAM")
        if not equals or not value or key in given:
            raise SpecError(f"SRAM: expected {key}=value once, found {part.strip()!r}")
        given[key] = value
    missing = [key for key in ("size", "width", "node", "cell") if key not in given]
    if missing:
        raise SpecError(f"SRAM: {', '.join(missing)} missing; for example size=320KiB,width=4,node=40,cell=lstp")
    width = bytes_of(given["width"])
    cell = cell_of(given["cell"])
    values = {
        "size_bytes": bytes_of(given["size"]),
        "block_bytes": bytes_of(given.get("block", given["width"])),
        "bus_bits": width * BITS_PER_BYTE,
        "node_nm": _number_of(given["node"], "nm"),
        "data_cell": cell,
        "periphery_cell": cell_of(given["periphery"]) if "periphery" in given else cell,
        "ecc": _flag_of(given.get("ecc", "no")),
        "temperature_k": _number_of(given.get("temperature", "300"), "K"),
        "bank_count": _count_of(given.get("banks", "1")),
    }
    return SramRequest(checked_sram(values), _flag_of(given.get("interpolate", "no")))


def bytes_of(text: str) -> int:
    """Read a number of bytes.

    Parameters
    ----------
    text : str
        `4`, `320KiB` or `1MiB`.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    SpecError
        If it is none; KB is refused, since people mean two things by it.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise SpecError(f"SRAM: expected bytes such as 4, 320KiB or 1MiB (KiB is 1,024 bytes), found {text[:40]!r}")
    return int(match[1]) * _BYTES[match[2]]


def _count_of(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise SpecError(f"SRAM: expected a whole number, found {text[:40]!r}")
    return int(text)


def _number_of(text: str, unit: str) -> float:
    try:
        return float(text.removesuffix(unit))
    except ValueError:
        raise SpecError(f"SRAM: expected a number{' in ' + unit if unit else ''}, found {text[:40]!r}") from None


def cell_of(text: str) -> Cell:
    """Read a cell's name.

    Parameters
    ----------
    text : str
        `hp`, `lstp` or `lop`, with or without `itrs-`.

    Returns
    -------
    Cell
        As CACTI calls it.

    Raises
    ------
    UnknownNameError
        If it is none of them.
    """
    name = text.removeprefix("itrs-")
    if name not in _CELLS:
        raise UnknownNameError("SRAM cell", text, _CELLS, "one of CACTI's")
    return _CELLS[name]


def _flag_of(text: str) -> bool:
    if text not in ("yes", "no", "true", "false", "on", "off"):
        raise SpecError(f"SRAM: expected yes or no, found {text[:40]!r}")
    return text in ("yes", "true", "on")

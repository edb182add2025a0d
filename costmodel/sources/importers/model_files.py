"""Which files are models of others, and the network in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from costmodel.errors import FormatError, LimitError, Location, MissingError
from costmodel.sources.documents.text_file import nearest_file

if TYPE_CHECKING:
    from costmodel.sources.importers.imported_graph import ImportedGraph
    from costmodel.specs.network import Network

MAX_MODEL_BYTES: Final = 1 << 28
"""Larger model files are refused: no microcontroller holds them."""


def _from_tflite(data: bytes, name: str) -> ImportedGraph:
    from costmodel.sources.importers.tflite import from_tflite

    return from_tflite(data, name)


READERS: Final[Mapping[str, Callable[[bytes, str], ImportedGraph]]] = {".tflite": _from_tflite}
"""How each kind of file is read, by its ending."""


def is_model_file(reference: str | Path) -> bool:
    """Tell whether a name is that of a model file, by its ending."""
    return Path(reference).suffix.lower() in READERS


def load_model_graph(path: Path) -> ImportedGraph:
    """Read a model file as it stands.

    Parameters
    ----------
    path : Path
        A file with one of the endings of `READERS`.

    Returns
    -------
    ImportedGraph
        Its first graph.

    Raises
    ------
    InputError
        If it is missing, a folder, too large, damaged or something else than its ending says.
    """
    place = Location(str(path))
    try:
        if path.is_dir():
            raise FormatError("is a folder, expected a file", place)
        if not path.exists():
            raise MissingError(f"does not exist{nearest_file(path, READERS)}", place)
        if not path.is_file():
            raise FormatError("is not a regular file", place)
        with path.open("rb") as stream:
            data = stream.read(MAX_MODEL_BYTES + 1)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", place) from None
    if len(data) > MAX_MODEL_BYTES:
        raise LimitError(f"is larger than {MAX_MODEL_BYTES:,} bytes, the most that is read of a model", place)
    return READERS[path.suffix.lower()](data, str(path))


def load_model_network(path: Path) -> Network:
    """Read a model file as a network; see `load_model_graph`.

    Raises
    ------
    InputError
        Also if an operator is not supported: each is named, with its share of the work.
    """
    from costmodel.sources.importers.to_network import network_of

    return network_of(load_model_graph(path))

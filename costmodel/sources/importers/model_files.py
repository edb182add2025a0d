"""Which files are models of others, and the network in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from costmodel.sources.documents.input_file import read_input

if TYPE_CHECKING:
    from costmodel.specs.imported_graph import ImportedGraph
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


def is_tflite_file(reference: str | Path) -> bool:
    """Tell whether a name is that of a TensorFlow Lite file, by its ending."""
    return Path(reference).suffix.lower() == ".tflite"


def load_model_graph(path: Path) -> ImportedGraph:
    """Read a model file as it stands.

    Parameters
    ----------
    path : Path
        A file with one of the endings of `READERS`.

    Returns
    -------
    ImportedGraph
        Its first graph, and the others beside it.

    Raises
    ------
    InputError
        If it is missing, a folder, too large, damaged or something else than its ending says.
    """
    data = read_input(path, MAX_MODEL_BYTES, "a model file", READERS)
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

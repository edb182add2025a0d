"""Which files are models of others, and the network in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from costmodel.errors import FormatError, Location
from costmodel.sources.documents.input_file import MAX_MODEL_BYTES, read_input

if TYPE_CHECKING:
    from costmodel.specs.imported_graph import ImportedGraph
    from costmodel.specs.network import Network

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
"""Shapes of inputs whose extents a file leaves open, by name."""
Reader: TypeAlias = "Callable[[bytes, Path, Shapes], ImportedGraph]"


def _from_tflite(data: bytes, path: Path, shapes: Shapes) -> ImportedGraph:
    from costmodel.sources.importers.tflite import from_tflite

    graph = from_tflite(data, str(path))
    if not shapes:
        return graph
    from costmodel.sources.importers.channels_last.given_shapes import with_input_shapes

    return with_input_shapes(graph, shapes)


def _from_onnx(data: bytes, path: Path, shapes: Shapes) -> ImportedGraph:
    from costmodel.sources.importers.onnx_format.onnx_file import from_onnx

    return from_onnx(data, str(path), path.parent, shapes)


def _from_pt2(data: bytes, path: Path, shapes: Shapes) -> ImportedGraph:
    from costmodel.sources.importers.torch_export.pt2_file import from_pt2

    return from_pt2(data, str(path), shapes)


def _from_h5(data: bytes, path: Path, shapes: Shapes) -> ImportedGraph:
    from costmodel.sources.importers.keras_files.keras_file import from_h5

    return from_h5(data, str(path), shapes)


def _from_keras(data: bytes, path: Path, shapes: Shapes) -> ImportedGraph:
    from costmodel.sources.importers.keras_files.keras_file import from_keras

    return from_keras(data, str(path), shapes)


def _pickled(_data: bytes, path: Path, _shapes: Shapes) -> ImportedGraph:
    text = "holds a pickle of PyTorch, which is never loaded: it has weights and no graph, and could run anything. Export the module:"
    raise FormatError(f"{text} torch.export.save(torch.export.export(module.eval(), (example,)), 'model.pt2')", Location(str(path)))


READERS: Final[Mapping[str, Reader]] = {
    ".tflite": _from_tflite,
    ".onnx": _from_onnx,
    ".pt2": _from_pt2,
    ".h5": _from_h5,
    ".hdf5": _from_h5,
    ".keras": _from_keras,
    ".pt": _pickled,
    ".pth": _pickled,
}
"""How each kind of file is read, by its ending."""
_TFLITE: Final = b"TFL3"
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_ZIP: Final = b"PK\x03\x04"
_PICKLE: Final = b"\x80"


def _ending_of(data: bytes, path: Path) -> str:
    """Return the ending that a file should have by what is in it, where that tells; its own ending otherwise."""
    if data[4:8] == _TFLITE:
        return ".tflite"
    if data.startswith(_HDF5):
        return ".h5"
    if data.startswith(_ZIP):
        return _archive_of(data)
    if data.startswith(_PICKLE):
        return ".pt"
    return path.suffix.lower()


def _archive_of(data: bytes) -> str:
    """Return the ending of a zip archive by the names of its members, which stand in it as they are."""
    if b"model.weights.h5" in data:
        return ".keras"
    return ".pt" if b"/data.pkl" in data and b"/models/" not in data else ".pt2"


def is_model_file(reference: str | Path) -> bool:
    """Tell whether a name is that of a model file, by its ending."""
    return Path(reference).suffix.lower() in READERS


def is_tflite_file(reference: str | Path) -> bool:
    """Tell whether a name is that of a TensorFlow Lite file, by its ending."""
    return Path(reference).suffix.lower() == ".tflite"


def load_model_graph(path: Path, shapes: Shapes | None = None) -> ImportedGraph:
    """Read a model file as it stands.

    Parameters
    ----------
    path : Path
        A file with one of the endings of `READERS`; what is in it decides how it is read.
    shapes : mapping, optional
        Shapes of inputs whose extents the file leaves open.

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
    if not data:
        raise FormatError("is empty, expected a model file", Location(str(path)))
    return READERS[_ending_of(data, path)](data, path, shapes or {})


def load_model_network(path: Path, shapes: Shapes | None = None) -> Network:
    """Read a model file as a network; see `load_model_graph`.

    Raises
    ------
    InputError
        Also if an operator is not supported: each is named, with its share of the work.
    """
    from costmodel.sources.importers.to_network import network_of

    return network_of(load_model_graph(path, shapes))

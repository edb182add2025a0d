"""Keras files: `.h5` of Keras 2 (configuration and arrays in one), `.keras` of Keras 3 (a zip of both)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from costmodel.errors import FormatError, Location
from costmodel.json_text import parsed_json
from costmodel.sources.documents.input_file import MAX_MODEL_BYTES
from costmodel.sources.importers.bounded_zip import BoundedZip
from costmodel.sources.importers.channels_first.passes import simplified
from costmodel.sources.importers.keras_files.layer_graph import graph_of_layers
from costmodel.sources.importers.keras_files.stored_arrays import StoredArrays
from costmodel.specs.imported_graph import ImportedGraph

_MOST_CONFIGURATION: Final = 1 << 25


def from_h5(data: bytes, name: str, shapes: Mapping[str, tuple[int, ...]] | None = None) -> ImportedGraph:
    """Read a file of Keras 2.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        File name, for messages and as the network's name.
    shapes : mapping, optional
        Shapes of inputs whose extents the file leaves open, batch included.

    Returns
    -------
    ImportedGraph
        In ONNX's operators.

    Raises
    ------
    InputError
        If it is no such file, is damaged, has no layers, or a layer is not supported.
    """
    arrays = StoredArrays(data, name)
    text = arrays.configuration()
    if text is None:
        raise FormatError("has weights and no layers in it; save the whole model: model.save('model.keras')", Location(name))
    return _graph(_parsed(text, name), name, shapes, arrays.by_layer(), {})


def from_keras(data: bytes, name: str, shapes: Mapping[str, tuple[int, ...]] | None = None) -> ImportedGraph:
    """Read a file of Keras 3; see `from_h5`."""
    archive = BoundedZip(data, name, MAX_MODEL_BYTES)
    configuration = _parsed(archive.read("config.json").decode("utf-8", errors="replace"), name)
    arrays = StoredArrays(archive.read("model.weights.h5"), name)
    return _graph(configuration, name, shapes, {}, arrays.by_path())


def _graph(
    configuration: Mapping[str, Any],
    name: str,
    shapes: Mapping[str, tuple[int, ...]] | None,
    by_layer: Mapping[str, Any],
    by_path: Mapping[str, Any],
) -> ImportedGraph:
    try:
        return simplified(graph_of_layers(configuration, name, shapes or {}, by_layer, by_path)).finished()
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError, OverflowError, ZeroDivisionError) as error:
        raise FormatError(f"has layers that cannot be read: {type(error).__name__} {str(error)[:80]}", Location(name)) from None


def _parsed(text: str, name: str) -> Mapping[str, Any]:
    if len(text) > _MOST_CONFIGURATION:
        raise FormatError(f"has a configuration of {len(text):,} characters", Location(name))
    try:
        found = parsed_json(text, Location(name))
    except (ValueError, RecursionError):
        raise FormatError("has a configuration that is no JSON", Location(name)) from None
    if not isinstance(found, Mapping):
        raise FormatError("has a configuration that is no object", Location(name))
    return found

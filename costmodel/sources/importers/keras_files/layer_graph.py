"""The graph of a Keras model: its layers, what each reads, and models inside models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from costmodel.errors import UnknownNameError
from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value
from costmodel.sources.importers.channels_first.open_extents import input_shapes
from costmodel.sources.importers.keras_files.layer_call import Call, first_shape
from costmodel.sources.importers.keras_files.layer_table import LAYERS_OF_KERAS
from costmodel.sources.importers.keras_files.stored_arrays import layer_names_of

FORMAT: Final = "Keras"
_MODELS: Final = ("Sequential", "Functional", "Model")
_DEEPEST: Final = 8
"""Models inside models at the most."""


def graph_of_layers(
    configuration: Mapping[str, Any],
    name: str,
    shapes: Mapping[str, tuple[int, ...]],
    by_layer: Mapping[str, Mapping[str, Array]],
    by_path: Mapping[str, Sequence[Array]],
) -> GraphDraft:
    """Return the graph that a configuration describes.

    Parameters
    ----------
    configuration : mapping
        As Keras writes it.
    name : str
        File name.
    shapes : mapping
        Shapes of inputs whose extents are open.
    by_layer, by_path : mapping
        Arrays by layer and name (Keras 2), or by path and order (Keras 3).

    Returns
    -------
    GraphDraft
        In ONNX's operators, channels first.
    """
    draft = GraphDraft(name, FORMAT)
    reading = _Reading(draft, shapes, by_layer, by_path)
    kind = _kind(configuration)
    if kind not in _MODELS:
        raise draft.broken(f"holds a {kind!r}, expected a Sequential or Functional model")
    draft.outputs = reading.model(configuration, None, "", 0)
    return draft


class _Reading:
    def __init__(
        self,
        draft: GraphDraft,
        shapes: Mapping[str, tuple[int, ...]],
        by_layer: Mapping[str, Mapping[str, Array]],
        by_path: Mapping[str, Sequence[Array]],
    ) -> None:
        self._draft = draft
        self._shapes = shapes
        self._by_layer = by_layer
        self._by_path = by_path

    def model(self, configuration: Mapping[str, Any], inputs: list[str] | None, prefix: str, depth: int) -> list[str]:
        """Append a model's layers; return what it makes. Without inputs it is the outermost, whose inputs are the network's."""
        if depth > _DEEPEST:
            raise self._draft.broken(f"has models {_DEEPEST} deep inside one another")
        config = configuration["config"]
        layers = config if isinstance(config, list) else config["layers"]
        stored = layer_names_of(layers)
        if _kind(configuration) == "Sequential":
            return self._sequence(layers, stored, inputs, config, prefix, depth)
        return self._functional(layers, stored, inputs, config, prefix, depth)

    def _sequence(self, layers: list[Any], stored: list[str], inputs: list[str] | None, config: Any, prefix: str, depth: int) -> list[str]:
        current = list(inputs) if inputs else []
        for layer, path in zip(layers, stored, strict=True):
            if _kind(layer) == "InputLayer" or not current:
                shape = _batch_shape(layer) or (config.get("build_input_shape") if isinstance(config, Mapping) else None)
                if not current:
                    current = [self._input(str(layer["config"].get("name", "input")), shape, layer)]
                if _kind(layer) == "InputLayer":
                    continue
            current = self._layer(layer, current, f"{prefix}layers/{path}", 0, depth)
        return current

    def _functional(
        self, layers: list[Any], stored: list[str], inputs: list[str] | None, config: Mapping[str, Any], prefix: str, depth: int
    ) -> list[str]:
        made: dict[tuple[str, int], list[str]] = {}
        names = [str(layer.get("name") or layer["config"]["name"]) for layer in layers]
        given = list(inputs or [])
        order = _histories(config.get("input_layers"))
        for name, layer in zip(names, layers, strict=True):
            if _kind(layer) == "InputLayer":
                at = next((place for place, each in enumerate(order) if each[0] == name), 0)
                made[name, 0] = [given[at]] if inputs is not None else [self._input(name, _batch_shape(layer), layer)]
        entries = zip(names, layers, stored, strict=True)
        waiting = [(name, layer, path, list(enumerate(layer.get("inbound_nodes") or []))) for name, layer, path in entries]
        while waiting:
            left = []
            for name, layer, path, nodes in waiting:
                later = []
                for at, node in nodes:
                    reads = _histories(node)
                    if not reads and _kind(layer) == "InputLayer":
                        continue
                    unknown = next((each for each in reads if each[0] not in names), None)
                    if unknown is not None:
                        raise UnknownNameError(f"{self._draft.name} layer {name!r}", unknown[0], names, "a layer of the model")
                    if any((each[0], each[1]) not in made for each in reads):
                        later.append((at, node))
                        continue
                    tensors = [made[each[0], each[1]][each[2]] for each in reads]
                    made[name, at] = self._layer(layer, tensors, f"{prefix}layers/{path}", at, depth)
                if later:
                    left.append((name, layer, path, later))
            if len(left) == len(waiting) and [len(each[3]) for each in left] == [len(each[3]) for each in waiting]:
                raise self._draft.broken(f"the layer {left[0][0]!r} is part of a cycle: what it reads comes from what it makes")
            waiting = left
        return [made[each[0], each[1]][each[2]] for each in _histories(config.get("output_layers"))]

    def _input(self, name: str, shape: Any, layer: Any) -> str:
        if not isinstance(shape, list | tuple) or len(shape) < 2:
            raise self._draft.broken(f"the layer {name!r} does not say the shape of its input; build the model before it is saved")
        extents = enumerate(shape[1:], 1)
        declared: list[int | str] = ["batch", *(int(extent) if isinstance(extent, int) else f"axis {at}" for at, extent in extents)]
        found = input_shapes(self._draft, {name: declared}, {key: value for key, value in self._shapes.items() if key == name})[name]
        if found[0] != 1:
            raise self._draft.broken(f"a batch of {found[0]} is not supported; one is")
        dtype = layer["config"].get("dtype")
        element = dtype if isinstance(dtype, str) else "float32"
        last = found[-1:] if len(found) > 2 else ()
        self._draft.values[name] = Value((1, *last, *(found[1:-1] if last else found[1:])), element)
        self._draft.inputs.append(name)
        return name

    def _layer(self, layer: Mapping[str, Any], inputs: list[str], path: str, at: int, depth: int) -> list[str]:
        kind, config = _kind(layer), layer["config"]
        name = str(config.get("name") or layer.get("name") or kind)
        if kind in _MODELS:
            return self.model(layer, inputs, f"{path}/", depth + 1)
        call = Call(self._draft, kind, config, inputs, name if not at else f"{name}_{at}", self._arrays(name, path))
        append = LAYERS_OF_KERAS.get(kind)
        if append is not None:
            return [append(call)]
        # It keeps its name, and is refused by it.
        made = f"{call.name}:out"
        self._draft.values[made] = Value(first_shape(call), "float32")
        self._draft.nodes.append(Node(f"keras:{kind}", call.name, inputs, [made]))
        return [made]

    def _arrays(self, name: str, path: str) -> dict[str, Array]:
        if self._by_layer:
            return dict(self._by_layer.get(name, {}))
        found: dict[str, Array] = {}
        for stem in (f"layers/{name}", path):
            for inner in ("", "/cell", "/forward_layer/cell", "/backward_layer/cell"):
                side = inner.split("_")[0].strip("/") if "layer" in inner else ""
                for number, array in enumerate(self._by_path.get(stem + inner, ())):
                    found.setdefault(f"{side}/{number}" if side else str(number), array)
            if found:
                break
        return found


def _kind(layer: Any) -> str:
    return str(layer["class_name"]).rpartition(">")[2]


def _batch_shape(layer: Mapping[str, Any]) -> Any:
    config = layer["config"]
    return config.get("batch_input_shape") or config.get("batch_shape")


_HISTORY_LENGTH: Final = 3


def _histories(found: Any) -> list[tuple[str, int, int]]:
    """Return which tensors a node reads: (layer, call, output), however the version of Keras nests them."""
    if isinstance(found, Mapping):
        if "keras_history" in found:
            return _histories(found["keras_history"])
        return [each for value in found.values() for each in _histories(value)]
    if not isinstance(found, list | tuple):
        return []
    if len(found) >= _HISTORY_LENGTH and isinstance(found[0], str) and type(found[1]) is type(found[2]) is int:
        own = (found[0], found[1], found[2])
        return [own, *(each for value in found[3:] for each in _histories(value))]
    return [each for value in found for each in _histories(value)]

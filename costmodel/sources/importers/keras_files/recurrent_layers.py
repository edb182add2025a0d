"""LSTM and GRU of Keras, in ONNX's operators: gates in its order, steps first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from costmodel.sources.importers.channels_first.graph_draft import Array
from costmodel.sources.importers.keras_files.layer_call import Call

_GATES: Final[Mapping[str, tuple[int, ...]]] = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2)}
"""ONNX has input, output, forget, cell and Keras input, forget, cell, output; of a GRU both have update, reset, new."""


def recurrent(kind: str) -> Callable[[Call], str]:
    """Return the entry of a recurrent layer in one direction."""

    def translate(call: Call) -> str:
        direction = "reverse" if call.config.get("go_backwards") else "forward"
        return _layer(call, kind, call.config, [""], direction)

    return translate


def both_ways(call: Call) -> str:
    """Append a recurrent layer in both directions, their outputs one behind the other."""
    inner = call.config["layer"]
    kind = str(inner["class_name"]).rpartition(">")[2]
    if kind not in _GATES or call.config.get("merge_mode", "concat") != "concat":
        raise call.refused(f"of a {kind}, or merged by {call.config.get('merge_mode')!r}, it is not supported; LSTM and GRU by concat are")
    return _layer(call, kind, inner["config"], ["forward/", "backward/"], "bidirectional")


def _layer(call: Call, kind: str, config: Mapping[str, Any], sides: Sequence[str], direction: str) -> str:
    gates = _GATES[kind]
    if len(call.inputs) != 1 or len(call.shape) != 3:
        raise call.refused("it reads one sequence of features; first states are not supported")
    if config.get("return_state") or config.get("stateful"):
        raise call.refused("with its state read or kept from one run to the next it is not supported")
    for name, expected in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
        if config.get(name, expected) != expected:
            raise call.refused(f"its {name} is {config.get(name)!r}; {expected} is supported")
    units, features, steps = int(config["units"]), call.shape[1], call.shape[2]
    reset_after, biased = bool(config.get("reset_after", True)), config.get("use_bias", True) is not False
    parts: dict[str, list[Array]] = {"kernel": [], "recurrent": []}
    if biased:
        parts["bias"] = []
    for side in sides:
        kernel = _array(call, side, "kernel", 0, (features, len(gates) * units))
        again = _array(call, side, "recurrent_kernel", 1, (units, len(gates) * units))
        parts["kernel"].append(_ordered(kernel.T, gates))
        parts["recurrent"].append(_ordered(again.T, gates))
        if biased:
            two = kind == "GRU" and reset_after
            found = _array(call, side, "bias", 2, (2, 3 * units) if two else (len(gates) * units,)).reshape(-1, len(gates) * units)
            both = [_ordered(found[0], gates), _ordered(found[1], gates) if two else np.zeros(len(gates) * units, np.float32)]
            parts["bias"].append(np.concatenate(both))
    constants = [call.constant(what, np.stack(arrays)) for what, arrays in parts.items()]
    source = call.add("Transpose", [call.inputs[0]], (1, steps, features), perm=(0, 2, 1))
    extra = {"linear_before_reset": int(reset_after)} if kind == "GRU" else {}
    count = len(sides)
    every = call.add(kind, [source, *constants], (1, steps, count, units), hidden_size=units, layout=1, direction=direction, **extra)
    made = call.add("Reshape", [every], (1, steps, count * units))
    if config.get("return_sequences"):
        return call.add("Transpose", [made], (1, count * units, steps), perm=(0, 2, 1))
    if count == 2:
        raise call.refused("in both directions with the last outputs alone it is not supported; with return_sequences it is")
    if direction == "reverse":
        raise call.refused("backwards with the last output alone it is not supported; with return_sequences it is")
    last = call.constant("last", np.asarray(steps - 1, np.int64))
    return call.add("Gather", [made, last], (1, units), axis=1)


def _array(call: Call, side: str, name: str, number: int, shape: tuple[int, ...]) -> Array:
    key = f"{side}{name}" if side else name
    found = call.arrays.get(key)
    if found is None:
        found = call.arrays.get(f"{side}{number}")
    if found is None or found.shape != shape:
        held = "missing from the file" if found is None else f"of shape {list(found.shape)}, {list(shape)} was expected"
        raise call.refused(f"its {name} is {held}")
    return found


def _ordered(array: Array, gates: Sequence[int]) -> Array:
    parts = np.split(array, len(gates), axis=0)
    return np.concatenate([parts[gate] for gate in gates], axis=0)

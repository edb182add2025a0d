"""The nearest thing that would work, with its numbers, for what a network's file asks for and cannot have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from costmodel.errors import SpecError
from costmodel.sources.documents.yaml_document import YamlDocument, YamlPath

_KINDS: Final[Mapping[str, str]] = {
    "global_avg_pool2d": "adaptive_avg_pool2d with output_size: 1 is the same",
    "global_average_pool": "adaptive_avg_pool2d with output_size: 1 is the same",
    "depthwise_conv2d": "conv2d with groups equal to its input channels is the same",
    "conv1d": "conv2d over an input of channels x length x 1, with kernel: [k, 1], is the same",
    "relu6": "clamp with low: 0 and high: 6 is the same",
    "leaky_relu": "unary with function: leaky_relu and its slope is the same",
    "prelu": "binary with function: prelu and constant: [channels] is the same",
    "hard_swish": "unary with function: hard_swish is the same",
    "gelu": "unary with function: gelu is the same",
    "sigmoid": "unary with function: logistic is the same",
    "logistic": "unary with function: logistic is the same",
    "tanh": "unary with function: tanh is the same",
    "mul": "binary with function: mul is the same",
    "sub": "binary with function: sub is the same",
    "div": "binary with function: div is the same",
    "concatenate": "concat is the same",
    "split": "a slice for each part is the same",
    "pad": "pad_nd is the same",
    "quantize": "convert is the same",
    "dequantize": "convert is the same",
    "cast": "convert is the same",
    "upsample": "resize is the same",
    "depth_to_space": "rearrange with function: depth_to_space is the same",
    "mean": "reduce with function: mean is the same",
    "argmax": "reduce with function: arg_max is the same",
    "matmul": "einsum with equation: mk,kn->mn is the same",
    "dense": "linear is the same",
    "fully_connected": "linear is the same",
    "average_pool2d": "avg_pool2d is the same",
    "conv_transpose2d": "transposed_conv2d is the same",
}
"""What another tool calls a kind of layer, and what counts like it here."""


_TYPES: Final[Mapping[str, str]] = {
    "int4": "int8 holds the same values, one a byte",
    "uint4": "uint8 holds the same values, one a byte",
}
"""Types that are read from model files, and kept in another."""


def nearest_type(name: str) -> str:
    """Return what holds the values of an element type that is none here; empty where nothing does."""
    return _TYPES.get(name, "")


def refuse_scenario(document: YamlDocument) -> None:
    """Refuse a scenario's file where a network is asked for.

    Parameters
    ----------
    document : YamlDocument
        Read as a network.

    Raises
    ------
    SpecError
        Naming the network that the scenario is about.
    """
    data = document.data
    if isinstance(data, Mapping) and "network" in data and "layers" not in data:
        named = f", {data['network']!r}" if isinstance(data["network"], str) else ""
        raise SpecError(f"network: expected a network, found a scenario; give the network it is about{named}", document.location())


def nearest_kind(name: str) -> str:
    """Return what counts like a kind of layer that is none here; empty where nothing does."""
    return _KINDS.get(name, "")


def same_padding(path: YamlPath, document: YamlDocument) -> str:
    """Return the four paddings that `padding: same` stands for; empty where the layer does not say enough.

    Parameters
    ----------
    path : tuple
        Of the padding in the document.
    document : YamlDocument
        The network.

    Returns
    -------
    str
        For the layer's own input where the layers before it tell its size, else for rows and columns that are multiples of the stride.
    """
    found = _window(path, document)
    if found is None:
        return ""
    sides = []
    for reach, step, extent in zip(found.reach, found.stride, found.extents or (0, 0), strict=True):
        # Of an input that is not told, one whose extents are multiples of the stride.
        covered = extent or step * reach
        total = max((-(-covered // step) - 1) * step + reach - covered, 0)
        sides += [total // 2, total - total // 2]
    said = "where rows and columns are multiples of the stride" if found.extents is None else found.its_input
    return f"`same` is {_padding_text(sides)} {said}"


def ceil_padding(path: YamlPath, document: YamlDocument) -> str:
    """Return the four paddings that `ceil_mode: true` of a pooling stands for; empty where the layers do not tell its input.

    Parameters
    ----------
    path : tuple
        Of the field in the document.
    document : YamlDocument
        The network.

    Returns
    -------
    str
        What is padded already with what the last window reaches over the end.
    """
    found = _window(path, document)
    if found is None or found.extents is None:
        return ""
    sides = []
    for place, (reach, step, extent) in enumerate(zip(found.reach, found.stride, found.extents, strict=True)):
        before, after = found.padding[2 * place : 2 * place + 2]
        over = -(-max(extent + before + after - reach, 0) // step) * step + reach - extent - before - after
        # A window that would begin in the padding after the input is left out.
        sides += [before, after + (over if extent + before > over + extent + before + after - reach else 0)]
    return f"`ceil_mode: true` is {_padding_text(sides)} {found.its_input}"


class _Window(NamedTuple):
    """What a layer slides over its input: rows, then columns."""

    reach: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    extents: tuple[int, int] | None
    """Of its input; None where the layers before it do not tell."""

    @property
    def its_input(self) -> str:
        """The input as a message names it."""
        return "" if self.extents is None else f"for its input of {self.extents[0]} x {self.extents[1]}"


def _padding_text(sides: list[int]) -> str:
    return f"padding: [{', '.join(map(str, sides))}] (top, bottom, left, right)"


def _window(path: YamlPath, document: YamlDocument) -> _Window | None:
    """Return the window of the layer that a field belongs to; None where the layer does not say enough."""
    if len(path) < 3 or path[-3] != "layers" or not isinstance(path[-2], int):
        return None
    top: Any = document.data
    for part in path[:-3]:
        top = top[part]
    layer = top["layers"][path[-2]]
    # Left out, a convolution steps by one and a pooling by its kernel.
    usual = 1 if "out_channels" in layer else layer.get("kernel")
    kernel, stride, dilation = (_pair(layer.get(field, left)) for field, left in (("kernel", None), ("stride", usual), ("dilation", 1)))
    if kernel is None or dilation is None:
        return None
    reach = (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)
    return _Window(reach, stride or kernel, _four_sides(layer.get("padding", 0)), _extents(top, path[-2]))


def _four_sides(padding: Any) -> tuple[int, int, int, int]:
    """Return paddings as top, bottom, left and right; none where they are not told in numbers."""
    sides = padding if isinstance(padding, list) else [padding]
    if not all(isinstance(side, int) and not isinstance(side, bool) and side >= 0 for side in sides):
        return (0, 0, 0, 0)
    by_count = {1: [*sides * 4], 2: [side for side in sides for _ in range(2)], 4: sides}
    top, bottom, left, right = by_count.get(len(sides), [0, 0, 0, 0])
    return (top, bottom, left, right)


def _pair(value: Any) -> tuple[int, int] | None:
    both = [value, value] if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(both, list) or len(both) != 2 or not all(isinstance(each, int) and each > 0 for each in both):
        return None
    return both[0], both[1]


def _extents(network: Any, place: int) -> tuple[int, int] | None:
    """Return rows and columns of what a layer reads; None where the layers before it do not tell."""
    from pydantic import ValidationError

    from costmodel.errors import InputError
    from costmodel.specs.network import Network

    layer = network["layers"][place]
    reads = layer.get("inputs")
    if place and reads is None:
        try:
            before = Network.model_validate({"name": "before", "input": network.get("input"), "layers": network["layers"][:place]})
            shape = before.steps[before.order.index(place - 1)].lowered.output
        except (ValidationError, InputError, ValueError, AttributeError):
            return None
        return (int(shape[1]), int(shape[2])) if len(shape) == 3 else None
    if reads is not None:
        return None
    text = network.get("input")
    parts = text.lower().split("x") if isinstance(text, str) else text
    if not isinstance(parts, list) or len(parts) != 3 or not all(str(part).strip().isdecimal() for part in parts):
        return None
    return int(parts[1]), int(parts[2])

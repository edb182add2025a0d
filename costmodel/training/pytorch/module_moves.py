"""Parts of a user's PyTorch module that move elements and compute nothing: joined, cut, padded, given another shape."""

from __future__ import annotations

from typing import Any, Final

from costmodel.errors import SpecError
from costmodel.training.pytorch.traced_modules import example_shape

_FLAT: Final = 1
"""Axes of what a linear layer takes, without the batch."""
_PICTURE: Final = 3
"""Axes of what a convolution takes, without the batch."""


def joined(node: Any) -> tuple[dict[str, Any], ...]:
    """Return `torch.cat` along any axis but the batch."""
    axis = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", node.kwargs.get("axis", 0))
    shape = example_shape(node)
    place = axis - 1 if axis >= 0 else axis + (_PICTURE if shape is None else len(shape))
    if place < 0 or axis == 0:
        raise SpecError(f"tensors are joined along channels, rows or columns here (dim 1 to 3), found dim {axis}")
    return ({"kind": "concat", "axis": place},)


def cut(node: Any) -> tuple[dict[str, Any], ...]:
    """Return `x[:, a:b, ::2]`: a part of every image."""
    before = example_shape(node.args[0])
    asked = node.args[1] if isinstance(node.args[1], tuple) else (node.args[1],)
    if before is None or not all(isinstance(each, slice) for each in asked) or asked[0] != slice(None) or len(asked) > len(before) + 1:
        raise SpecError("a part of every image is cut out here by slices, the first of them `:`")
    ranges = [range(extent)[each] for extent, each in zip(before, (*asked[1:], *[slice(None)] * len(before)), strict=False)]
    if not all(len(each) for each in ranges):
        raise SpecError("a part without elements is cut out")
    starts, sizes, steps = ([getattr(each, name) for each in ranges] for name in ("start", "__len__", "step"))
    return ({"kind": "slice", "starts": tuple(starts), "sizes": tuple(size() for size in sizes), "steps": tuple(steps)},)


def bordered(found: Any) -> tuple[dict[str, Any], ...]:
    """Return a module that puts a border of one value around every channel."""
    left, right, top, bottom = found.padding
    return ({"kind": "pad_nd", "before": (0, top, left), "after": (0, bottom, right), "value": float(found.value)},)


def padded(node: Any) -> tuple[dict[str, Any], ...]:
    """Return `functional.pad` with a constant, of channels too."""
    shape = example_shape(node.args[0])
    pads, mode = _said(node, 1, "pad", ()), _said(node, 2, "mode", "constant")
    if mode != "constant" or shape is None or len(pads) % 2 or len(pads) > 2 * len(shape) or any(each < 0 for each in pads):
        raise SpecError("a padding with a constant is trained here, of channels, rows and columns")
    # PyTorch begins with the last axis.
    before, after = (tuple(reversed([*pads[side::2], *[0] * (len(shape) - len(pads) // 2)])) for side in (0, 1))
    return ({"kind": "pad_nd", "before": before, "after": after, "value": float(_said(node, 3, "value", None) or 0.0)},)


def reshaped(node: Any) -> tuple[dict[str, Any], ...]:
    """Return `view`, `reshape`, `squeeze` or `unsqueeze`: to (batch, features), or extents of 1 that come and go behind."""
    before, after = example_shape(node.args[0]), example_shape(node)
    if before is not None and after is not None:
        if len(after) == _FLAT:
            return ({"kind": "flatten"},)
        longer, shorter = sorted((before, after), key=len, reverse=True)
        if longer[: len(shorter)] == shorter and set(longer[len(shorter) :]) <= {1}:
            return ()
    found = "" if after is None else f", found {' x '.join(map(str, after))}"
    raise SpecError(f"a {node.target} to (batch, features) is trained here{found}")


def averaged(node: Any) -> tuple[dict[str, Any], ...]:
    """Return a mean over rows and columns, at once or one after the other."""
    over = _said(node, 1, "dim", ())
    before, after = example_shape(node.args[0]), example_shape(node)
    found = over if isinstance(over, tuple | list) else (over,)
    rank = _PICTURE if before is None else len(before)
    axes = sorted(axis - 1 if axis >= 0 else axis + rank for axis in found)
    kept = bool(_said(node, 2, "keepdim", default=False))
    if before is not None and rank > _FLAT and axes == [rank - 1] and (rank == _PICTURE) and not kept:
        return ({"kind": "adaptive_avg_pool2d", "output_size": (before[1], 1)},)
    if axes != list(range(1, rank)) or rank == _FLAT:
        raise SpecError(f"a mean over rows and columns (dim (2, 3)) is trained here, found {over}")
    flat = () if kept or after is None or len(after) != _FLAT else ({"kind": "flatten"},)
    return ({"kind": "adaptive_avg_pool2d", "output_size": (1, 1)}, *flat)


def _said(node: Any, place: int, name: str, default: Any = None) -> Any:
    """Return an argument of a call, by its place or its name."""
    return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)

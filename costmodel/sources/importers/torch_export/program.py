"""A program of torch.export, as its JSON has it, made a graph in ONNX's operators."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from costmodel.errors import FormatError, Location
from costmodel.sources.importers.channels_first.graph_draft import Array, GraphDraft, Node, Value, element_of
from costmodel.sources.importers.channels_first.open_extents import input_shapes
from costmodel.sources.importers.channels_first.passes import simplified
from costmodel.specs.imported_graph import ImportedGraph

FORMAT: Final = "PyTorch"
Program: TypeAlias = Mapping[str, Any]
_ELEMENTS: Final = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64", 12: "bool", 13: "bfloat16",
}  # fmt: skip
"""Element types by their number in a program."""
_TARGET: Final = re.compile(r"^torch\.ops\.(\w+)\.(__\w+__|\w+?)(_?)(?:\.(\w+))?$")
_VIEWS: Final = frozenset({
    "alias", "chunk", "contiguous", "detach", "dropout", "expand", "expand_as", "feature_dropout", "flatten", "mT", "movedim", "narrow",
    "permute", "reshape", "select", "slice", "split", "split_with_sizes", "squeeze", "swapaxes", "t", "transpose", "unbind", "unflatten",
    "unsqueeze", "view", "view_as",
})  # fmt: skip
"""Operators whose results share the memory of what they read."""
_OPERATORS: Final = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)


class Tensor(str):
    """Name of a tensor among a call's arguments."""

    __slots__ = ()


class Call:
    """One call of a program.

    Parameters
    ----------
    name : str
        Operator of PyTorch, without overload: `conv2d`.
    arguments : mapping
        By name; a tensor is a `Tensor`.
    outputs : sequence of str
        What it makes.
    node : str
        Its own name.
    module : str
        Path of the module it came from.
    in_place : bool
        Whether what it makes takes the place of what it reads.
    """

    def __init__(
        self, name: str, arguments: Mapping[str, Any], outputs: Sequence[str], node: str, module: str, *, in_place: bool = False
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.outputs = list(outputs)
        self.node = node
        self.module = module
        self.in_place = in_place

    def tensor(self, name: str) -> str:
        """Return an argument that is a tensor; empty where it is none."""
        found = self.arguments.get(name)
        return str(found) if isinstance(found, Tensor) else ""

    def integers(self, name: str, count: int, default: int) -> tuple[int, ...]:
        """Return whole numbers, one for each of some axes; one number stands for all."""
        found = self.arguments.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            found = [found]
        numbers = tuple(each for each in found if isinstance(each, int)) if isinstance(found, list) else ()
        return numbers * count if len(numbers) == 1 else numbers or (default,) * count

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number."""
        found = self.arguments.get(name)
        return int(found) if isinstance(found, int) else default

    def real(self, name: str, default: float) -> float:
        """Return a number."""
        found = self.arguments.get(name)
        return float(found) if isinstance(found, int | float) else default


def graph_of_program(program: Program, constants: Mapping[str, Array], name: str, shapes: Mapping[str, tuple[int, ...]]) -> ImportedGraph:
    """Return a program as a graph.

    Parameters
    ----------
    program : mapping
        As `torch.export.save` writes it.
    constants : mapping
        Weights, buffers and constants by their names in the module.
    name : str
        For messages, and as the network's name.
    shapes : mapping
        Shapes of inputs whose extents the program leaves open.

    Returns
    -------
    ImportedGraph
        In ONNX's operators.

    Raises
    ------
    InputError
        If it is damaged, an extent is open, or a constant is missing.
    """
    try:
        return simplified(_Reading(program, constants, name, shapes).read()).finished()
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError, OverflowError) as error:
        raise FormatError(f"has a program that cannot be read: {type(error).__name__} {str(error)[:80]}", Location(name)) from None


class _Reading:
    def __init__(self, program: Program, constants: Mapping[str, Array], name: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._graph = program["graph_module"]["graph"]
        self._signature = program["graph_module"]["signature"]
        self._constants = constants
        self._shapes = shapes
        self._symbols: dict[str, int] = {}
        self._memory: dict[str, str] = {}
        """For each view, the tensor whose memory it shares."""
        self._now: dict[str, str] = {}
        """For each tensor that was changed in place, what stands there now."""
        self._stale: dict[str, str] = {}
        """For each tensor that shares memory with one changed in place, the call that changed it."""
        self.draft = GraphDraft(name, FORMAT)

    def read(self) -> GraphDraft:
        """Read inputs, then every call in order."""
        from costmodel.sources.importers.torch_export.aten_operators import translated

        self._inputs()
        for entry in self._graph["nodes"]:
            call = self._call(entry)
            for output in call.outputs:
                self.draft.values.setdefault(output, self._value(output))
            translated(self.draft, call)
            self._follow(call)
        made = [str(each["as_tensor"]["name"]) for each in self._graph["outputs"] if "as_tensor" in each]
        self.draft.outputs = [self._current(name) for name in made]
        return self.draft

    def _follow(self, call: Call) -> None:
        """Follow what shares memory, and what is changed in place."""
        read = next((str(value) for value in call.arguments.values() if isinstance(value, Tensor)), "")
        base = self._memory.get(read, read)
        if call.name in _VIEWS or call.in_place:
            self._memory |= dict.fromkeys(call.outputs, base)
        if not call.in_place or not read or not call.outputs:
            return
        sharing = [name for name, shared in self._memory.items() if shared == base and name not in call.outputs]
        self._stale |= {name: call.node for name in (base, *sharing) if name != read}
        for name, now in list(self._now.items()):
            if now == read:
                self._now[name] = call.outputs[0]
        self._now[read] = call.outputs[0]

    def _current(self, name: str) -> str:
        now = self._now.get(name, name)
        if now in self._stale:
            why = f"{name!r} is read after {self._stale[now]!r} wrote into memory it shares"
            raise self.draft.broken(f"{why}; write the module without changing tensors in place")
        return now

    def _inputs(self) -> None:
        draft, named = self.draft, []
        for entry in self._signature["input_specs"]:
            ((kind, spec),) = entry.items()
            if kind == "user_input":
                if "as_tensor" in spec["arg"]:
                    named.append(str(spec["arg"]["as_tensor"]["name"]))
                continue
            key = next((str(spec[field]) for field in ("parameter_name", "buffer_name", "tensor_constant_name") if field in spec), "")
            if key not in self._constants:
                if kind in ("parameter", "buffer", "tensor_constant"):
                    raise draft.broken(f"its constant {key!r} is missing")
                continue
            array = self._constants[key]
            draft.values[str(spec["arg"]["name"])] = Value(array.shape, element_of(array), array)
        declared = {each: [_extent(size) for size in self._tensor(each)["sizes"]] for each in named}
        found = input_shapes(draft, declared, self._shapes)
        for each, extents in declared.items():
            draft.open_axes[each] = tuple(axis for axis, extent in enumerate(extents) if isinstance(extent, str))
            self._symbols |= {extent: number for extent, number in zip(extents, found[each], strict=True) if isinstance(extent, str)}
            draft.values[each] = Value(found[each], _ELEMENTS.get(self._tensor(each)["dtype"], "string"))
        draft.inputs = named

    def _tensor(self, name: str) -> Mapping[str, Any]:
        found = self._graph["tensor_values"].get(name)
        if found is None:
            raise self.draft.broken(f"the tensor {name!r} has no shape in it")
        return dict(found)

    def _value(self, name: str) -> Value:
        tensor = self._tensor(name)
        shape = tuple(self._number(_extent(size), name) for size in tensor["sizes"])
        return Value(self.draft.checked(shape, name), _ELEMENTS.get(tensor["dtype"], "string"))

    def _number(self, extent: int | str, name: str) -> int:
        if isinstance(extent, int):
            return extent
        try:
            return _computed(ast.parse(extent, mode="eval").body, self._symbols)
        except (ValueError, SyntaxError, RecursionError, ZeroDivisionError, MemoryError):
            text = f"an extent of {name!r} is {extent[:80]!r}, which is not followed here; export it with fixed extents"
            raise self.draft.broken(text) from None

    def _call(self, entry: Mapping[str, Any]) -> Call:
        target, node = str(entry["target"]), str(entry.get("name") or "")
        match = _TARGET.match(target)
        kind = match.group(2) if match and match.group(1) == "aten" else target
        outputs: list[str] = []
        for made in entry["outputs"]:
            if "as_tensor" in made:
                outputs.append(str(made["as_tensor"]["name"]))
            elif "as_tensors" in made:
                outputs += [str(each["name"]) for each in made["as_tensors"]]
        arguments = {str(given["name"]): self._named(_argument(given["arg"], self._symbols)) for given in entry["inputs"]}
        stack = str((entry.get("metadata") or {}).get("nn_module_stack") or "")
        levels = [level.split(",") for level in stack.split(";") if level.count(",") >= 2]
        in_place = bool(match and match.group(1) == "aten" and (match.group(3) or kind.startswith("__i")))
        return Call(kind, arguments, outputs, node or (outputs[0] if outputs else ""), levels[-1][1] if levels else "", in_place=in_place)

    def _named(self, given: Any) -> Any:
        """Return an argument with each tensor as it is now."""
        if isinstance(given, list):
            return [self._named(each) for each in given]
        return Tensor(self._current(given)) if isinstance(given, Tensor) else given


def _extent(size: Mapping[str, Any]) -> int | str:
    return int(size["as_int"]) if "as_int" in size else str(size["as_expr"]["expr_str"])


def _argument(given: Mapping[str, Any], symbols: Mapping[str, int]) -> Any:
    ((kind, value),) = given.items()
    if kind == "as_none":
        return None
    if kind == "as_tensor":
        return Tensor(value["name"])
    if kind == "as_tensors":
        return [Tensor(each["name"]) for each in value]
    if kind == "as_optional_tensors":
        return [Tensor(each["as_tensor"]["name"]) if "as_tensor" in each else None for each in value]
    if kind == "as_float" and isinstance(value, str):
        # JSON has no word for what is infinite, or no number.
        return float(value)
    if kind == "as_sym_int":
        return int(value["as_int"]) if "as_int" in value else symbols.get(str(value.get("as_name")))
    if kind == "as_sym_ints":
        return [int(each["as_int"]) if "as_int" in each else symbols.get(str(each.get("as_name")), -1) for each in value]
    return value


def _computed(part: ast.AST, symbols: Mapping[str, int]) -> int:
    """Evaluate sums, products and whole quotients of symbols."""
    if isinstance(part, ast.Constant) and isinstance(part.value, int):
        return part.value
    if isinstance(part, ast.Name) and part.id in symbols:
        return symbols[part.id]
    if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
        return -_computed(part.operand, symbols)
    if isinstance(part, ast.BinOp) and isinstance(part.op, _OPERATORS):
        a, b = _computed(part.left, symbols), _computed(part.right, symbols)
        if isinstance(part.op, ast.Add):
            return a + b
        if isinstance(part.op, ast.Sub):
            return a - b
        return a * b if isinstance(part.op, ast.Mult) else a // b
    raise ValueError("not followed")


__all__ = ["Call", "Node", "Program", "Tensor", "graph_of_program"]

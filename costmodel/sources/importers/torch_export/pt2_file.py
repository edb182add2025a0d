"""Files of torch.export (`.pt2`): a zip of the program as JSON and of raw weights, read without PyTorch; pickles in it are not opened."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from costmodel.errors import FormatError, Location
from costmodel.json_text import parsed_json
from costmodel.sources.documents.input_file import MAX_MODEL_BYTES
from costmodel.sources.importers.bounded_zip import BoundedZip
from costmodel.sources.importers.channels_first.graph_draft import Array
from costmodel.sources.importers.torch_export.program import Program, graph_of_program
from costmodel.specs.imported_graph import ImportedGraph

_OLD_PROGRAM: Final = "serialized_exported_program.json"
_DTYPES: Final = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f2", 7: "<f4", 8: "<f8", 12: "?"}
"""Element types by their number in a program, as arrays have them."""


def from_pt2(data: bytes, name: str, shapes: Mapping[str, tuple[int, ...]] | None = None) -> ImportedGraph:
    """Read a program that `torch.export.save` wrote.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        File name, for messages and as the network's name.
    shapes : mapping, optional
        Shapes of inputs whose extents the program leaves open.

    Returns
    -------
    ImportedGraph
        In ONNX's operators.

    Raises
    ------
    InputError
        If it is no such file, is damaged, or its weights are pickles.
    """
    archive = BoundedZip(data, name, MAX_MODEL_BYTES)
    program = program_in(archive, name)
    if archive.find(_OLD_PROGRAM) is not None:
        text = "holds its weights as a pickle, which is never loaded; save it again with PyTorch 2.8 or later, or give the module itself"
        raise FormatError(text, Location(name))
    return graph_of_program(program, constants_in(archive, name), name, shapes or {})


def program_in(archive: BoundedZip, name: str) -> Mapping[str, Any]:
    """Return the program in an archive, as JSON has it; raises FormatError where there is none."""
    member = archive.find("models/model.json") or archive.find(_OLD_PROGRAM)
    if member is None:
        models = [each for each in archive.names if "/models/" in f"/{each}" and each.endswith(".json")]
        if len(models) != 1:
            text = "holds no program of torch.export; a .pt or .pth file holds pickled weights without a graph, and is never loaded"
            raise FormatError(f"{text}: torch.export.save(torch.export.export(module.eval(), (example,)), 'model.pt2')", Location(name))
        member = models[0]
    found = _parsed(archive.read(member), member, name)
    if not isinstance(found.get("graph_module"), Mapping):
        raise FormatError(f"has no graph in its {member}", Location(name))
    return found


def constants_in(archive: BoundedZip, name: str) -> dict[str, Array]:
    """Return weights and constants in an archive, by the names that the program has for them."""
    found: dict[str, Array] = {}
    payloads: dict[str, bytes] = {}
    for ending, folder in (("model_weights_config.json", "weights"), ("model_constants_config.json", "constants")):
        member = archive.find(f"data/{folder}/{ending}")
        if member is None:
            continue
        entries = _parsed(archive.read(member), member, name).get("config")
        for key, entry in entries.items() if isinstance(entries, Mapping) else ():
            where = f"the constant {key!r}"
            if not isinstance(entry, Mapping) or entry.get("use_pickle") or not isinstance(entry.get("path_name"), str):
                raise FormatError(f"{where} is a pickle, which is never loaded", Location(name))
            path = member.removesuffix(ending) + entry["path_name"]
            if path not in payloads:
                payloads[path] = archive.read(path)
            found[str(key)] = _array(payloads[path], entry.get("tensor_meta"), where, name)
    return found


def _array(content: bytes, meta: Any, where: str, name: str) -> Array:
    try:
        dtype = np.dtype(_DTYPES[meta["dtype"]])
        sizes, strides = ([int(extent["as_int"]) for extent in meta[field]] for field in ("sizes", "strides"))
        offset = int(meta["storage_offset"]["as_int"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise FormatError(f"{where} has elements or extents that cannot be read", Location(name)) from None
    held = len(content) // dtype.itemsize
    elements = math.prod(sizes)
    last = offset + sum((extent - 1) * stride for extent, stride in zip(sizes, strides, strict=False))
    if len(sizes) != len(strides) or min([*sizes, *strides, offset, 0]) < 0 or (elements and not 0 <= last < held):
        raise FormatError(f"{where} has {len(content):,} bytes, too few for the shape {sizes[:8]}", Location(name))
    if elements > max(held, 1):
        raise FormatError(f"{where} repeats its elements: the shape {sizes[:8]} of {held:,}", Location(name))
    stored = np.frombuffer(content, dtype, count=held)
    steps = [stride * dtype.itemsize for stride in strides]
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(stored[offset:], sizes, steps, writeable=False))


def _parsed(content: bytes, member: str, name: str) -> Program:
    try:
        found = parsed_json(content, Location(name))
    except (ValueError, RecursionError):
        raise FormatError(f"has a {member} that is no JSON", Location(name)) from None
    if not isinstance(found, Mapping):
        raise FormatError(f"has a {member} that is no object", Location(name))
    return found

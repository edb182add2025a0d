"""Bytes of code that generated kernels take on a core, as its compiler makes them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from costmodel.deployment.deployed import DeployedNetwork
from costmodel.deployment.kernels.shapes import KernelShape, kernel_shape
from costmodel.deployment.kernels.source import kernel_shapes, kernel_source
from costmodel.validation.targets.compiling import EXACT_FLAGS, compiled, run_tool, with_kernels
from costmodel.validation.targets.emulated_targets import emulated_target

_SECTION: Final = re.compile(r"^\s*\d+\s+\.(?:text|literal)\.k(\d+)(?:\D\S*)?\s+([0-9a-f]+)\s", re.MULTILINE)
"""A function's own section in the table of an object file: its kernel's place and its bytes."""


def layer_code_bytes(network: DeployedNetwork, core: str, *, firmware: Path, cache: Path) -> dict[str, int] | None:
    """Return the code of the kernel of each layer that is blocked; layers of one shape share theirs.

    Parameters
    ----------
    network : DeployedNetwork
        Under a mapping.
    core : str
        One of `CORES`.
    firmware : Path
        The folder `firmware/`.
    cache : Path
        Folder for what is built.

    Returns
    -------
    dict of str to int or None
        Bytes by layer; None where the core's compiler is not installed.
    """
    if shutil.which(emulated_target(core).compiler) is None:
        return None
    shapes = kernel_shapes([network])
    if not shapes:
        return {}
    sizes = dict(zip(shapes, kernel_code_bytes(shapes, core, firmware=firmware, cache=cache), strict=True))
    of_layers = ((layer.name, kernel_shape(network, layer)) for layer in network.layers)
    return {name: sizes[shape] for name, shape in of_layers if shape is not None}


def kernel_code_bytes(shapes: Sequence[KernelShape], core: str, *, firmware: Path, cache: Path) -> tuple[int, ...]:
    """Compile kernels for a core and return the code of each.

    Parameters
    ----------
    shapes : sequence of KernelShape
        Each once.
    core : str
        One of `CORES`.
    firmware : Path
        The folder `firmware/`.
    cache : Path
        Folder for what is built.

    Returns
    -------
    tuple of int
        Bytes, in their order: every function of the kernel with its literals, compiled as the timing build is.

    Raises
    ------
    ToolError
        If the core's compiler is missing or fails.
    """
    target = emulated_target(core)
    flags, sources = with_kernels(kernel_source(shapes), firmware, cache)
    flags = [*EXACT_FLAGS, "-ffreestanding", "-ffunction-sections", *target.flags, *flags, "-c"]
    built = compiled(target.compiler, flags, sources, [], list((firmware / "core").glob("*.h")), cache, f"{core}_kernels.o")
    table = run_tool([f"{target.tool_prefix}objdump", "-h", str(built)], f"{target.tool_prefix}objdump").stdout.decode()
    sizes = dict.fromkeys(range(len(shapes)), 0)
    for place, size in _SECTION.findall(table):
        sizes[int(place)] += int(size, 16)
    return tuple(sizes.values())

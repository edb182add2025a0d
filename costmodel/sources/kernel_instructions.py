"""Instructions of generated kernels and of the packaged ones, by core."""

from __future__ import annotations

import functools

from costmodel.sources.documents.validation_errors import checked_spec
from costmodel.sources.shipped.packaged_data import packaged_document
from costmodel.specs.devices.kernel_core import kernel_core
from costmodel.specs.devices.kernel_instructions import KernelInstructions


@functools.cache
def load_kernel_instructions(core: str) -> KernelInstructions:
    """Return what generated kernels take on a core.

    Parameters
    ----------
    core : str
        One of `CORES`.

    Returns
    -------
    KernelInstructions
        Fitted by benchmarks/fit_kernel_instructions.py.

    Raises
    ------
    UnknownNameError
        If there is no such core; names the nearest.
    """
    return checked_spec(packaged_document("kernel_instructions", kernel_core(core).name), KernelInstructions, "kernel_instructions")


@functools.cache
def load_packaged_instructions(core: str) -> KernelInstructions:
    """Return what the packaged kernels, of int8 and of floats, take on a core, output stationary.

    Parameters
    ----------
    core : str
        One of `CORES`.

    Returns
    -------
    KernelInstructions
        Fitted by benchmarks/fit_packaged_instructions.py.

    Raises
    ------
    UnknownNameError
        If there is no such core; names the nearest.
    """
    return checked_spec(packaged_document("packaged_instructions", kernel_core(core).name), KernelInstructions, "packaged_instructions")

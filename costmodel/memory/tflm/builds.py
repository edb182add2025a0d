"""Builds of TensorFlow Lite Micro: how many bytes each of its records takes where pointers have four or eight bytes.

Source: sizes of the structures that its sources declare (https://github.com/tensorflow/tflite-micro, 2026), laid out for each target.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class KernelLibrary(StrEnum):
    """Who wrote the kernels."""

    REFERENCE = "reference"
    CMSIS_NN = "cmsis-nn"


class TflmBuild(NamedTuple):
    """Sizes of records in one build."""

    pointer_bytes: int
    allocator_bytes: int
    """Of the object that hands out the arena."""
    planner_bytes: int
    micro_allocator_bytes: int
    builtin_allocator_bytes: int
    subgraph_bytes: int
    eval_tensor_bytes: int
    """Of what is kept for every tensor, constants included."""
    node_bytes: int
    """Of what is kept for every operator."""
    tensor_bytes: int
    """Of what is kept for an input or output of the network."""
    quantisation_bytes: int
    """Of the quantisation of an input or output, without its zero points."""
    variables_bytes: int
    variable_bytes: int
    """Of each resource variable, without its content."""
    library: KernelLibrary = KernelLibrary.REFERENCE


CHIP_32: Final = TflmBuild(
    pointer_bytes=4,
    allocator_bytes=36,
    planner_bytes=44,
    micro_allocator_bytes=36,
    builtin_allocator_bytes=8,
    subgraph_bytes=8,
    eval_tensor_bytes=12,
    node_bytes=32,
    tensor_bytes=40,
    quantisation_bytes=12,
    variables_bytes=12,
    variable_bytes=20,
)
"""A microcontroller: 32-bit pointers, no recording of allocations, no compressed tensors."""
CHIP_32_CMSIS_NN: Final = CHIP_32._replace(library=KernelLibrary.CMSIS_NN)
"""A microcontroller with an Arm core that has DSP instructions."""
CHIP_32_RECORDED: Final = CHIP_32_CMSIS_NN._replace(allocator_bytes=52, micro_allocator_bytes=120, node_bytes=44, tensor_bytes=64)
"""The same, built to record its allocations and without `TF_LITE_STATIC_MEMORY`: what single layers were measured with."""
HOST_64: Final = TflmBuild(
    pointer_bytes=8,
    allocator_bytes=104,
    planner_bytes=72,
    micro_allocator_bytes=272,
    builtin_allocator_bytes=16,
    subgraph_bytes=24,
    eval_tensor_bytes=24,
    node_bytes=64,
    tensor_bytes=64,
    quantisation_bytes=24,
    variables_bytes=16,
    variable_bytes=40,
)
"""The published Python package: 64-bit pointers, allocations recorded, compressed tensors built in."""

"""Weight stationary, executed."""

from __future__ import annotations

from costmodel.dataflows.executed.counted_memory import Operand
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES, Convolution
from costmodel.dataflows.executed.reach import by_kernel


def run_weight_stationary(c: Convolution) -> None:
    """Run a convolution weight by weight: each meets every output it serves in a plane of partial sums.

    Parameters
    ----------
    c : Convolution
        Its output is written and its memory counts.
    """
    memory = c.memory
    memory.register(c.weight_bytes)
    width = len(c.columns)
    psum = memory.scratch(Operand.PSUM, len(c.rows) * width, ACCUMULATOR_BYTES)
    rows_served, columns_served = by_kernel(c.rows, c.kernel_height), by_kernel(c.columns, c.kernel_width)
    for channel in range(c.groups * c.out_channels):
        group = channel // c.out_channels
        start = c.bias.read(channel)
        for place in range(len(psum.values)):
            psum.write(place, start)
        for ic in range(c.in_channels):
            for kh, row_uses in enumerate(rows_served):
                for kw, column_uses in enumerate(columns_served):
                    weight = c.weight.read(c.weight_at(channel, ic, kh, kw))
                    for oh, row in row_uses:
                        for ow, column in column_uses:
                            inside = row.inside and column.inside
                            if not (inside or c.nominal):
                                continue
                            partial = psum.read(oh * width + ow)
                            address = c.input_at(group * c.in_channels + ic, row.position, column.position)
                            element = c.input.read(address) if inside else c.input.read_padding()
                            psum.write(oh * width + ow, partial + element * weight)
                            memory.mac_count += 1
        for oh in range(len(c.rows)):
            for ow in range(width):
                c.output.write(c.output_at(channel, oh, ow), psum.read(oh * width + ow))
        c.progress(channel + 1, c.groups * c.out_channels)

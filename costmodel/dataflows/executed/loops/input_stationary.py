"""Input stationary, executed."""

from __future__ import annotations

from costmodel.dataflows.executed.counted_memory import Operand
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES, Convolution
from costmodel.dataflows.executed.reach import by_position


def run_input_stationary(c: Convolution) -> None:
    """Run a convolution input by input, in row-major order: each meets every output that uses it, in a group's partial sums.

    Parameters
    ----------
    c : Convolution
        Its output is written and its memory counts.
    """
    memory = c.memory
    memory.register(c.input_bytes)
    height, width = len(c.rows), len(c.columns)
    plane = height * width
    psum = memory.scratch(Operand.PSUM, c.out_channels * plane, ACCUMULATOR_BYTES)
    users_of_row, users_of_column = by_position(c.rows), by_position(c.columns)
    for group in range(c.groups):
        for oc in range(c.out_channels):
            start = c.bias.read(group * c.out_channels + oc)
            for place in range(plane):
                psum.write(oc * plane + place, start)
        for ic in range(c.in_channels):
            for ih, row_uses in users_of_row:
                for iw, column_uses in users_of_column:
                    if row_uses[0].tap.inside and column_uses[0].tap.inside:
                        element = c.input.read(c.input_at(group * c.in_channels + ic, ih, iw))
                    elif c.nominal:
                        element = c.input.read_padding()
                    else:
                        continue
                    for oc in range(c.out_channels):
                        channel = group * c.out_channels + oc
                        for oh, row in row_uses:
                            for ow, column in column_uses:
                                place = oc * plane + oh * width + ow
                                weight = c.weight.read(c.weight_at(channel, ic, row.kernel, column.kernel))
                                psum.write(place, psum.read(place) + element * weight)
                                memory.mac_count += 1
            c.progress(group * c.in_channels + ic + 1, c.groups * c.in_channels)
        for place in range(c.out_channels * plane):
            c.output.write(group * c.out_channels * plane + place, psum.read(place))

"""Row stationary on one core, executed: three row buffers."""

from __future__ import annotations

from costmodel.dataflows.executed.counted_memory import Operand
from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES, Convolution


def run_row_stationary(c: Convolution) -> None:
    """Run a convolution row by row: an input row and a weight row are loaded whole and meet in a row of partial sums.

    Parameters
    ----------
    c : Convolution
        Its output is written and its memory counts.
    """
    memory = c.memory
    input_row = memory.scratch(Operand.INPUT_ROW, c.width, c.input_bytes)
    weight_row = memory.scratch(Operand.WEIGHT_ROW, c.kernel_width, c.weight_bytes)
    psum_row = memory.scratch(Operand.PSUM, len(c.columns), ACCUMULATOR_BYTES)
    read_input, read_padding, read_weight = input_row.read, input_row.read_padding, weight_row.read
    for channel in range(c.groups * c.out_channels):
        group = channel // c.out_channels
        for oh, row_taps in enumerate(c.rows):
            start = c.bias.read(channel)
            for ow in range(len(c.columns)):
                psum_row.write(ow, start)
            for ic in range(c.in_channels):
                for kh, ih, row_inside in row_taps:
                    if not (row_inside or c.nominal):
                        continue
                    for kw in range(c.kernel_width):
                        weight_row.write(kw, c.weight.read(c.weight_at(channel, ic, kh, kw)))
                    for iw in range(c.width):
                        address = c.input_at(group * c.in_channels + ic, ih, iw)
                        input_row.write(iw, c.input.read(address) if row_inside else c.input.read_padding())
                    for ow, column_taps in enumerate(c.columns):
                        accumulator = psum_row.read(ow)
                        for kw, iw, column_inside in column_taps:
                            if column_inside:
                                element = read_input(iw)
                            elif c.nominal:
                                element = read_padding()
                            else:
                                continue
                            accumulator += element * read_weight(kw)
                            memory.mac_count += 1
                        psum_row.write(ow, accumulator)
            for ow in range(len(c.columns)):
                c.output.write(c.output_at(channel, oh, ow), psum_row.read(ow))
        c.progress(channel + 1, c.groups * c.out_channels)

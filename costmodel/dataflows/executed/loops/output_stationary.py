"""Output stationary, executed."""

from __future__ import annotations

from costmodel.dataflows.executed.kinds.convolution import ACCUMULATOR_BYTES, Convolution


def run_output_stationary(c: Convolution) -> None:
    """Run a convolution with one accumulator: each output is finished before the next begins.

    Parameters
    ----------
    c : Convolution
        Its output is written and its memory counts.
    """
    memory = c.memory
    read_input, read_padding, read_weight = c.input.read, c.input.read_padding, c.weight.read
    memory.register(ACCUMULATOR_BYTES)
    for channel in range(c.groups * c.out_channels):
        group = channel // c.out_channels
        for oh, row_taps in enumerate(c.rows):
            for ow, column_taps in enumerate(c.columns):
                on_boundary = not all(tap.inside for tap in row_taps + column_taps)
                accumulator = c.bias.read(channel)
                for ic in range(c.in_channels):
                    for kh, ih, row_inside in row_taps:
                        input_row = c.input_at(group * c.in_channels + ic, ih, 0)
                        weight_row = c.weight_at(channel, ic, kh, 0)
                        for kw, iw, column_inside in column_taps:
                            if on_boundary:
                                memory.boundary_check_count += 1
                            if row_inside and column_inside:
                                element = read_input(input_row + iw)
                            elif c.nominal:
                                element = read_padding()
                            else:
                                continue
                            accumulator += element * read_weight(weight_row + kw)
                            memory.mac_count += 1
                c.output.write(c.output_at(channel, oh, ow), accumulator)
        c.progress(channel + 1, c.groups * c.out_channels)

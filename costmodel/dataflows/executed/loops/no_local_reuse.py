"""No local reuse, executed."""

from __future__ import annotations

from costmodel.dataflows.executed.kinds.convolution import Convolution


def run_no_local_reuse(c: Convolution) -> None:
    """Run a convolution without scratch: every partial sum goes back to the output tensor.

    Parameters
    ----------
    c : Convolution
        Its output is written and its memory counts.
    """
    memory = c.memory
    for channel in range(c.groups * c.out_channels):
        group = channel // c.out_channels
        for oh, row_taps in enumerate(c.rows):
            for ow, column_taps in enumerate(c.columns):
                place = c.output_at(channel, oh, ow)
                c.output.write(place, c.bias.read(channel))
                for ic in range(c.in_channels):
                    for kh, ih, row_inside in row_taps:
                        for kw, iw, column_inside in column_taps:
                            inside = row_inside and column_inside
                            if not (inside or c.nominal):
                                continue
                            partial = c.output.read(place)
                            address = c.input_at(group * c.in_channels + ic, ih, iw)
                            element = c.input.read(address) if inside else c.input.read_padding()
                            weight = c.weight.read(c.weight_at(channel, ic, kh, kw))
                            c.output.write(place, partial + element * weight)
                            memory.mac_count += 1
        c.progress(channel + 1, c.groups * c.out_channels)

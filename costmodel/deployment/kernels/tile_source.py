"""The C of one tile: every accumulator a scalar, a barrier after each tap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from costmodel.deployment.kernels.shapes import KernelShape
from costmodel.deployment.kernels.tiles import LineType

_MOST_WRITTEN_OUT: Final = 12
"""Longest run of taps that is written out whole."""
_UNROLLED: Final = (16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4)
"""Taps of one turn of a loop, the first that divides the run; the first that is left over least if none does."""


_REACH_OF_BYTES: Final = 255
"""Farthest byte from an address that a load of a core without signed bytes reaches."""
_REACH: Final = 2047
"""The same of the others: RISC-V's, which is the nearer."""


def tile_name(name: str, pixels: int, filters: int) -> str:
    """Return the C name of a tile's function."""
    return f"{name}_{pixels}x{filters}"


def tile_function(shape: KernelShape, name: str, pixels: int, filters: int) -> list[str]:
    """Return the lines of the function that runs tiles of one size along a row, or along a map.

    Parameters
    ----------
    shape : KernelShape
        Of the layer.
    name : str
        C name of its kernel.
    pixels, filters : int
        Of the tile.

    Returns
    -------
    list of str
        With the macro of one tap before it.
    """
    macro = f"TAP_{name}_{pixels}x{filters}".upper()
    tap, body = _tap(shape, macro, pixels, filters), tile_body(shape, macro, pixels, filters, filters)
    return [*tap, "", *framed(shape, tile_name(name, pixels, filters), pixels, body)]


def framed(shape: KernelShape, name: str, pixels: int, body: Sequence[str]) -> list[str]:
    """Return the function that runs a body on each of its tiles."""
    line, weight = line_c_type(shape), shape.tile.weight_c_type
    walks = (
        [f"const {line} *x", f"const {weight} *weights"]
        if shape.on_map
        else [f"const {line} *const *rows", "int32_t row_count", f"const {weight} *weights", "int32_t at"]
    )
    rest = ["const int32_t *bias", "const cm_rescale *rescale", "int8_t *output", "int32_t tiles", "cm_counters *counters"]
    step = pixels if shape.on_map else pixels * shape.w.stride * shape.in_channels
    return [
        f"static CM_NOINLINE void {name}({', '.join([*walks, *rest])}) {{",
        "    do {",
        *(f"        {text}" for text in ([] if shape.bias else ["(void)bias;"])),
        *body,
        f"        {'x' if shape.on_map else 'at'} += {step};",
        f"        output += {pixels};",
        "    } while (--tiles > 0);",
        "}",
    ]


def tile_body(shape: KernelShape, macro: str, pixels: int, filters: int, words: int) -> list[str]:
    """Return what a tile does whose taps load so many words of weights and add to every sum."""
    lines = []
    for q in range(filters):
        names = ", ".join(f"a{p}{_of(q)} = a0{_of(q)}" for p in range(1, pixels))
        lines.append(f"        uint32_t a0{_of(q)} = {bias_of(shape, q)}{', ' + names if names else ''};")
    lines.append(f"        const {shape.tile.weight_c_type} *w = weights;")
    return [*lines, *walk(shape, lambda length, indent: _run(shape, macro, length, words, indent)), *results(shape, pixels, filters)]


def bias_of(shape: KernelShape, q: int) -> str:
    """Return what the sums of a filter start from."""
    return f"(uint32_t)CM_LOAD(bias[{q}], bias_read_count)" if shape.bias else "0u"


def _of(q: int) -> str:
    return f"_{q}"


def line_c_type(shape: KernelShape) -> str:
    """Return the C type of the elements that taps load."""
    if shape.on_map:
        # Read where it lies: unsigned only where no element is below a zero point of 0.
        return "uint8_t" if shape.tile.line is LineType.UINT8 and shape.input_zero_point == 0 else "int8_t"
    return shape.tile.line.c_type


def _element(place: str, c_type: str) -> str:
    return f"CM_SHORT({place})" if c_type == "int16_t" else place


def _tap(shape: KernelShape, macro: str, pixels: int, filters: int) -> list[str]:
    """One tap: the fewer operands are held, the others pass by one at a time."""
    weight = shape.tile.weight_c_type

    def w_of(q: int) -> str:
        return f"CM_LOAD({_element(f'(w)[{q}]', weight)}, weight_read_count)"

    body = []
    if filters <= pixels:
        body += [f"const int32_t w{q} = {w_of(q)};" for q in range(filters)]
        body += passing_inputs(shape, pixels, filters)
    else:
        body += [f"const int32_t x{p} = {input_of(shape, p)};" for p in range(pixels)]
        body.append("int32_t v;")
        for q in range(filters):
            body.append(f"v = {w_of(q)};")
            body += [f"CM_MULTIPLY_ADD(a{p}{_of(q)}, x{p}, v);" for p in range(pixels)]
    return tap_macro(macro, body)


def input_of(shape: KernelShape, p: int) -> str:
    """Return the input of a pixel at a tap, less its zero point."""
    counter = "input_read_count" if shape.on_map else "input_row_read_count"
    less = f" - ({shape.input_zero_point})" if shape.on_map and shape.input_zero_point else ""
    stride = 1 if shape.on_map else shape.w.stride * shape.in_channels
    return f"CM_LOAD({_element(f'(x)[{p * stride}]', line_c_type(shape))}, {counter}){less}"


def passing_inputs(shape: KernelShape, pixels: int, filters: int) -> list[str]:
    """Return the products of held weights with one input after another."""
    body = ["int32_t v;"]
    for p in range(pixels):
        body.append(f"v = {input_of(shape, p)};")
        body += [f"CM_MULTIPLY_ADD(a{p}{_of(q)}, v, w{q});" for q in range(filters)]
    return body


def tap_macro(macro: str, body: Sequence[str]) -> list[str]:
    """Return the macro of a tap: where its inputs and its weights are."""
    head = [f"#define {macro}(x, w)", "    do {", *(f"        {line}" for line in (*body, "CM_KEEP();"))]
    return [*(f"{line:<118} \\" for line in head), "    } while (0)"]


def walk(shape: KernelShape, run_of: Callable[[int, str], list[str]]) -> list[str]:
    """Return the loops over a tile's taps, around what a run of so many does at an indent."""
    line = line_c_type(shape)
    if shape.on_map:
        return ["        {", f"            const {line} *tap = x;", *run_of(shape.in_channels, "            "), "        }"]
    lines = ["        for (int32_t row = 0; row < row_count; row++) {", f"            const {line} *tap = rows[row] + at;"]
    run, runs = runs_of(shape)
    if runs == 1:
        return [*lines, *run_of(run, "            "), "        }"]
    gap = (shape.w.dilation - 1) * shape.in_channels
    return [
        *lines,
        f"            for (int32_t column = 0; column < {runs}; column++) {{",
        *run_of(run, "                "),
        f"                tap += {gap};",
        "            }",
        "        }",
    ]


def _run(shape: KernelShape, macro: str, length: int, words: int, indent: str) -> list[str]:
    """A run of taps: written out, or in a loop with what is left over behind it."""
    step, stepping = step_of(shape), steps_each_tap(shape, taps_of_turn(length))

    def taps(count: int) -> list[str]:
        if stepping:
            # Held, or the compiler makes an address of its own for each load.
            one = [f"tap += {step};", "CM_HOLD(tap);"]
            return [line for place in range(count) for line in (f"{macro}(tap, w + {place * words});", *one)]
        return [f"{macro}(tap + {place * step}, w + {place * words});" for place in range(count)]

    def moved(count: int) -> list[str]:
        return [*([] if stepping else [f"tap += {count * step};"]), f"w += {count * words};"]

    if length <= _MOST_WRITTEN_OUT:
        return [f"{indent}{line}" for line in (*taps(length), *moved(length))]
    turn = taps_of_turn(length)
    left = length % turn
    lines = [
        "{",
        f"    const {shape.tile.weight_c_type} *const end = w + {(length - left) * words};",
        "    do {",
        *(f"        {line}" for line in (*taps(turn), *moved(turn))),
        "    } while (w != end);",
        "}",
    ]
    if left:
        lines += [*taps(left), *moved(left)]
    return [f"{indent}{line}" for line in lines]


def step_of(shape: KernelShape) -> int:
    """Return the elements from one tap of a run to the next."""
    return shape.h.extent * shape.w.extent if shape.on_map else 1


def runs_of(shape: KernelShape) -> tuple[int, int]:
    """Return the taps that lie side by side, and how many such runs a kernel row has."""
    if shape.on_map or shape.w.dilation > 1:
        return shape.in_channels, shape.w.kernel
    return shape.w.kernel * shape.in_channels, 1


def steps_each_tap(shape: KernelShape, turn_taps: int) -> bool:
    """Tell whether taps lie too far apart for one address to reach those of a turn."""
    return step_of(shape) > 1 and step_of(shape) * turn_taps > (_REACH_OF_BYTES if shape.tile.wide else _REACH)


def far_pixels(shape: KernelShape, pixels: int, turn_taps: int) -> int:
    """Return how many of a tile's pixels lie, at most taps of a turn, farther than a load reaches from the first one's address."""
    size, run = (1, 1) if shape.on_map else (shape.tile.line.size_bytes, turn_taps)
    apart = 1 if shape.on_map else shape.w.stride * shape.in_channels
    reach = _REACH_OF_BYTES * size if shape.tile.wide else _REACH
    return sum((pixel * apart + run // 2) * size > reach for pixel in range(pixels))


def far_filters(shape: KernelShape, pixels: int, filters: int) -> int:
    """Return how many of a tile's filters store their outputs farther than a store reaches from the first one's address."""
    plane, reach = shape.h.output * shape.w.output, _REACH_OF_BYTES if shape.tile.wide else _REACH
    return sum(filter_ * plane + pixels - 1 > reach for filter_ in range(filters))


def taps_of_turn(length: int) -> int:
    """Return the taps of one turn of the loop over a run; all of them where the run is written out."""
    return length if length <= _MOST_WRITTEN_OUT else min(_UNROLLED, key=lambda count: (length % count, -count))


def turns_of(length: int) -> int:
    """Return how often the loop of a run of taps turns; 0 where the run is written out."""
    return 0 if length <= _MOST_WRITTEN_OUT else length // taps_of_turn(length)


def results(shape: KernelShape, pixels: int, filters: int) -> list[str]:
    """Requantise and store, filter by filter, so that a factor is fetched once a tile."""
    plane = shape.h.output * shape.w.output
    lines = []
    for q in range(filters):
        entry = f"rescale[{q * shape.rescale_step}]"
        lines += [
            "        {",
            f"            const uint32_t by = (uint32_t){entry}.multiplier << 1, right = (uint32_t)-{entry}.shift;",
            "            uint32_t half = ((uint32_t)1 << right) >> 1;",
            "            CM_HOLD(half);",
        ]
        for p in range(pixels):
            bounds = f"{shape.high}, {shape.output_zero_point}"
            result = (
                f"cm_rectified_result(a{p}{_of(q)}, by, right, half, {bounds})"
                if shape.relu
                else f"cm_signed_result(a{p}{_of(q)}, by, right, half, {shape.low}, {bounds})"
            )
            lines.append(f"            CM_STORE(output[{q * plane + p}], output_write_count, {result});")
        lines.append("        }")
    return lines

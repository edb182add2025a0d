"""The C of a tile whose filters go in pairs (SWAR): one multiplication for two, parted before a sum can leave its half of a register."""

from __future__ import annotations

from costmodel.deployment.kernels.pairs import pair_split
from costmodel.deployment.kernels.shapes import KernelShape
from costmodel.deployment.kernels.tile_source import (
    bias_of,
    framed,
    input_of,
    passing_inputs,
    results,
    runs_of,
    step_of,
    steps_each_tap,
    tap_macro,
    tile_body,
    tile_name,
    walk,
)


def pair_functions(shape: KernelShape, name: str, pixels: int, filters: int) -> list[str]:
    """Return the lines of the functions that run tiles of one size along a row, or along a map: in pairs, and one by one.

    Parameters
    ----------
    shape : KernelShape
        Of the layer.
    name : str
        C name of its kernel.
    pixels, filters : int
        Of the tile; an even number of filters.

    Returns
    -------
    list of str
        With the macros of one tap before each.
    """
    return [*_together(shape, name, pixels, filters), "", *_apart(shape, name, pixels, filters)]


def together_name(name: str, pixels: int, filters: int) -> str:
    """Return the C name of the function for tiles whose halves hold their sums."""
    return f"{tile_name(name, pixels, filters)}_together"


def apart_name(name: str, pixels: int, filters: int) -> str:
    """Return the C name of the function for the others."""
    return f"{tile_name(name, pixels, filters)}_apart"


def _together(shape: KernelShape, name: str, pixels: int, filters: int) -> list[str]:
    own = together_name(name, pixels, filters)
    pairs, macro = range(filters // 2), f"TAP_{own}".upper()
    first, others = _tap(shape, f"{macro}_FIRST", "BEGIN", pixels, filters), _tap(shape, macro, "ADD", pixels, filters)
    run, runs = runs_of(shape)
    groups = pair_split(run, shape.tile.swar).groups * runs
    lines = [f"        const uint32_t groups = {groups if shape.on_map else f'(uint32_t)row_count * {groups}u'};"]
    for j in pairs:
        upper, both = f"a0_{2 * j + 1}", f"b0_{j}"
        lines += [
            f"        uint32_t {upper} = {bias_of(shape, 2 * j + 1)} + groups{_alike('a', 2 * j + 1, pixels)};",
            f"        uint32_t {both} = {bias_of(shape, 2 * j)} + ({upper} << 16) - (groups << 15){_alike('b', j, pixels)};",
        ]
    lines.append(f"        const {shape.tile.weight_c_type} *w = weights;")
    lines += walk(shape, lambda length, indent: _run(shape, macro, length, pixels, filters, indent))
    for j in pairs:
        lines += [f"        const uint32_t a{p}_{2 * j} = b{p}_{j} - (a{p}_{2 * j + 1} << 16);" for p in range(pixels)]
    return [*first, *others, "", *framed(shape, own, pixels, [*lines, *results(shape, pixels, filters)])]


def _alike(letter: str, place: int, pixels: int) -> str:
    """Return the sums of the other pixels, which start from the first one's."""
    return "".join(f", {letter}{p}_{place} = {letter}0_{place}" for p in range(1, pixels))


def _tap(shape: KernelShape, macro: str, what: str, pixels: int, filters: int) -> list[str]:
    """One tap: two filters' products in one; the fewer operands are held, the others pass by one at a time."""
    pairs = filters // 2
    inputs = [f"(uint32_t)({input_of(shape, p)})" for p in range(pixels)]
    words = [f"(uint32_t)CM_LOAD((w)[{j}], weight_read_count)" for j in range(pairs)]
    body = []
    if pairs <= pixels:
        body += [f"const uint32_t w{j} = {word};" for j, word in enumerate(words)]
        body.append("uint32_t v;")
        for p, value in enumerate(inputs):
            body += [f"v = {value};", *(f"CM_PAIR_{what}(s{p}_{j}, v, w{j});" for j in range(pairs))]
    else:
        body += [f"const uint32_t x{p} = {value};" for p, value in enumerate(inputs)]
        body.append("uint32_t v;")
        for j, word in enumerate(words):
            body += [f"v = {word};", *(f"CM_PAIR_{what}(s{p}_{j}, x{p}, v);" for p in range(pixels))]
    return tap_macro(macro, body)


def _run(shape: KernelShape, macro: str, length: int, pixels: int, filters: int, indent: str) -> list[str]:
    """A run of taps in groups: written out, or in a loop with what is left over behind it."""
    split, words, step = pair_split(length, shape.tile.swar), filters // 2, step_of(shape)
    stepping = steps_each_tap(shape, split.turn_taps)
    sums = [(p, j) for j in range(words) for p in range(pixels)]

    def group(begin: int, taps: int) -> list[str]:
        lines = ["{", f"    uint32_t {', '.join(f's{p}_{j}' for p, j in sums)};"]
        for place in range(begin, begin + taps):
            tap = "tap" if stepping else f"tap + {place * step}"
            lines.append(f"    {macro}{'_FIRST' if place == begin else ''}({tap}, w + {place * words});")
            lines += [f"    tap += {step};", "    CM_HOLD(tap);"] if stepping else []
        lines += [f"    CM_PART(s{p}_{j}, b{p}_{j}, a{p}_{2 * j + 1});" for p, j in sums]
        return [*lines, "}"]

    def stretch(sizes: list[int]) -> list[str]:
        taps = sum(sizes)
        lines = [line for place, size in enumerate(sizes) for line in group(sum(sizes[:place]), size)]
        return [*lines, *([] if stepping else [f"tap += {taps * step};"]), f"w += {taps * words};"] if taps else []

    lines = []
    if split.turns:
        turn = [split.group] * split.turn_groups
        lines = [
            "{",
            f"    const {shape.tile.weight_c_type} *const end = w + {split.turns * sum(turn) * words};",
            "    do {",
            *(f"        {line}" for line in stretch(turn)),
            "    } while (w != end);",
            "}",
        ]
    lines += stretch([split.group] * split.left_groups + ([split.rest] if split.rest else []))
    return [f"{indent}{line}" for line in lines]


def _apart(shape: KernelShape, name: str, pixels: int, filters: int) -> list[str]:
    """The same words, each weight taken out of them."""
    own = apart_name(name, pixels, filters)
    body = []
    for j in range(filters // 2):
        # Held, or the compiler loads the word once more to have its lower half.
        body += [f"int32_t u{j} = CM_LOAD((w)[{j}], weight_read_count);", f"CM_HOLD(u{j});"]
        body += [f"const int32_t w{2 * j} = (int16_t)u{j}, w{2 * j + 1} = (int32_t)CM_UPPER_HALF(u{j} - w{2 * j});"]
    macro = f"TAP_{own}".upper()
    tap = tap_macro(macro, [*body, *passing_inputs(shape, pixels, filters)])
    return [*tap, "", *framed(shape, own, pixels, tile_body(shape, macro, pixels, filters, filters // 2))]

"""The int8 kernels' fixed-point arithmetic once more, from its definition: Python ints and fractions, one number at a time.

Shares nothing with the package. A number in "Q d" is raw / 2**(31 - d).
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

INT32_MAX = 2**31 - 1
INT32_MIN = -(2**31)


def half_up(x: Fraction) -> int:
    """Nearest, halves towards plus infinity."""
    return floor(x + Fraction(1, 2))


def half_away(x: Fraction) -> int:
    """Nearest, halves away from zero."""
    return half_up(x) if x >= 0 else -half_up(-x)


def saturated(x: int) -> int:
    return min(max(x, INT32_MIN), INT32_MAX)


def wrapped(x: int) -> int:
    return (x - INT32_MIN) % 2**32 + INT32_MIN


def high(a: int, b: int) -> int:
    """A product of two numbers of which one is in Q0."""
    return saturated(half_up(Fraction(a * b, 2**31)))


def over_power(x: int, exponent: int) -> int:
    return half_away(Fraction(x, 2**exponent))


def rescale(x: int, multiplier: int, shift: int) -> int:
    """x * multiplier * 2**(shift - 31), rounded twice."""
    return over_power(high(wrapped(x * 2 ** max(shift, 0)), multiplier), max(-shift, 0))


def exp_near_zero(a: int) -> int:
    """e**a in Q0 for a in Q0 from -1/4 to below 0: around -1/8 to the fourth power."""
    x = a + half_up(Fraction(2**31, 8))
    second = high(x, x)
    third, fourth = high(second, x), high(second, second)
    third_of = half_up(Fraction(2**31, 3))
    tail = over_power(high(over_power(fourth, 2) + third, third_of) + second, 1)
    middle = 1895147668  # e**-(1/8)
    return middle + high(middle, x + tail)


def exp(a: int) -> int:
    """e**a in Q0 for a <= 0 in Q5: a part of at most a quarter, times powers of two that are there or not."""
    if a == 0:
        return INT32_MAX
    quarter = 2**24
    part = a % quarter - quarter
    result = exp_near_zero(saturated(part * 2**5))
    quarters = (part - a) // quarter
    for bit, factor in enumerate((1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)):
        if quarters // 2**bit % 2:
            result = high(result, factor)
    return result


def one_over_one_plus(a: int) -> int:
    """1 / (1 + a) in Q0 for a in Q0, 0 to below 1: Newton's method from 48/17 - 32/17 d, in Q2."""
    half = half_away(Fraction(a + INT32_MAX, 2))
    x = 1515870810 + high(half, -1010580540)
    for _ in range(3):
        x += saturated(high(x, 2**29 - high(half, x)) * 4)
    return saturated(x * 2)


def softmax(steps: list[int], multiplier: int, shift: int) -> list[int]:
    """int8 probabilities, -128 for 0 and a step for 1/256."""
    largest = max(steps)
    nearest = -floor(Fraction(31 * 2**26, 2**shift))
    powers = [exp(high((step - largest) * 2**shift, multiplier)) if step - largest >= nearest else None for step in steps]
    total = min(sum(over_power(power, 12) for power in powers if power is not None), INT32_MAX)
    zeros = 32 - total.bit_length()
    share = one_over_one_plus(total * 2**zeros - 2**31)
    exponent = 12 - zeros + 31 - 8
    return [-128 if power is None else min(max(over_power(high(share, power), exponent) - 128, -128), 127) for power in powers]

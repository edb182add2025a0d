/* Single precision addition, multiplication and conversion from integers, which Debian's libgcc for the lx106 leaves to
 * the chip's ROM.
 *
 * IEEE 754 binary32, rounded to nearest, ties to even, with subnormals, infinities and NaN, so every result but a NaN's
 * payload has the bits that a host's hardware gives.
 */
#include <stdint.h>

float __addsf3(float left, float right);
float __subsf3(float left, float right);
float __mulsf3(float left, float right);
float __floatsisf(int32_t value);
float __floatunsisf(uint32_t value);

typedef union {
    float value;
    uint32_t bits;
} single;

#define SIGN      0x80000000u
#define MAGNITUDE 0x7fffffffu
#define FRACTION  0x007fffffu
#define HIDDEN    0x00800000u
#define INFINITE  0x7f800000u
#define QUIET_NAN 0x7fc00000u

enum { BIAS = 127, ROUND_BITS = 7, TOP_BIT = 30 };

static float from_bits(uint32_t bits) {
    const single result = {.bits = bits};
    return result.value;
}

static uint32_t to_bits(float value) {
    const single operand = {.value = value};
    return operand.bits;
}

/* Shift right, keeping whether any bit that falls out was set in the lowest bit. */
static uint32_t shift_sticky(uint32_t significand, int32_t distance) {
    if (distance == 0) {
        return significand;
    }
    if (distance > 31) {
        return significand != 0;
    }
    return significand >> distance | ((significand << (32 - distance)) != 0);
}

/* Round a significand whose leading bit is TOP_BIT and pack it; its lowest ROUND_BITS bits round, the last of them
 * sticky. */
static float pack(uint32_t sign, int32_t exponent, uint32_t significand) {
    if (exponent >= 255) {
        return from_bits(sign | INFINITE);
    }
    uint32_t below = 0; /* the exponent field, less the one that the hidden bit carries into it */
    if (exponent > 0) {
        below = (uint32_t)(exponent - 1) << 23;
    } else {
        significand = shift_sticky(significand, 1 - exponent);
    }
    significand += 0x3fu + (significand >> ROUND_BITS & 1u);
    return from_bits(sign | (below + (significand >> ROUND_BITS)));
}

/* Move the leading bit of a significand that is not zero to TOP_BIT. The commonest two places come first. */
static float normalise_and_pack(uint32_t sign, int32_t exponent, uint32_t significand) {
    if (significand >> TOP_BIT == 1) {
        return pack(sign, exponent, significand);
    }
    if (significand >> TOP_BIT != 0) {
        return pack(sign, exponent + 1, significand >> 1 | (significand & 1u));
    }
    const int32_t zeros = __builtin_clz(significand) - 1;
    return pack(sign, exponent - zeros, significand << zeros);
}

/* The significand with its hidden bit at bit 23, and its exponent; the operand is finite and not zero. */
static uint32_t unpack_normalised(uint32_t bits, int32_t *exponent) {
    const uint32_t fraction = bits & FRACTION;
    *exponent = (int32_t)(bits >> 23 & 255u);
    if (*exponent != 0) {
        return fraction | HIDDEN;
    }
    const int32_t zeros = __builtin_clz(fraction) - 8;
    *exponent = 1 - zeros;
    return fraction << zeros;
}

float __mulsf3(float left, float right) {
    const uint32_t sign = (to_bits(left) ^ to_bits(right)) & SIGN;
    const uint32_t a = to_bits(left) & MAGNITUDE, b = to_bits(right) & MAGNITUDE;
    if (a >= INFINITE || b >= INFINITE) {
        if (a > INFINITE || b > INFINITE || a == 0 || b == 0) {
            return from_bits(QUIET_NAN);
        }
        return from_bits(sign | INFINITE);
    }
    if (a == 0 || b == 0) {
        return from_bits(sign);
    }
    int32_t a_exponent, b_exponent;
    const uint32_t left_bits = unpack_normalised(a, &a_exponent), right_bits = unpack_normalised(b, &b_exponent);
    /* 24 by 24 bits in parts of 16 and 8; of the 48 the upper 32 stay, and whether any lower one is set. */
    const uint32_t left_low = left_bits & 0xffff, left_high = left_bits >> 16;
    const uint32_t right_low = right_bits & 0xffff, right_high = right_bits >> 16;
    const uint32_t low = left_low * right_low;
    const uint32_t middle = left_high * right_low + left_low * right_high + (low >> 16);
    const uint32_t significand = ((left_high * right_high << 16) + middle) | ((low & 0xffff) != 0);
    return normalise_and_pack(sign, a_exponent + b_exponent - BIAS, significand);
}

float __addsf3(float left, float right) {
    uint32_t larger = to_bits(left), smaller = to_bits(right);
    if ((larger & MAGNITUDE) < (smaller & MAGNITUDE)) {
        larger = to_bits(right);
        smaller = to_bits(left);
    }
    const uint32_t sign = larger & SIGN, opposite = (larger ^ smaller) & SIGN;
    if ((larger & MAGNITUDE) >= INFINITE) {
        if ((larger & MAGNITUDE) > INFINITE || (opposite && (smaller & MAGNITUDE) == INFINITE)) {
            return from_bits(QUIET_NAN);
        }
        return from_bits(larger);
    }
    if ((smaller & MAGNITUDE) == 0) {
        return from_bits((larger & MAGNITUDE) == 0 ? larger & smaller : larger);
    }
    int32_t exponent = (int32_t)(larger >> 23 & 255u), lesser_exponent = (int32_t)(smaller >> 23 & 255u);
    uint32_t significand = larger & FRACTION, addend = smaller & FRACTION;
    if (exponent != 0) {
        significand |= HIDDEN;
    } else {
        exponent = 1;
    }
    if (lesser_exponent != 0) {
        addend |= HIDDEN;
    } else {
        lesser_exponent = 1;
    }
    significand <<= ROUND_BITS - 1;
    addend = shift_sticky(addend << (ROUND_BITS - 1), exponent - lesser_exponent);
    significand = opposite ? significand - addend : significand + addend;
    if (significand == 0) {
        return from_bits(0);
    }
    return normalise_and_pack(sign, exponent + 1, significand);
}

float __subsf3(float left, float right) {
    return __addsf3(left, from_bits(to_bits(right) ^ SIGN));
}

float __floatunsisf(uint32_t value) {
    return value == 0 ? from_bits(0) : normalise_and_pack(0, BIAS + TOP_BIT, value);
}

float __floatsisf(int32_t value) {
    if (value >= 0) {
        return __floatunsisf((uint32_t)value);
    }
    return normalise_and_pack(SIGN, BIAS + TOP_BIT, 0 - (uint32_t)value);
}

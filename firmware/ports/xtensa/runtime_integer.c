/* 64-bit multiplication and integer division, which Debian's libgcc for the lx106 leaves to the chip's ROM. */
#include <stdint.h>

uint64_t __muldi3(uint64_t left, uint64_t right);
uint64_t __umulsidi3(uint32_t left, uint32_t right);
uint64_t __udivdi3(uint64_t dividend, uint64_t divisor);
uint64_t __umoddi3(uint64_t dividend, uint64_t divisor);
int64_t __divdi3(int64_t dividend, int64_t divisor);
int64_t __moddi3(int64_t dividend, int64_t divisor);
uint32_t __udivsi3(uint32_t dividend, uint32_t divisor);
uint32_t __umodsi3(uint32_t dividend, uint32_t divisor);
int32_t __divsi3(int32_t dividend, int32_t divisor);

uint64_t __muldi3(uint64_t left, uint64_t right) {
    const uint32_t left_word = (uint32_t)left, right_word = (uint32_t)right;
    const uint32_t left_low = left_word & 0xffff, left_high = left_word >> 16;
    const uint32_t right_low = right_word & 0xffff, right_high = right_word >> 16;
    const uint32_t low = left_low * right_low;
    const uint32_t cross = left_high * right_low + (low >> 16); /* at most 0xffff0000: no carry is lost */
    const uint32_t middle = left_low * right_high + (cross & 0xffff);
    const uint32_t high = left_high * right_high + (cross >> 16) + (middle >> 16) +
                          left_word * (uint32_t)(right >> 32) + (uint32_t)(left >> 32) * right_word;
    return (uint64_t)high << 32 | (middle << 16 | (low & 0xffff));
}

uint64_t __umulsidi3(uint32_t left, uint32_t right) {
    return __muldi3(left, right);
}

/* Long division, one bit a step; the remainder takes part in 65 and 33 bits, hence the carry. */
static uint64_t divide_long(uint64_t dividend, uint64_t divisor, uint64_t *remainder) {
    uint64_t quotient = 0, rest = 0;
    for (int bit = 0; bit < 64; bit++) {
        const uint64_t carry = rest >> 63;
        rest = rest << 1 | dividend >> 63;
        dividend <<= 1;
        quotient <<= 1;
        if (carry || rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    *remainder = rest;
    return quotient;
}

static uint32_t divide(uint32_t dividend, uint32_t divisor, uint32_t *remainder) {
    uint32_t quotient = 0, rest = 0;
    for (int bit = 0; bit < 32; bit++) {
        const uint32_t carry = rest >> 31;
        rest = rest << 1 | dividend >> 31;
        dividend <<= 1;
        quotient <<= 1;
        if (carry || rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    *remainder = rest;
    return quotient;
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor) {
    uint64_t remainder;
    return divide_long(dividend, divisor, &remainder);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor) {
    uint64_t remainder;
    (void)divide_long(dividend, divisor, &remainder);
    return remainder;
}

int64_t __divdi3(int64_t dividend, int64_t divisor) {
    uint64_t remainder;
    const uint64_t quotient = divide_long(dividend < 0 ? 0 - (uint64_t)dividend : (uint64_t)dividend,
                                          divisor < 0 ? 0 - (uint64_t)divisor : (uint64_t)divisor, &remainder);
    return (int64_t)((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}

int64_t __moddi3(int64_t dividend, int64_t divisor) {
    uint64_t remainder;
    (void)divide_long(dividend < 0 ? 0 - (uint64_t)dividend : (uint64_t)dividend,
                      divisor < 0 ? 0 - (uint64_t)divisor : (uint64_t)divisor, &remainder);
    return (int64_t)(dividend < 0 ? 0 - remainder : remainder);
}

uint32_t __udivsi3(uint32_t dividend, uint32_t divisor) {
    uint32_t remainder;
    return divide(dividend, divisor, &remainder);
}

uint32_t __umodsi3(uint32_t dividend, uint32_t divisor) {
    uint32_t remainder;
    (void)divide(dividend, divisor, &remainder);
    return remainder;
}

int32_t __divsi3(int32_t dividend, int32_t divisor) {
    uint32_t remainder;
    const uint32_t quotient = divide(dividend < 0 ? 0 - (uint32_t)dividend : (uint32_t)dividend,
                                     divisor < 0 ? 0 - (uint32_t)divisor : (uint32_t)divisor, &remainder);
    return (int32_t)((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}

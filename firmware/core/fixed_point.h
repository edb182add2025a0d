/* Fixed-point arithmetic of int8 results, as TensorFlow Lite Micro's reference kernels define it. Not for callers. */
#ifndef CM_FIXED_POINT_H
#define CM_FIXED_POINT_H

#include "cm.h"

#if (-1 >> 1) != -1
#error "the core rounds with arithmetic right shifts, which this compiler does not have"
#endif

/* a * b / 2^31 to nearest, halves towards plus infinity. The two are never both INT32_MIN. */
static inline int32_t cm_doubled_high_product(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^exponent to nearest, halves away from zero; exponents 0 to 31. */
static inline int32_t cm_divided_by_power(int32_t x, int32_t exponent) {
    const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1u);
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0));
}

/* x * multiplier * 2^(shift - 31), rounded twice; a shift to the left wraps modulo 2^32. */
static inline int32_t cm_rescaled(int32_t x, const cm_rescale *by) {
    if (by->shift > 0) {
        return cm_doubled_high_product((int32_t)((uint32_t)x << by->shift), by->multiplier);
    }
    return cm_divided_by_power(cm_doubled_high_product(x, by->multiplier), -by->shift);
}

#endif

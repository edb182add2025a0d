/* Generated kernels: one for each layer shape and tile, written by `costmodel pack --mapping` and built beside the
 * core.
 *
 * A layer whose weights lie in a tile's order names that tile in the model file; only the kernel generated for the very
 * same layer runs it. With CM_KERNELS defined the table comes from the generated source, otherwise there is none.
 */
#ifndef CM_KERNELS_H
#define CM_KERNELS_H

#include "internal.h"

/* Everything a kernel's constants were made of, and the kernel. */
struct cm_kernel {
    uint32_t order; /* of the weights, as the model file has it */
    uint8_t kind, relu, bias, rescale_step;
    int16_t input_zero_point, output_zero_point, low, high;
    int32_t groups, in_channels, out_channels;
    int32_t height[6], width[6]; /* input, kernel, stride, padding before and after, dilation */
    uint32_t scratch_bytes;      /* of its line buffer */
    void (*run)(const cm_job *job, cm_counters *counters);
};

#ifdef CM_KERNELS
extern const cm_kernel cm_kernels[];
extern const uint32_t cm_kernel_count;
#endif

/* A compiler that may not move accesses over CM_KEEP, nor put a sum off beyond CM_MADE, keeps no more values in flight
 * than there are registers for. CM_HOLD makes a value anew, which it can no longer see through. */
#if defined(__GNUC__)
#define CM_KEEP()    __asm__ volatile("" ::: "memory")
#define CM_HOLD(sum) __asm__ volatile("" : "+r"(sum))
/* Not made anew: that has it copied from register to register at some taps. */
#define CM_MADE(sum)     __asm__ volatile("" : : "r"(sum))
#define CM_ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define CM_KEEP()        ((void)0)
#define CM_HOLD(sum)     ((void)0)
#define CM_MADE(sum)     ((void)0)
#define CM_ALWAYS_INLINE inline
#endif

/* A signed element of two bytes. Told to load it in one instruction, the compiler does so at -Og as well, where it
 * would load it unsigned and shift twice to extend it. */
#if defined(__GNUC__) && defined(__XTENSA__)
static CM_ALWAYS_INLINE int32_t cm_short(const int16_t *at) {
    int32_t value;
    __asm__("l16si %0, %1" : "=r"(value) : "m"(*at));
    return value;
}
#define CM_SHORT(place) cm_short(&(place))
#else
#define CM_SHORT(place) (place)
#endif

/* One multiply-accumulate; sums wrap modulo 2^32. */
#define CM_MULTIPLY_ADD(sum, x, w)                                                                                     \
    do {                                                                                                               \
        CM_COUNT(mac_count);                                                                                           \
        (sum) += (uint32_t)((x) * (w));                                                                                \
        CM_MADE(sum);                                                                                                  \
    } while (0)

/* Products of two filters in the halves of one register (SWAR), w holding a weight in each: w0 + 65536 * w1. A sum of
 * few taps starts from -2^15, so that its lower half never borrows: its upper half is then the second filter's, less 1.
 */
#define CM_PAIR_BEGIN(sum, x, w)                                                                                       \
    do {                                                                                                               \
        CM_COUNT(mac_count);                                                                                           \
        CM_COUNT(mac_count);                                                                                           \
        (sum) = (x) * (w)-0x8000u;                                                                                     \
        CM_MADE(sum);                                                                                                  \
    } while (0)
#define CM_PAIR_ADD(sum, x, w)                                                                                         \
    do {                                                                                                               \
        CM_COUNT(mac_count);                                                                                           \
        CM_COUNT(mac_count);                                                                                           \
        (sum) += (x) * (w);                                                                                            \
        CM_MADE(sum);                                                                                                  \
    } while (0)

/* The upper half of a word with its sign; every compiler the core is built with shifts it in. */
#define CM_UPPER_HALF(word) ((uint32_t)((int32_t)(word) >> 16))

/* Part a sum of few taps: `upper` adds up the second filter's, `both` everything, from which the first one's follow. */
#define CM_PART(sum, both, upper)                                                                                      \
    do {                                                                                                               \
        (both) += (sum);                                                                                               \
        (upper) += CM_UPPER_HALF(sum);                                                                                 \
    } while (0)

/* x * twice_multiplier / 2^32 to nearest; halves up, or with `halves_down` down: the first rounding of a magnitude. */
static CM_ALWAYS_INLINE uint32_t cm_high_product(uint32_t x, uint32_t twice_multiplier, uint32_t halves_down) {
#if defined(__XTENSA__)
    /* No high product in the instruction set: four products of halves. None of the sums passes 2^32, as x is at most
     * 2^31. */
    const uint32_t x_high = x >> 16, x_low = x & 0xffffu;
    const uint32_t by_high = twice_multiplier >> 16, by_low = twice_multiplier & 0xffffu;
    const uint32_t lowest = x_low * by_low, middle = x_low * by_high + (lowest >> 16);
    const uint32_t upper = x_high * by_low + (middle & 0xffffu);
    const uint32_t half = halves_down ? 0x7fffu + ((lowest & 0xffffu) != 0u) : 0x8000u;
    return x_high * by_high + (middle >> 16) + ((upper + half) >> 16);
#else
    const uint64_t product = (uint64_t)x * twice_multiplier;
    const uint32_t high = (uint32_t)(product >> 32), low = (uint32_t)product;
    return high + (halves_down ? (uint32_t)(low > 0x80000000u) : low >> 31);
#endif
}

/* cm_rescaled for a shift that is not to the left: by magnitude, which needs no 64-bit arithmetic.
 * @param right  -shift
 * @param half   what the second rounding adds: 2^right / 2 */
static CM_ALWAYS_INLINE int32_t cm_magnitude_rescaled(uint32_t magnitude, uint32_t twice_multiplier, uint32_t right,
                                                      uint32_t half, uint32_t negative) {
    return (int32_t)((cm_high_product(magnitude, twice_multiplier, negative) + half) >> right);
}

/* The int8 result of a sum with a rectifier. */
static CM_ALWAYS_INLINE int8_t cm_rectified_result(uint32_t sum, uint32_t twice_multiplier, uint32_t right,
                                                   uint32_t half, int32_t high, int32_t zero_point) {
    int32_t scaled = 0;
    if ((int32_t)sum > 0) {
        scaled = cm_magnitude_rescaled(sum, twice_multiplier, right, half, 0);
        scaled = scaled > high ? high : scaled;
    }
    return (int8_t)(scaled + zero_point);
}

/* The int8 result of a sum without. */
static CM_ALWAYS_INLINE int8_t cm_signed_result(uint32_t sum, uint32_t twice_multiplier, uint32_t right, uint32_t half,
                                                int32_t low, int32_t high, int32_t zero_point) {
    int32_t scaled;
    if ((int32_t)sum < 0) {
        scaled = -cm_magnitude_rescaled(0u - sum, twice_multiplier, right, half, 1);
        scaled = scaled < low ? low : scaled;
    } else {
        scaled = cm_magnitude_rescaled(sum, twice_multiplier, right, half, 0);
    }
    scaled = scaled > high ? high : scaled;
    return (int8_t)(scaled + zero_point);
}

#endif

/* The int8 variant: int8 activations and weights, int32 biases and accumulators, one requantisation per output. */
#include "internal.h"

#define ELEMENT                 int8_t
#define ACCUMULATOR             int32_t
#define BIAS                    int32_t
#define KERNEL(name)            name##_int8
#define START(job, bias)        (bias)
#define MULTIPLY_ADD(sum, x, w) cm_wrapping_sum(sum, (int32_t)(x) * (int32_t)(w))
#define FINISH(job, sum)        cm_requantise(sum, job)
#define MEAN(sum, count)        rounded_mean(sum, count)
#define NORMALISE(job, x, w, b) cm_requantise(cm_wrapping_sum(b, (int32_t)(x) * (int32_t)(w)), job)
#define SUM_OF(job, a, b)       rescaled_sum(job, a, b)

/* Nearest, halves away from zero. */
static inline int8_t rounded_mean(int32_t sum, int32_t count) {
    return (int8_t)((sum >= 0 ? sum + count / 2 : sum - count / 2) / count);
}

int8_t cm_requantise_wide(int64_t product, const cm_job *job) {
    const int64_t rounded = (product + ((int64_t)1 << (job->shift - 1))) >> job->shift;
    return (int8_t)(rounded < job->low ? job->low : rounded > job->high ? job->high : rounded);
}

/* Each operand by its own multiplier, one rounding of their sum. */
static inline int8_t rescaled_sum(const cm_job *job, int8_t a, int8_t b) {
    return cm_requantise_wide((int64_t)a * job->multiplier + (int64_t)b * job->second_multiplier, job);
}

#include "conv.inc"
#include "pool.inc"

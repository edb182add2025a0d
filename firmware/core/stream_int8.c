/* Stages of int8 steps, with int32 sums. */
#include "stream_run.h"

#define ADD_HEADROOM 20 /* as in int8.c */

#define ELEMENT                      int8_t
#define VALUE                        int32_t
#define KERNEL(name)                 name##_int8
#define STEP(job, operand, x)        ((void)(job), (void)(operand), (int32_t)(x))
#define at_bias                      (&((const int32_t *)job->bias)[channel])
#define START(job, channel, bias)    (bias)
#define FILTER_TERMS(job, channel)   const int32_t zero_point = (job)->input_quantisation.zero_point
#define MULTIPLY_ADD(job, sum, x, w) cm_wrapping_sum(sum, ((x)-zero_point) * (int32_t)(w))
#define FINISH(job, channel, sum)    cm_requantise(sum, job, &(job)->rescales[(channel) * (job)->rescale_step])
#define ADDED(job, a, b)             added(job, a, b)
#define ZERO(job)                    ((job)->output_zero_point)
#define MEAN(sum, count)             rounded_mean(sum, count)
#define SUMS_APART                   1

/* Nearest, halves away from zero. */
static inline int32_t rounded_mean(int32_t sum, int32_t count) {
    return (sum >= 0 ? sum + count / 2 : sum - count / 2) / count;
}

static inline int32_t added(const cm_job *job, int32_t first, int32_t second) {
    const int32_t a = (first - job->input_quantisation.zero_point) * (1 << ADD_HEADROOM);
    const int32_t b = (second - job->second_quantisation.zero_point) * (1 << ADD_HEADROOM);
    const int32_t sum = cm_wrapping_sum(cm_rescaled(a, &job->rescales[0]), cm_rescaled(b, &job->rescales[1]));
    return cm_requantise(sum, job, &job->rescales[2]);
}

#include "stream.inc"

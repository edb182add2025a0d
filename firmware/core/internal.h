/* Shared by the core's own files: counting macros, requantisation, tap ranges. Not for callers. */
#ifndef CM_INTERNAL_H
#define CM_INTERNAL_H

#include "cm.h"

#if (-1 >> 1) != -1
#error "the core rounds with arithmetic right shifts, which this compiler does not have"
#endif

/* A kernel's inner loops get the registers of a function of their own. */
#if defined(__GNUC__)
#define CM_NOINLINE __attribute__((noinline))
#else
#define CM_NOINLINE
#endif

/* One increment beside each load, store, operation and buffer request. In the timing build they vanish and leave the
 * bare access. */
#ifdef CM_COUNTING
#define CM_COUNT(name)           (counters->name += 1u)
#define CM_COUNT_BYTES(name, by) (counters->name += (uint64_t)(by))
#else
#define CM_COUNT(name)           ((void)counters)
#define CM_COUNT_BYTES(name, by) ((void)counters)
#endif

#define CM_LOAD(place, name) (CM_COUNT(name), (place))
#define CM_STORE(place, name, value)                                                                                   \
    do {                                                                                                               \
        CM_COUNT(name);                                                                                                \
        (place) = (value);                                                                                             \
    } while (0)
#define CM_BUFFER(by)                                                                                                  \
    do {                                                                                                               \
        CM_COUNT(scratch_buffer_count);                                                                                \
        CM_COUNT_BYTES(scratch_bytes, by);                                                                             \
    } while (0)

#define CM_ACCUMULATOR_BYTES 4u /* int32_t or float */

/* The inputs one output touches along an axis: first, first + step, ..., count of them, all in bounds. */
typedef struct {
    int32_t first, step, count, skipped; /* skipped: taps before the first that is in bounds */
} cm_window;

static inline int32_t cm_ceil_div(int32_t value, int32_t divisor) {
    /* A division costs a library call on the small cores, and a dilation is nearly always 1. */
    return divisor == 1 ? value : (value + divisor - 1) / divisor;
}

static inline cm_window cm_clip(const cm_axis *axis, int32_t index) {
    const int32_t start = index * axis->stride - axis->pad_before;
    int32_t begin = start < 0 ? cm_ceil_div(-start, axis->dilation) : 0;
    int32_t end = start < axis->input ? cm_ceil_div(axis->input - start, axis->dilation) : 0;
    cm_window window;
    begin = begin < axis->kernel ? begin : axis->kernel;
    end = end < axis->kernel ? end : axis->kernel;
    window.skipped = begin;
    window.first = start + begin * axis->dilation;
    window.step = axis->dilation;
    window.count = end > begin ? end - begin : 0;
    return window;
}

/* value * multiplier / 2^shift rounded to nearest, halves towards plus infinity, then clamped. */
int8_t cm_requantise_wide(int64_t product, const cm_job *job);

static inline int8_t cm_requantise(int32_t value, const cm_job *job) {
    const int64_t product = (int64_t)value * job->multiplier;
    const int32_t shift = job->shift - 32;
    if (shift > 0) {
        /* Half a step is a whole number of 2^32, so the low word cannot change the result: 32-bit cores do without it.
         */
        const int32_t rounded = ((int32_t)(product >> 32) + ((int32_t)1 << (shift - 1))) >> shift;
        return (int8_t)(rounded < job->low ? job->low : rounded > job->high ? job->high : rounded);
    }
    return cm_requantise_wide(product, job);
}

/* Accumulators wrap modulo 2^32, so that a hostile file cannot overflow a signed integer. */
static inline int32_t cm_wrapping_sum(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* Fill in everything of a job but its pointers, and check the layer against its tensors. */
cm_status cm_layer_decode(cm_job *job, const cm_model *model, uint32_t layer, cm_dataflow dataflow);

void cm_conv_os_int8(const cm_job *job, cm_counters *counters);
void cm_conv_rs_int8(const cm_job *job, cm_counters *counters);
void cm_linear_int8(const cm_job *job, cm_counters *counters);
void cm_max_pool_int8(const cm_job *job, cm_counters *counters);
void cm_average_pool_int8(const cm_job *job, cm_counters *counters);
void cm_relu_int8(const cm_job *job, cm_counters *counters);
void cm_batch_norm_int8(const cm_job *job, cm_counters *counters);
void cm_add_int8(const cm_job *job, cm_counters *counters);
void cm_softmax_int8(const cm_job *job, cm_counters *counters);

void cm_conv_os_float32(const cm_job *job, cm_counters *counters);
void cm_conv_rs_float32(const cm_job *job, cm_counters *counters);
void cm_linear_float32(const cm_job *job, cm_counters *counters);
void cm_max_pool_float32(const cm_job *job, cm_counters *counters);
void cm_average_pool_float32(const cm_job *job, cm_counters *counters);
void cm_relu_float32(const cm_job *job, cm_counters *counters);
void cm_batch_norm_float32(const cm_job *job, cm_counters *counters);
void cm_add_float32(const cm_job *job, cm_counters *counters);
void cm_softmax_float32(const cm_job *job, cm_counters *counters);

#endif

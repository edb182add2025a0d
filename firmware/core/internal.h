/* Shared by the core's own files: counting macros, tap ranges, results, kernels. Not for callers. */
#ifndef CM_INTERNAL_H
#define CM_INTERNAL_H

#include "fixed_point.h"

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

/* Accumulators wrap modulo 2^32, so that a hostile file cannot overflow a signed integer. */
static inline int32_t cm_wrapping_sum(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* A sum of products as an int8 result. */
static inline int8_t cm_requantise(int32_t sum, const cm_job *job, const cm_rescale *rescale) {
    int32_t scaled, clamped;
    if (job->relu && sum <= 0 && rescale->shift <= 0) {
        /* Nothing wraps, so it stays at or below 0, which the rectifier makes 0: no multiplication. */
        return (int8_t)job->output_zero_point;
    }
    scaled = cm_rescaled(sum, rescale);
    clamped = scaled < job->low ? job->low : scaled > job->high ? job->high : scaled;
    return (int8_t)(clamped + job->output_zero_point);
}

/* An int8 element as the real number it stands for. */
static inline float cm_dequantised(int8_t x, const cm_scale *quantisation) {
    return (float)((int32_t)x - quantisation->zero_point) * quantisation->scale;
}

/* Element `index` of an int8 or float32 tensor as a real number. */
static inline float cm_real(const void *tensor, cm_type type, const cm_scale *quantisation, uint32_t index) {
    return type == CM_TYPE_FLOAT32 ? ((const float *)tensor)[index]
                                   : cm_dequantised(((const int8_t *)tensor)[index], quantisation);
}

static inline float cm_rectified(float value, const cm_job *job) {
    return job->relu && !(value > 0.0f) ? 0.0f : value;
}

/* Where the row buffers begin in the arena: behind the tensors, aligned for a sum. */
static inline uint32_t cm_scratch_offset(const cm_model *model) {
    return (model->activation_bytes + CM_ACCUMULATOR_BYTES - 1u) / CM_ACCUMULATOR_BYTES * CM_ACCUMULATOR_BYTES;
}

/* The tensors of a layer; `second` is `in` again where there is no second input. */
typedef struct {
    cm_tensor in, second, out;
} cm_operands;

/* The generated kernel of a layer whose weights lie in a tile's order, or NULL; how it is run, and what it keeps in the
 * arena. */
const cm_kernel *cm_kernel_of(const cm_job *job, uint32_t order);
void cm_kernel_run(const cm_job *job, cm_counters *counters);
uint32_t cm_kernel_scratch_bytes(const cm_kernel *kernel);

/* Fill in everything of a job but its places in an arena, and check the layer against its tensors. */
cm_status cm_layer_decode(cm_job *job, cm_operands *operands, const cm_model *model, uint32_t layer,
                          cm_dataflow dataflow);

/* Kernels, by what they compute with: int8 steps; int8 steps from a zero point; reals; int8 steps as reals. */
void cm_conv_os_int8(const cm_job *job, cm_counters *counters);
void cm_conv_rs_int8(const cm_job *job, cm_counters *counters);
void cm_linear_int8(const cm_job *job, cm_counters *counters);
void cm_max_pool_int8(const cm_job *job, cm_counters *counters);
void cm_average_pool_int8(const cm_job *job, cm_counters *counters);
void cm_relu_int8(const cm_job *job, cm_counters *counters);
void cm_batch_norm_int8(const cm_job *job, cm_counters *counters);
void cm_add_int8(const cm_job *job, cm_counters *counters);
void cm_softmax_int8(const cm_job *job, cm_counters *counters);
void cm_convert_int8(const cm_job *job, cm_counters *counters);
void cm_unary_int8(const cm_job *job, cm_counters *counters);

void cm_conv_os_int8_offset(const cm_job *job, cm_counters *counters);
void cm_conv_rs_int8_offset(const cm_job *job, cm_counters *counters);
void cm_linear_int8_offset(const cm_job *job, cm_counters *counters);

void cm_conv_os_float32(const cm_job *job, cm_counters *counters);
void cm_conv_rs_float32(const cm_job *job, cm_counters *counters);
void cm_linear_float32(const cm_job *job, cm_counters *counters);
void cm_max_pool_float32(const cm_job *job, cm_counters *counters);
void cm_average_pool_float32(const cm_job *job, cm_counters *counters);
void cm_relu_float32(const cm_job *job, cm_counters *counters);
void cm_batch_norm_float32(const cm_job *job, cm_counters *counters);
void cm_convert_float32(const cm_job *job, cm_counters *counters);
void cm_add_float32(const cm_job *job, cm_counters *counters);     /* either input int8 or float32 */
void cm_softmax_float32(const cm_job *job, cm_counters *counters); /* its input int8 or float32 */

void cm_conv_os_float32_of_int8(const cm_job *job, cm_counters *counters);
void cm_conv_rs_float32_of_int8(const cm_job *job, cm_counters *counters);
void cm_linear_float32_of_int8(const cm_job *job, cm_counters *counters);
void cm_max_pool_float32_of_int8(const cm_job *job, cm_counters *counters);
void cm_average_pool_float32_of_int8(const cm_job *job, cm_counters *counters);
void cm_relu_float32_of_int8(const cm_job *job, cm_counters *counters);
void cm_batch_norm_float32_of_int8(const cm_job *job, cm_counters *counters);
void cm_convert_float32_of_int8(const cm_job *job, cm_counters *counters);

#endif

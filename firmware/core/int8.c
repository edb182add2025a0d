/* int8 activations and weights, int32 biases and accumulators, one requantisation per output. Sums of products here
 * take their inputs' steps as they are: the zero point is 0. int8_offset.c has the others. */
#include "internal.h"

#define INPUT                           int8_t
#define ELEMENT                         int8_t
#define ACCUMULATOR                     int32_t
#define BIAS                            int32_t
#define KERNEL(name)                    name##_int8
#define FILTER_TERMS                    const cm_rescale *rescale;
#define FILTER_BEGIN(filter, job)       ((filter).rescale = (job)->rescales)
#define FILTER_NEXT(filter, job)        ((filter).rescale += (job)->rescale_step)
#define PREPARE(job, filter)            ((void)(filter))
#define START(filter, bias)             (bias)
#define MULTIPLY_ADD(sum, x, w)         cm_wrapping_sum(sum, (int32_t)(x) * (int32_t)(w))
#define FINISH(job, filter, sum)        cm_requantise(sum, job, (filter)->rescale)
#define PASSED(job, x)                  (x)
#define CONVERTED(job, x)               converted(job, x)
#define ZERO(job)                       ((int8_t)(job)->output_zero_point)
#define MEAN(job, sum, count)           mean_of(job, sum, count)
#define NORMALISE(job, filter, x, w, b) normalised(job, (filter)->rescale, x, w, b)

/* Nearest, halves away from zero. */
static inline int8_t rounded_mean(int32_t sum, int32_t count) {
    return (int8_t)((sum >= 0 ? sum + count / 2 : sum - count / 2) / count);
}

/* A mean, in the input's scale, or by a factor that holds the division in another. */
static inline int8_t mean_of(const cm_job *job, int32_t sum, int32_t count) {
    uint32_t zeros;
    if (job->rescales == NULL) {
        return rounded_mean(sum, count);
    }
    zeros = (uint32_t)job->input_quantisation.zero_point * (uint32_t)count;
    return cm_requantise((int32_t)((uint32_t)sum - zeros), job, job->rescales);
}

static inline int8_t converted(const cm_job *job, int8_t x) {
    return cm_requantise((int32_t)x - job->input_quantisation.zero_point, job, job->rescales);
}

static inline int8_t normalised(const cm_job *job, const cm_rescale *rescale, int8_t x, int8_t w, int32_t b) {
    const int32_t product = ((int32_t)x - job->input_quantisation.zero_point) * (int32_t)w;
    return cm_requantise(cm_wrapping_sum(b, product), job, rescale);
}

#include "conv.inc"
#include "pool.inc"

#define ADD_HEADROOM 20 /* bits to the left before two inputs meet; a step has at most 9 */

/* Each input by its own factor, then their sum by a third. */
void cm_add_int8(const cm_job *job, cm_counters *counters) {
    const int8_t *first = job->input, *second = job->second_input;
    const int32_t first_zero = job->input_quantisation.zero_point, second_zero = job->second_quantisation.zero_point;
    int8_t *output = job->output;
    for (uint32_t i = 0; i < job->elements; i++) {
        const int32_t a = (CM_LOAD(first[i], input_read_count) - first_zero) * (1 << ADD_HEADROOM);
        const int32_t b = (CM_LOAD(second[i], input_read_count) - second_zero) * (1 << ADD_HEADROOM);
        const int32_t sum = cm_wrapping_sum(cm_rescaled(a, &job->rescales[0]), cm_rescaled(b, &job->rescales[1]));
        CM_STORE(output[i], output_write_count, cm_requantise(sum, job, &job->rescales[2]));
    }
}

/* A function of each step, looked up among its 256 results. */
void cm_unary_int8(const cm_job *job, cm_counters *counters) {
    const int8_t *input = job->input, *table = job->weights;
    int8_t *output = job->output;
    for (uint32_t i = 0; i < job->elements; i++) {
        const uint8_t x = (uint8_t)CM_LOAD(input[i], input_read_count);
        CM_STORE(output[i], output_write_count, CM_LOAD(table[x], weight_read_count));
    }
}

/* The deck's variant: float32 activations and accumulators, int8 weights and biases. */
#include "internal.h"
#include "real.inc"

#define INPUT                   float
#define KERNEL(name)            name##_float32
#define PREPARE(job, filter)    const float scale = (filter)->weight_scale->scale
#define MULTIPLY_ADD(sum, x, w) ((sum) + (x) * ((float)(w)*scale))
#define PASSED(job, x)          (x)

#include "conv.inc"
#include "pool.inc"

void cm_add_float32(const cm_job *job, cm_counters *counters) {
    float *output = job->output;
    for (uint32_t i = 0; i < job->elements; i++) {
        const float a = CM_LOAD(cm_real(job->input, job->input_type, &job->input_quantisation, i), input_read_count);
        const float b =
            CM_LOAD(cm_real(job->second_input, job->second_input_type, &job->second_quantisation, i), input_read_count);
        CM_STORE(output[i], output_write_count, cm_rectified(a + b, job));
    }
}

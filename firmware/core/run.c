/* Runs one prepared layer, and states what memory it needs. */
#include "internal.h"
#include <stddef.h>

typedef void (*kernel)(const cm_job *job, cm_counters *counters);

/* What a kernel computes with. */
enum { STEPS, STEPS_FROM_A_ZERO_POINT, REALS, STEPS_AS_REALS, ARITHMETIC_COUNT };

static const kernel output_stationary[CM_KIND_COUNT][ARITHMETIC_COUNT] = {
    [CM_CONV2D] = {cm_conv_os_int8, cm_conv_os_int8_offset, cm_conv_os_float32, cm_conv_os_float32_of_int8},
    [CM_LINEAR] = {cm_linear_int8, cm_linear_int8_offset, cm_linear_float32, cm_linear_float32_of_int8},
    [CM_MAX_POOL] = {cm_max_pool_int8, cm_max_pool_int8, cm_max_pool_float32, cm_max_pool_float32_of_int8},
    [CM_AVERAGE_POOL] = {cm_average_pool_int8, cm_average_pool_int8, cm_average_pool_float32,
                         cm_average_pool_float32_of_int8},
    /* adaptive: the same over other windows */
    [CM_ADAPTIVE_AVERAGE_POOL] = {cm_average_pool_int8, cm_average_pool_int8, cm_average_pool_float32,
                                  cm_average_pool_float32_of_int8},
    [CM_RELU] = {cm_relu_int8, cm_relu_int8, cm_relu_float32, cm_relu_float32_of_int8},
    [CM_BATCH_NORM] = {cm_batch_norm_int8, cm_batch_norm_int8, cm_batch_norm_float32, cm_batch_norm_float32_of_int8},
    [CM_ADD] = {cm_add_int8, cm_add_int8, cm_add_float32, cm_add_float32},
    [CM_SOFTMAX] = {cm_softmax_int8, cm_softmax_int8, cm_softmax_float32, cm_softmax_float32},
    [CM_CONVERT] = {cm_convert_int8, cm_convert_int8, cm_convert_float32, cm_convert_float32_of_int8},
    [CM_UNARY] = {cm_unary_int8, cm_unary_int8, NULL, NULL},
};

static const kernel row_stationary_convolution[ARITHMETIC_COUNT] = {cm_conv_rs_int8, cm_conv_rs_int8_offset,
                                                                    cm_conv_rs_float32, cm_conv_rs_float32_of_int8};

static int arithmetic_of(const cm_job *job) {
    if (job->type == CM_TYPE_FLOAT32) {
        return job->input_type == CM_TYPE_FLOAT32 ? REALS : STEPS_AS_REALS;
    }
    return job->input_quantisation.zero_point == 0 ? STEPS : STEPS_FROM_A_ZERO_POINT;
}

void cm_job_run(const cm_job *job, cm_counters *counters) {
    const kernel *const kernels =
        job->dataflow == CM_ROW_STATIONARY ? row_stationary_convolution : output_stationary[job->kind];
    const kernel run = job->dataflow == CM_BLOCKED ? cm_kernel_run : kernels[arithmetic_of(job)];
    if (run != NULL) {
        run(job, counters);
    }
}

uint32_t cm_arena_bytes(const cm_model *model, cm_dataflow dataflow) {
    uint32_t largest = 0;
    for (uint32_t layer = 0; layer < model->layer_count; layer++) {
        cm_job job;
        cm_operands operands;
        uint32_t bytes;
        /* cm_model_open has decoded every layer once already. */
        if (cm_layer_decode(&job, &operands, model, layer, dataflow) != CM_OK) {
            return 0;
        }
        bytes = cm_arena_scratch_bytes(&job);
        largest = bytes > largest ? bytes : largest;
    }
    return largest > 0 ? cm_scratch_offset(model) + largest : model->activation_bytes;
}

uint32_t cm_argmax(const void *elements, uint32_t count, cm_type type) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        const int larger = type == CM_TYPE_INT8 ? ((const int8_t *)elements)[i] > ((const int8_t *)elements)[best]
                                                : ((const float *)elements)[i] > ((const float *)elements)[best];
        best = larger ? i : best;
    }
    return best;
}

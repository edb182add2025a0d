/* What a layer's kernel keeps beside its tensors. */
#include "internal.h"

uint32_t cm_arena_scratch_bytes(const cm_job *job) {
    const uint32_t element_bytes = job->input_type == CM_TYPE_FLOAT32 ? 4u : 1u;
    if (job->dataflow == CM_BLOCKED) {
        return cm_kernel_scratch_bytes(job->kernel);
    }
    if (job->dataflow != CM_ROW_STATIONARY) {
        return 0;
    }
    return (uint32_t)job->width.output * CM_ACCUMULATOR_BYTES + (uint32_t)job->width.input * element_bytes +
           (uint32_t)job->width.kernel;
}

uint32_t cm_scratch_bytes(const cm_job *job) {
    switch (job->kind) {
    case CM_CONV2D:
    case CM_LINEAR:
    case CM_MAX_POOL:
    case CM_AVERAGE_POOL:
    case CM_ADAPTIVE_AVERAGE_POOL:
        return job->dataflow != CM_OUTPUT_STATIONARY ? cm_arena_scratch_bytes(job) : CM_ACCUMULATOR_BYTES;
    default:
        return 0;
    }
}

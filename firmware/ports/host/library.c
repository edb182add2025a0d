/* The host's shared library: one call runs one model in the caller's buffers, without a process or a log. */
#include "../../core/fixed_point.h"
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* What one run needs and is: for callers in other languages, who then need none of cm.h's structs. */
EXPORT int32_t costmodel_open(const void *bytes, size_t size, uint32_t dataflow, uint32_t *layer_count,
                              uint32_t *arena_bytes) {
    cm_model model;
    const cm_status status = cm_model_open(&model, bytes, size);
    if (status == CM_OK) {
        *layer_count = model.layer_count;
        *arena_bytes = cm_arena_bytes(&model, (cm_dataflow)dataflow);
    }
    return (int32_t)status;
}

/* Rescale numbers, each by its own factor, as an int8 result is. */
EXPORT void costmodel_rescaled(const int32_t *numbers, const cm_rescale *factors, size_t count, int32_t *results) {
    for (size_t i = 0; i < count; i++) {
        results[i] = cm_rescaled(numbers[i], &factors[i]);
    }
}

/* Run every layer on an arena that already holds the input.
 * @param counters     one per layer; those of the timing build stay zero
 * @param output_hash  one per layer: CRC-32 of its output
 * @param scratch      one per layer: what cm_scratch_bytes states */
EXPORT int32_t costmodel_run(const void *bytes, size_t size, uint32_t dataflow, void *arena, size_t arena_bytes,
                             cm_counters *counters, uint32_t *output_hash, uint32_t *scratch) {
    cm_model model;
    cm_status status = cm_model_open(&model, bytes, size);
    for (uint32_t layer = 0; status == CM_OK && layer < model.layer_count; layer++) {
        cm_job job;
        status = cm_job_prepare(&job, &model, layer, (cm_dataflow)dataflow, arena, arena_bytes);
        if (status == CM_OK) {
            cm_job_run(&job, &counters[layer]);
            output_hash[layer] = cm_crc32(job.output, job.output_bytes);
            scratch[layer] = cm_scratch_bytes(&job);
        }
    }
    return (int32_t)status;
}

/* Run every layer once for each of many inputs, one after the other, in one arena; CM_ERROR_SHAPE where an input or an
 * output has another size.
 * @param inputs   count inputs of input_bytes, as the input tensor holds them
 * @param outputs  count outputs of output_bytes
 */
EXPORT int32_t costmodel_batch(const void *bytes, size_t size, uint32_t dataflow, void *arena, size_t arena_bytes,
                               const uint8_t *inputs, size_t input_bytes, size_t count, uint8_t *outputs,
                               size_t output_bytes) {
    cm_model model;
    cm_tensor input, output;
    cm_status status = cm_model_open(&model, bytes, size);
    if (status == CM_OK) {
        status = cm_model_tensor(&model, model.input_tensor, &input);
    }
    if (status == CM_OK) {
        status = cm_model_tensor(&model, model.output_tensor, &output);
    }
    if (status == CM_OK && (input.bytes != input_bytes || output.bytes != output_bytes)) {
        status = CM_ERROR_SHAPE;
    }
    for (size_t image = 0; status == CM_OK && image < count; image++) {
        memcpy((uint8_t *)arena + input.arena_offset, inputs + image * input_bytes, input_bytes);
        for (uint32_t layer = 0; status == CM_OK && layer < model.layer_count; layer++) {
            cm_job job;
            cm_counters counters;
            status = cm_job_prepare(&job, &model, layer, (cm_dataflow)dataflow, arena, arena_bytes);
            if (status == CM_OK) {
                cm_job_run(&job, &counters);
            }
        }
        if (status == CM_OK) {
            memcpy(outputs + image * output_bytes, (uint8_t *)arena + output.arena_offset, output_bytes);
        }
    }
    return (int32_t)status;
}

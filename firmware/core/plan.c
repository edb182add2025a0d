/* Runs a whole plan: streamed stages and single layers, from a table of whole numbers. */
#include "internal.h"
#include "stream.h"

cm_status cm_layer_run_at(const cm_model *model, uint32_t layer, void *arena, uint32_t arena_bytes, uint32_t input,
                          uint32_t second_input, uint32_t output, cm_counters *counters) {
    cm_job job;
    cm_operands operands;
    const cm_status status = cm_layer_decode(&job, &operands, model, layer, CM_OUTPUT_STATIONARY);
    if (status != CM_OK) {
        return status;
    }
    if (job.dataflow == CM_BLOCKED && cm_arena_scratch_bytes(&job) > 0) {
        return CM_ERROR_ORDER; /* a plan has no room for line buffers */
    }
    if ((uint64_t)input + operands.in.bytes > arena_bytes || (uint64_t)output + operands.out.bytes > arena_bytes ||
        (job.kind == CM_ADD && (uint64_t)second_input + operands.second.bytes > arena_bytes)) {
        return CM_ERROR_ARENA;
    }
    job.input = (uint8_t *)arena + input;
    job.second_input = (uint8_t *)arena + second_input;
    job.output = (uint8_t *)arena + output;
    cm_job_run(&job, counters);
    return CM_OK;
}

cm_status cm_plan_run(const int32_t *table, const cm_model *model, void *arena, uint32_t arena_bytes,
                      cm_stage_step *steps, cm_stage_state *states, uint32_t most_steps, cm_deliver deliver,
                      void *context, cm_counters *counters) {
    const int32_t *at = table + 2;
    cm_status status = CM_OK;
    for (int32_t number = 0; number < table[1] && status == CM_OK; number++) {
        const uint32_t count = (uint32_t)*at++;
        cm_stage stage = {0};
        uint32_t strips;
        if (count > most_steps) {
            return CM_ERROR_ARGUMENT;
        }
        if (count == 0) {
            status = (uint32_t)at[0] < model->layer_count
                         ? cm_layer_run_at(model, (uint32_t)at[0], arena, arena_bytes, (uint32_t)at[1], (uint32_t)at[2],
                                           (uint32_t)at[3], &counters[at[0]])
                         : CM_ERROR_ARGUMENT;
            at += 4;
            continue;
        }
        stage.steps = steps;
        stage.step_count = count;
        stage.grain = (uint8_t)at[0];
        stage.strip_count = at[1] > 0 ? (uint32_t)at[1] : 1u;
        strips = (uint32_t)at[1];
        stage.input_held = (uint8_t)at[2];
        stage.input_offset = (uint32_t)at[3];
        stage.input_units = (uint32_t)at[4];
        at += 5;
        for (uint32_t step = 0; step < count; step++) {
            steps[step].layer = (uint16_t)at[0];
            steps[step].sources[0] = (int16_t)at[1];
            steps[step].sources[1] = (int16_t)at[2];
            steps[step].reader = (int16_t)at[3];
            steps[step].held = (uint8_t)at[4];
            steps[step].scatters = (uint8_t)at[5];
            steps[step].offset = (uint32_t)at[6];
            steps[step].units = (uint32_t)at[7];
            steps[step].row_offset = (uint32_t)at[8];
            steps[step].row_units = (uint32_t)at[9];
            at += 10;
        }
        stage.strips = strips > 0 ? at : NULL;
        at += 2u * strips * (count + 1u);
        status = cm_stage_run(&stage, model, arena, arena_bytes, states, deliver, context, counters);
    }
    return status;
}

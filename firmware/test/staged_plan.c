/* Stands in for the app: runs one model under a plan of stages, in an arena of exactly the plan's size between guard
 * bytes, as one segment, and logs what a test holds against the plan.
 *
 * The job's input is the arena's bytes, whether the input is read where it lies, the number of words of the table
 * (docs/memory.md), the table, and the network's input, CHW. The model is the job's only one.
 */
#include "../app/app.h"
#include "../app/line.h"
#include "../app/port.h"
#include "../core/stream.h"

enum { GUARD_BYTES = 64, GUARD = 0xa5, MAX_STEPS = 64, MAX_LAYERS = 64, WORDS_BEFORE = 3 };

typedef struct {
    const int8_t *input;
    uint32_t channels, pixels;
} source;

static cm_stage_step steps[MAX_STEPS];
static cm_stage_state states[MAX_STEPS];
static cm_counters counters[MAX_LAYERS];

static void deliver(void *context, uint32_t pixel, int8_t *channels) {
    const source *const from = context;
    for (uint32_t channel = 0; channel < from->channels; channel++) {
        channels[channel] = from->input[channel * from->pixels + pixel];
    }
}

static int guards_stand(const uint8_t *arena, uint32_t bytes) {
    for (uint32_t i = 0; i < GUARD_BYTES; i++) {
        if (arena[i - (uint32_t)GUARD_BYTES] != GUARD || arena[bytes + i] != GUARD) {
            return 0;
        }
    }
    return 1;
}

static void log_layers(const cm_model *model) {
    for (uint32_t index = 0; index < model->layer_count; index++) {
        line out;
        line_begin(&out, "layer");
        line_number(&out, "index", index);
#define CM_COUNTER(name) line_number(&out, #name, counters[index].name);
#include "../core/counters.def"
#undef CM_COUNTER
        line_end(&out);
    }
}

int app_run(const app_request *request) {
    const int32_t *const job = (const int32_t *)(const void *)request->input;
    const uint32_t arena_bytes = (uint32_t)job[0];
    const int32_t *const table = job + WORDS_BEFORE;
    uint8_t *const arena = (uint8_t *)request->arena + GUARD_BYTES;
    const int8_t *const input = (const int8_t *)(table + job[2]);
    cm_model model;
    cm_tensor tensor;
    source from;
    line out;
    cm_status status = cm_model_open(&model, request->models, request->model_bytes);
    if (status == CM_OK && (model.layer_count > MAX_LAYERS || arena_bytes + 2u * GUARD_BYTES > request->arena_bytes)) {
        status = CM_ERROR_ARENA;
    }
    if (status == CM_OK) {
        status = cm_model_tensor(&model, model.input_tensor, &tensor);
    }
    if (status != CM_OK) {
        return (int)status;
    }
    for (uint32_t i = 0; i < arena_bytes + 2u * GUARD_BYTES; i++) {
        ((uint8_t *)request->arena)[i] = GUARD;
    }
    from.input = input;
    from.channels = tensor.channels;
    from.pixels = tensor.height * tensor.width;
    for (uint32_t i = 0; table[0] >= 0 && i < tensor.bytes; i++) {
        arena[(uint32_t)table[0] + i] = (uint8_t)input[i];
    }
    port_measure_begin(1);
    status = job[1]
                 ? cm_plan_run(table, &model, arena, arena_bytes, steps, states, MAX_STEPS, NULL,
                               (void *)(uintptr_t)input, counters)
                 : cm_plan_run(table, &model, arena, arena_bytes, steps, states, MAX_STEPS, deliver, &from, counters);
    port_measure_end();
    log_layers(&model);
    line_begin(&out, "end");
    line_number(&out, "code", (uint64_t)status);
    line_number(&out, "guards_stand", (uint64_t)guards_stand(arena, arena_bytes));
    line_range(&out, "arena", arena, arena_bytes);
    line_range(&out, "model", request->models, (uint32_t)request->model_bytes);
    line_hash(&out, "hash", cm_crc32(arena, arena_bytes));
    line_end(&out);
    return (int)status;
}

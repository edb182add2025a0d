/* Runs a plan of stages on an arena of exactly its size, with nothing behind it but a guard page.
 *
 * One call for callers in other languages.
 */
#define _DEFAULT_SOURCE
#include "../../core/stream.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_STEPS 64u
#define FILL      0x5a

typedef struct {
    const int8_t *input; /* CHW */
    uint32_t channels, pixels;
} source;

static void deliver(void *context, uint32_t pixel, int8_t *channels) {
    const source *const from = context;
    for (uint32_t channel = 0; channel < from->channels; channel++) {
        channels[channel] = from->input[channel * from->pixels + pixel];
    }
}

/* Run a model file under a plan.
 * @param in_flash  the input is read where it lies
 * @param counters  one for each layer of the model
 * @param arena_out the arena afterwards, arena_bytes of it
 * @return a cm_status, or -1 where a byte before the arena was written */
int32_t staged_run(const void *bytes, size_t size, const int32_t *table, const int8_t *input, uint32_t arena_bytes,
                   int32_t in_flash, cm_counters *counters, uint8_t *arena_out) {
    const uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE), mapped = (arena_bytes + page) / page * page;
    const uint32_t start = (mapped - arena_bytes) / CM_ALIGNMENT * CM_ALIGNMENT;
    static cm_stage_step steps[MAX_STEPS];
    static cm_stage_state states[MAX_STEPS];
    cm_model model;
    cm_tensor tensor;
    source from;
    uint8_t *const pages =
        mmap(NULL, (size_t)mapped + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int32_t status = (int32_t)cm_model_open(&model, bytes, size);
    if (pages == MAP_FAILED || mprotect(pages + mapped, page, PROT_NONE) != 0) {
        return -2;
    }
    if (status == CM_OK && (status = (int32_t)cm_model_tensor(&model, model.input_tensor, &tensor)) == CM_OK) {
        memset(pages, FILL, mapped);
        from.input = input;
        from.channels = tensor.channels;
        from.pixels = tensor.height * tensor.width;
        if (table[0] >= 0) {
            memcpy(pages + start + table[0], input, tensor.bytes);
        }
        status = (int32_t)cm_plan_run(table, &model, pages + start, arena_bytes, steps, states, MAX_STEPS,
                                      in_flash ? NULL : deliver, in_flash ? (void *)(uintptr_t)input : &from, counters);
        for (uint32_t i = 0; i < start; i++) {
            status = pages[i] != FILL ? -1 : status;
        }
        memcpy(arena_out, pages + start, arena_bytes);
    }
    munmap(pages, (size_t)mapped + page);
    return status;
}

/* Opens and runs files that may be anything, each in memory of exactly its size so that a sanitizer sees a read beyond
 * it.
 *
 *   hostile FILE    entries of a 32-bit length and that many bytes; prints the status of each, and of running it
 */
#include "../../core/cm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORK        2000000.0 /* multiply-accumulates a file may ask for and still be run */
#define MAX_ARENA_BYTES (1u << 24)

static double work_of(const cm_job *job) {
    const double outputs = (double)job->elements;
    const double window = (double)job->height.kernel * job->width.kernel;
    switch (job->kind) {
    case CM_CONV2D:
        return outputs * job->in_channels * window + (double)job->output_bytes;
    case CM_LINEAR:
        return outputs * job->in_channels;
    case CM_MAX_POOL:
    case CM_AVERAGE_POOL:
        return outputs * window;
    default:
        return outputs + (double)job->input_bytes;
    }
}

static int run_all(const cm_model *model, cm_dataflow dataflow) {
    const uint32_t need = cm_arena_bytes(model, dataflow);
    uint8_t *arena = NULL;
    cm_status status = CM_OK;
    double work = 0;
    if (need > MAX_ARENA_BYTES) {
        return -1;
    }
    arena = calloc(1, need > 0 ? need : 1u);
    for (uint32_t layer = 0; status == CM_OK && layer < model->layer_count; layer++) {
        cm_counters counters = {0};
        cm_job job;
        status = cm_job_prepare(&job, model, layer, dataflow, arena, need);
        work += status == CM_OK ? work_of(&job) : 0;
        if (status == CM_OK && work < MAX_WORK) {
            cm_job_run(&job, &counters);
        }
    }
    free(arena);
    return (int)status;
}

int main(int argc, char **argv) {
    FILE *const file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    uint32_t size;
    if (file == NULL) {
        return 64;
    }
    while (fread(&size, sizeof size, 1, file) == 1) {
        uint8_t *const bytes = malloc(size > 0 ? size : 1u);
        cm_model model;
        cm_status status;
        int ran[2] = {0, 0};
        if (fread(bytes, 1, size, file) != size) {
            return 65;
        }
        status = cm_model_open(&model, bytes, size);
        for (int dataflow = 0; status == CM_OK && dataflow < 2; dataflow++) {
            ran[dataflow] = run_all(&model, (cm_dataflow)dataflow);
        }
        printf("%s %d %d\n", cm_status_text(status), ran[0], ran[1]);
        free(bytes);
    }
    fclose(file);
    return 0;
}

/* Measures how much of its arena a model really touches, with nothing behind the arena but a guard page.
 *
 *   watermark FILE    entries of a 32-bit length and a model file of that many bytes, each with an example input
 *
 * Prints a line for each model and dataflow: the status, cm_arena_bytes, the end of the last byte that was written, and
 * for each of two fills the CRC-32 of all layers' outputs' CRC-32. The arena is filled with one pattern before the
 * first run and with its complement before the second: a byte that is written differs from at least one of them, and a
 * byte that is read before it is written makes the outputs differ.
 */
#define _DEFAULT_SOURCE
#include "../../core/cm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_ARENA_BYTES (1u << 24)

/* Run every layer.
 * @param hash  CRC-32 of the layers' output CRC-32s, in order */
static cm_status run_all(const cm_model *model, cm_dataflow dataflow, uint8_t *arena, uint32_t arena_bytes,
                         uint32_t *hash) {
    uint32_t *const hashes = calloc(model->layer_count, sizeof *hashes);
    cm_tensor input;
    cm_status status = cm_model_tensor(model, model->input_tensor, &input);
    if (status == CM_OK && model->example_input != NULL) {
        memcpy(arena + input.arena_offset, model->example_input, input.bytes);
    }
    for (uint32_t layer = 0; status == CM_OK && layer < model->layer_count; layer++) {
        cm_counters counters = {0};
        cm_job job;
        status = cm_job_prepare(&job, model, layer, dataflow, arena, arena_bytes);
        if (status == CM_OK) {
            cm_job_run(&job, &counters);
            hashes[layer] = cm_crc32(job.output, job.output_bytes);
        }
    }
    *hash = cm_crc32(hashes, model->layer_count * sizeof *hashes);
    free(hashes);
    return status;
}

/* The end of the last byte that differs from a fill. */
static uint32_t written(const uint8_t *arena, uint32_t arena_bytes, uint8_t fill) {
    while (arena_bytes > 0 && arena[arena_bytes - 1] == fill) {
        arena_bytes--;
    }
    return arena_bytes;
}

static cm_status measure(const cm_model *model, cm_dataflow dataflow) {
    static const uint8_t fills[2] = {0x5a, 0xa5};
    const uint32_t arena_bytes = cm_arena_bytes(model, dataflow), page = (uint32_t)sysconf(_SC_PAGESIZE);
    const uint32_t mapped = (arena_bytes + page - 1) / page * page;
    /* The arena begins at a multiple of its alignment, as close to the guard page as that allows. */
    const uint32_t start = (mapped - arena_bytes) / CM_ALIGNMENT * CM_ALIGNMENT;
    uint8_t *pages;
    uint32_t mark = 0, hashes[2] = {0, 0};
    cm_status status = CM_OK;
    if (arena_bytes > MAX_ARENA_BYTES) {
        return CM_ERROR_ARENA;
    }
    pages = mmap(NULL, (size_t)mapped + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + mapped, page, PROT_NONE) != 0) {
        exit(66);
    }
    for (int fill = 0; fill < 2 && status == CM_OK; fill++) {
        uint32_t end;
        memset(pages, fills[fill], mapped);
        status = run_all(model, dataflow, pages + start, arena_bytes, &hashes[fill]);
        /* Before the arena and between its end and the guard page nothing may have changed either. */
        end = written(pages, mapped, fills[fill]);
        mark = end > start && end - start > mark ? end - start : mark;
        for (uint32_t i = 0; i < start; i++) {
            mark = pages[i] != fills[fill] ? UINT32_MAX : mark;
        }
    }
    munmap(pages, (size_t)mapped + page);
    printf("%s %u %u %08x %08x\n", cm_status_text(status), (unsigned)arena_bytes, (unsigned)mark, (unsigned)hashes[0],
           (unsigned)hashes[1]);
    return status;
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
        if (bytes == NULL || fread(bytes, 1, size, file) != size || cm_model_open(&model, bytes, size) != CM_OK) {
            return 65;
        }
        for (int dataflow = 0; dataflow < 2; dataflow++) {
            if (measure(&model, (cm_dataflow)dataflow) != CM_OK) {
                return 67;
            }
        }
        free(bytes);
    }
    fclose(file);
    return 0;
}

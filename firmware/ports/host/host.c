/* The host port: runs a blob of model files from a file, and writes the device log to standard output.
 *
 *   host_counting MODELS [--input FILE] [--dataflow os|rs|both] [--addresses]
 */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 199309L
#endif
#include "../../app/app.h"
#include "../../app/port.h"
#include "../../core/cm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

const char port_name[] = "host";

#if defined(_WIN32)
const uint32_t port_ticks_hz = CLOCKS_PER_SEC;

uint64_t port_ticks(void) {
    return (uint64_t)clock();
}
#else
const uint32_t port_ticks_hz = 1000000000u;

uint64_t port_ticks(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * port_ticks_hz + (uint64_t)now.tv_nsec;
}
#endif

void port_write(const char *text, size_t length) {
    fwrite(text, 1, length, stdout);
}

/* Watched by memory tracers: each layer's run lies between a store of its segment and a store of 0. */
volatile uint32_t port_marker;

void port_measure_begin(uint32_t segment) {
    port_marker = segment;
}

void port_measure_end(void) {
    port_marker = 0;
}

/* Read a whole file into memory; NULL where that fails. malloc aligns for every type, which is CM_ALIGNMENT or more. */
static void *read_file(const char *path, size_t *size) {
    FILE *const file = fopen(path, "rb");
    void *bytes = NULL;
    long length;
    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        *size = (size_t)length;
        bytes = malloc(*size > 0 ? *size : 1u);
        if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

/* The largest arena any of the models asks for. */
static size_t arena_need(const uint8_t *models, size_t size) {
    size_t largest = 1, offset = 0;
    cm_model model;
    while (offset < size && cm_model_open(&model, models + offset, size - offset) == CM_OK) {
        for (int dataflow = 0; dataflow < 2; dataflow++) {
            const size_t need = cm_arena_bytes(&model, (cm_dataflow)dataflow);
            largest = need > largest ? need : largest;
        }
        offset += model.file_bytes;
    }
    return largest;
}

static int fail(const char *what, const char *name) {
    fprintf(stderr, "%s: %s\n", what, name);
    return 64;
}

int main(int argc, char **argv) {
    app_request request = {0};
    size_t input_bytes = 0;
    void *models, *input = NULL;
    cm_model first;
    cm_tensor tensor;
    int status;
    if (argc < 2) {
        return fail("usage", "MODELS [--input FILE] [--dataflow os|rs|both] [--addresses]");
    }
    models = read_file(argv[1], &request.model_bytes);
    if (models == NULL) {
        return fail("cannot read", argv[1]);
    }
    request.models = models;
    request.dataflows = APP_OUTPUT_STATIONARY | APP_ROW_STATIONARY;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--addresses") == 0) {
            request.addresses = 1;
        } else if (strcmp(argv[i], "--input") == 0 && i + 1 < argc) {
            input = read_file(argv[++i], &input_bytes);
            if (input == NULL) {
                return fail("cannot read", argv[i]);
            }
        } else if (strcmp(argv[i], "--dataflow") == 0 && i + 1 < argc) {
            i++;
            request.dataflows = strcmp(argv[i], "os") == 0   ? APP_OUTPUT_STATIONARY
                                : strcmp(argv[i], "rs") == 0 ? APP_ROW_STATIONARY
                                                             : APP_OUTPUT_STATIONARY | APP_ROW_STATIONARY;
        } else {
            return fail("unknown argument", argv[i]);
        }
    }
    if (input != NULL && cm_model_open(&first, models, request.model_bytes) == CM_OK &&
        (cm_model_tensor(&first, first.input_tensor, &tensor) != CM_OK || tensor.bytes != input_bytes)) {
        return fail("not as long as the model's input", "--input");
    }
    request.input = input;
    request.arena_bytes = arena_need(models, request.model_bytes);
    request.arena = calloc(1, request.arena_bytes);
    if (request.arena == NULL) {
        return fail("out of memory", "arena");
    }
#ifdef _WIN32
    _setmode(_fileno(stdout), _O_BINARY);
#endif
    status = app_run(&request);
    free(request.arena);
    free(input);
    free(models);
    return status;
}

#include "app.h"
#include "line.h"
#include "port.h"
#include "../core/cm.h"
#include "../core/core_hash.h"

#ifdef CM_COUNTING
#define BUILD "counting"
#else
#define BUILD "timing"
#endif

#ifndef CM_BUILD_FLAGS
#define CM_BUILD_FLAGS "not stated"
#endif

#ifdef __VERSION__
#define COMPILER __VERSION__
#else
#define COMPILER "not stated"
#endif

#define MAX_LOGGED_OUTPUT 256u /* bytes of the network's output that the last line spells out */

/* One model with one dataflow. */
typedef struct {
    const app_request *request;
    cm_model model;
    cm_dataflow dataflow;
    uint32_t run;      /* counts up from 1 */
    uint32_t *segment; /* counts up over all runs */
    line out;
} session;

static void copy(void *to, const void *from, uint32_t bytes) {
    uint8_t *target = to;
    const uint8_t *source = from;
    for (uint32_t i = 0; i < bytes; i++) {
        target[i] = source[i];
    }
}

static void log_start(session *s) {
    line *const out = &s->out;
    line_begin(out, "start");
    line_number(out, "run", s->run);
    line_text(out, "port", port_name);
    line_text(out, "build", BUILD);
    line_text(out, "compiler", COMPILER);
    line_text(out, "flags", CM_BUILD_FLAGS);
    line_text(out, "core", CM_CORE_HASH);
    line_hash(out, "model", s->model.checksum);
    line_text(out, "network", s->model.name);
    line_text(out, "variant", cm_variant_text(s->model.variant));
    line_text(out, "dataflow", cm_dataflow_text(s->dataflow));
    line_number(out, "layer_count", s->model.layer_count);
    line_number(out, "model_bytes", s->model.file_bytes);
    line_number(out, "activation_bytes", s->model.activation_bytes);
    line_number(out, "arena_bytes", cm_arena_bytes(&s->model, s->dataflow));
    line_number(out, "ticks_hz", port_ticks_hz);
    line_end(out);
}

static void log_ranges(session *s, const cm_job *job, uint32_t index) {
    line *const out = &s->out;
    line_begin(out, "ranges");
    line_number(out, "run", s->run);
    line_number(out, "index", index);
    line_number(out, "segment", *s->segment);
    line_range(out, "input", job->input, job->input_bytes);
    line_range(out, "second_input", job->second_input, job->second_input_bytes);
    line_range(out, "weight", job->weights, job->weight_bytes);
    line_range(out, "bias", job->bias, job->bias_bytes);
    line_range(out, "output", job->output, job->output_bytes);
    line_range(out, "scratch", job->scratch, cm_arena_scratch_bytes(job));
    line_end(out);
}

static void log_layer(session *s, const cm_job *job, uint32_t index, uint64_t ticks, const cm_counters *counters) {
    line *const out = &s->out;
    line_begin(out, "layer");
    line_number(out, "run", s->run);
    line_number(out, "index", index);
    line_text(out, "name", job->name);
    line_text(out, "kind", cm_kind_text(job->kind));
    line_number(out, "tick_count", ticks);
    line_hash(out, "output", cm_crc32(job->output, job->output_bytes));
#ifdef CM_COUNTING
#define CM_COUNTER(name) line_number(out, #name, counters->name);
#include "../core/counters.def"
#undef CM_COUNTER
#else
    (void)counters;
#endif
    line_end(out);
}

static cm_status run_layer(session *s, uint32_t index) {
    const app_request *const request = s->request;
    cm_job job;
    cm_counters counters = {0};
    uint64_t begin, end;
    const cm_status status = cm_job_prepare(&job, &s->model, index, s->dataflow, request->arena, request->arena_bytes);
    if (status != CM_OK) {
        return status;
    }
    *s->segment += 1;
    if (request->addresses) {
        log_ranges(s, &job, index);
    }
    port_measure_begin(*s->segment);
    begin = port_ticks();
    cm_job_run(&job, &counters);
    end = port_ticks();
    port_measure_end();
    log_layer(s, &job, index, end - begin, &counters);
    return CM_OK;
}

static void log_end(session *s, cm_status status) {
    line *const out = &s->out;
    cm_tensor result;
    line_begin(out, "end");
    line_number(out, "run", s->run);
    line_text(out, "status", cm_status_text(status));
    line_number(out, "code", (uint64_t)status);
    if (status == CM_OK && cm_model_tensor(&s->model, s->model.output_tensor, &result) == CM_OK) {
        const uint8_t *const bytes = (const uint8_t *)s->request->arena + result.arena_offset;
        line_number(out, "class", cm_argmax(bytes, result.elements, result.type));
        line_bytes(out, "output", bytes, result.bytes < MAX_LOGGED_OUTPUT ? result.bytes : MAX_LOGGED_OUTPUT);
    }
    line_end(out);
}

static cm_status run_model(session *s) {
    const app_request *const request = s->request;
    const void *const input = request->input ? request->input : s->model.example_input;
    cm_tensor tensor;
    cm_status status = cm_model_tensor(&s->model, s->model.input_tensor, &tensor);
    log_start(s);
    if (status == CM_OK && request->arena_bytes < cm_arena_bytes(&s->model, s->dataflow)) {
        status = CM_ERROR_ARENA;
    }
    if (status == CM_OK && input) {
        copy((uint8_t *)request->arena + tensor.arena_offset, input, tensor.bytes);
    }
    for (uint32_t index = 0; status == CM_OK && index < s->model.layer_count; index++) {
        status = run_layer(s, index);
    }
    log_end(s, status);
    return status;
}

static int only_padding(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return 0;
        }
    }
    return 1;
}

int app_run(const app_request *request) {
    const uint8_t *const models = request->models;
    uint32_t segment = 0, run = 0;
    size_t offset = 0;
    do {
        session s;
        cm_status status = cm_model_open(&s.model, models + offset, request->model_bytes - offset);
        s.request = request;
        s.segment = &segment;
        if (status != CM_OK) {
            s.run = run + 1;
            log_end(&s, status);
        }
        for (uint32_t dataflow = 0; status == CM_OK && dataflow < 2; dataflow++) {
            if (request->dataflows >> dataflow & 1u) {
                s.dataflow = (cm_dataflow)dataflow;
                s.run = ++run;
                status = run_model(&s);
            }
        }
        if (status != CM_OK) {
            return (int)status;
        }
        offset += s.model.file_bytes;
    } while (offset < request->model_bytes && !only_padding(models + offset, request->model_bytes - offset));
    return 0;
}

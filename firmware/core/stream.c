/* Stages: what is asked for is checked, then run by the file for its types. */
#include "stream_run.h"

/* The one accumulator of a layer that sums or compares. */
static void count_accumulator(cm_counters *counters) {
    CM_BUFFER(CM_ACCUMULATOR_BYTES);
}

static int streams(const cm_job *job) {
    /* A mean in another scale is divided by its factor, which a result under way knows nothing of. */
    return job->kind == CM_CONV2D || job->kind == CM_ADD || job->kind == CM_RELU ||
           (is_pool(job) && job->rescales == NULL);
}

/* Whether an operand is of another type than the stage: only what comes from outside may be. */
static int is_mixed(const cm_stream *s, int32_t source, cm_type own, cm_type type) {
    return own != type && (source >= 0 || own != s->input_type);
}

static int mixes_types(const cm_stream *s, const cm_stage_step *step, const cm_job *job, cm_type type) {
    return job->type != type || is_mixed(s, step->sources[0], job->input_type, type) ||
           (job->kind == CM_ADD && is_mixed(s, step->sources[1], job->second_input_type, type));
}

static void take_input(cm_stream *s, const cm_tensor *input) {
    s->input_type = input->type;
    s->input_channels = input->channels;
    s->input_rows = input->height;
    s->input_columns = input->width;
}

/* Decode a step, and hold it against what streams. */
static cm_status open_step(cm_stream *s, const cm_model *model, uint32_t at, cm_type *type) {
    const cm_stage_step *const step = &s->stage->steps[at];
    cm_stage_state *const state = &s->states[at];
    cm_operands operands;
    const cm_status status = step->layer < model->layer_count
                                 ? cm_layer_decode(&state->job, &operands, model, step->layer, CM_OUTPUT_STATIONARY)
                                 : CM_ERROR_ARGUMENT;
    if (status != CM_OK) {
        return status;
    }
    if (state->job.dataflow == CM_BLOCKED) {
        return CM_ERROR_ORDER; /* taps here are read in OIHW */
    }
    if (step->sources[0] >= (int32_t)at || step->sources[1] >= (int32_t)at || step->held > CM_HELD_WHOLE ||
        step->reader >= (int32_t)s->stage->step_count || (step->reader >= 0 && step->reader <= (int32_t)at)) {
        return CM_ERROR_ARGUMENT;
    }
    *type = at == 0 ? state->job.type : *type;
    if (step->sources[0] < 0) {
        take_input(s, &operands.in);
    } else if (state->job.kind == CM_ADD && step->sources[1] < 0) {
        take_input(s, &operands.second);
    }
    if (!streams(&state->job) || mixes_types(s, step, &state->job, *type)) {
        return CM_ERROR_TYPE;
    }
    state->channels = operands.out.channels;
    state->rows = operands.out.height;
    state->columns = operands.out.width;
    return CM_OK;
}

cm_status cm_stage_run(const cm_stage *stage, const cm_model *model, void *arena, uint32_t arena_bytes,
                       cm_stage_state *states, cm_deliver deliver, void *context, cm_counters *counters) {
    cm_stream s = {0};
    cm_type type = CM_TYPE_INT8;
    cm_status status = CM_OK;
    s.stage = stage;
    s.states = states;
    s.arena = arena;
    s.outside = context;
    s.deliver = deliver;
    s.context = context;
    s.counters = counters;
    if (stage->step_count == 0 || stage->strip_count == 0 || (stage->strip_count > 1 && stage->strips == NULL) ||
        (stage->input_held == CM_HELD_RING && (deliver == NULL || stage->strips != NULL)) ||
        (stage->input_held == CM_HELD_OUTSIDE && context == NULL)) {
        return CM_ERROR_ARGUMENT;
    }
    for (uint32_t at = 0; status == CM_OK && at < stage->step_count; at++) {
        status = open_step(&s, model, at, &type);
    }
    if (status == CM_OK && stage->input_held == CM_HELD_RING && s.input_type != CM_TYPE_INT8) {
        status = CM_ERROR_TYPE;
    }
    for (uint32_t strip = stage->strip_count; status == CM_OK && strip > 0; strip--) {
        status = cm_stream_strip(&s, strip - 1u, arena_bytes);
    }
    for (uint32_t at = 0; status == CM_OK && at < stage->step_count; at++) {
        if (states[at].job.kind == CM_CONV2D || is_pool(&states[at].job)) {
            count_accumulator(&counters[stage->steps[at].layer]);
        }
    }
    if (status == CM_OK) {
        (type == CM_TYPE_FLOAT32 ? cm_stream_float32 : cm_stream_int8)(&s);
    }
    return status;
}

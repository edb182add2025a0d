/* The columns of a strip, and whether what a stage keeps of them lies in the arena. */
#include "stream_run.h"

/* Bytes of `elements`, some of them sums of 4 bytes. */
static int fits(uint32_t offset, uint64_t elements, uint32_t element_bytes, uint32_t arena_bytes) {
    return offset % element_bytes == 0 && offset + elements * element_bytes <= arena_bytes;
}

static uint32_t element_bytes_of(cm_type type) {
    return type == CM_TYPE_FLOAT32 ? (uint32_t)sizeof(float) : 1u;
}

/* Whether what a step keeps in a strip lies in the arena. */
static int step_fits(const cm_stream *s, uint32_t at, uint32_t arena_bytes) {
    const cm_stage_step *const step = &s->stage->steps[at];
    const cm_stage_state *const state = &s->states[at];
    const uint32_t size = element_bytes_of(state->job.type);
    const uint32_t wide = s->stage->grain == CM_GRAIN_ROWS ? state->width : 1u;
    const uint64_t row = step->row_units > 0 ? (uint64_t)step->row_units * wide * state->channels : state->job.elements;
    if (step->held == CM_HELD_RING &&
        (step->units == 0 || !fits(step->offset, (uint64_t)step->units * wide * state->channels, size, arena_bytes))) {
        return 0;
    }
    if (step->held == CM_HELD_WHOLE && !fits(step->offset, state->job.elements, size, arena_bytes)) {
        return 0;
    }
    return !step->scatters ||
           fits(step->row_offset, row, state->job.kind == CM_MAX_POOL ? size : CM_ACCUMULATOR_BYTES, arena_bytes);
}

static int input_fits(const cm_stream *s, uint32_t arena_bytes) {
    const cm_stage *const stage = s->stage;
    const uint32_t wide = stage->grain == CM_GRAIN_ROWS ? s->input_width : 1u, size = element_bytes_of(s->input_type);
    const uint64_t whole = (uint64_t)s->input_channels * s->input_rows * s->input_columns;
    if (stage->input_held == CM_HELD_RING) {
        return stage->input_units > 0 &&
               fits(stage->input_offset, (uint64_t)stage->input_units * wide * s->input_channels, size, arena_bytes);
    }
    return stage->input_held == CM_HELD_OUTSIDE || fits(stage->input_offset, whole, size, arena_bytes);
}

/* Columns of a tensor in a strip: all of them where the stage has no strips, or where strips share it. */
static cm_status columns_in(const cm_stream *s, uint32_t strip, uint32_t place, uint32_t columns, uint32_t *first,
                            uint32_t *width, int *shared) {
    const int32_t *const cut =
        s->stage->strips ? s->stage->strips + 2u * (strip * (s->stage->step_count + 1u) + place) : NULL;
    *first = 0;
    *width = columns;
    *shared = cut != NULL && cut[0] < 0;
    if (cut == NULL || *shared) {
        return CM_OK;
    }
    if (cut[1] < cut[0] || (uint32_t)cut[1] >= columns) {
        return CM_ERROR_ARGUMENT;
    }
    *first = (uint32_t)cut[0];
    *width = (uint32_t)(cut[1] - cut[0]) + 1u;
    return CM_OK;
}

cm_status cm_stream_strip(cm_stream *s, uint32_t strip, uint32_t arena_bytes) {
    int shared;
    cm_status status = columns_in(s, strip, 0, s->input_columns, &s->input_first, &s->input_width, &shared);
    s->input_made = 0;
    for (uint32_t at = 0; status == CM_OK && at < s->stage->step_count; at++) {
        cm_stage_state *const state = &s->states[at];
        status = columns_in(s, strip, at + 1u, state->columns, &state->first, &state->width, &shared);
        state->shared = (uint8_t)shared;
        state->made = shared && strip > 0 ? state->made : 0;
        if (status == CM_OK && !step_fits(s, at, arena_bytes)) {
            status = CM_ERROR_ARENA;
        }
    }
    return status == CM_OK && !input_fits(s, arena_bytes) ? CM_ERROR_ARENA : status;
}

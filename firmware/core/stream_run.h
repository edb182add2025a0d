/* A stage while it runs, shared by the files that compute with int8 steps and with reals. Not for callers. */
#ifndef CM_STREAM_RUN_H
#define CM_STREAM_RUN_H

#include "stream.h"
#include "windows.h"

typedef struct {
    const cm_stage *stage;
    cm_stage_state *states;
    uint8_t *arena;
    const uint8_t *outside; /* the stage's input where it lies, or NULL */
    cm_deliver deliver;
    void *context;
    cm_counters *counters; /* of the model's layers */
    cm_type input_type;
    uint32_t input_channels, input_rows, input_columns, input_first, input_width, input_made;
} cm_stream;

/* Run every strip of a stage that has been checked. */
void cm_stream_int8(cm_stream *s);
void cm_stream_float32(cm_stream *s);

/* Choose the columns that a strip computes of each tensor, and begin anew what it does not share with the others.
 * @return CM_ERROR_ARGUMENT where columns are none of a tensor's, CM_ERROR_ARENA where a ring of them is too large */
cm_status cm_stream_strip(cm_stream *s, uint32_t strip, uint32_t arena_bytes);

/* Whether a tensor is taken element by element as it is made. */
static inline int cm_is_direct(const cm_stream *s, int32_t at) {
    return at >= 0 && s->stage->steps[at].held == CM_HELD_DIRECT;
}

/* Rows or pixels of a tensor in a strip, as the stage counts them. */
static inline uint32_t cm_units_of(const cm_stream *s, int32_t at) {
    const cm_stage_state *const state = &s->states[at];
    return s->stage->grain == CM_GRAIN_ROWS ? state->rows : state->rows * state->width;
}

/* Those that are made: a pooling that scatters completes its results one by one. */
static inline uint32_t cm_units_made(const cm_stream *s, int32_t at) {
    const cm_stage_state *const state = &s->states[at];
    return s->stage->grain == CM_GRAIN_ROWS && s->stage->steps[at].scatters ? state->made / state->width : state->made;
}

#endif

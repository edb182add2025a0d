/* Stages: layers that take turns row by row or pixel by pixel, in an arena as large as a plan says and no larger.
 *
 * The plan decides what is kept of each tensor: a ring of its newest rows or pixels (all channels of a pixel side by
 * side), a running row of a pooling's results that are not complete, the whole of it (CHW), or nothing, where its one
 * reader takes each element as it is made. A stage may run in vertical strips, one after the other; what two of them
 * share both compute. Output stationary; int8, or float32 with an int8 input. docs/memory.md says how a plan is made;
 * `costmodel plan --emit c` writes one as a table.
 */
#ifndef CM_STREAM_H
#define CM_STREAM_H

#include "cm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { CM_HELD_DIRECT = 0, CM_HELD_RING = 1, CM_HELD_WHOLE = 2, CM_HELD_OUTSIDE = 3 } cm_held;

typedef enum { CM_GRAIN_PIXELS = 0, CM_GRAIN_ROWS = 1 } cm_grain;

#define CM_STAGE_INPUT (-1) /* in place of a step: the tensor that comes from outside the stage */

/* A layer of a stage, and what is kept of its tensor. */
typedef struct {
    uint16_t layer;      /* of the model */
    int16_t sources[2];  /* the steps whose tensors it reads, or CM_STAGE_INPUT */
    int16_t reader;      /* the pooling its pixels are scattered into as they are made, or CM_STAGE_INPUT for none */
    uint8_t held;        /* a cm_held */
    uint8_t scatters;    /* 1: a pooling that takes each pixel of its input as it is made */
    uint32_t offset;     /* in the arena, of the ring, or of the whole tensor */
    uint32_t units;      /* rows or pixels of the ring */
    uint32_t row_offset; /* of its running row */
    uint32_t
        row_units; /* rows or results of the running row; 0: results under way lie in the whole tensor's own place */
} cm_stage_step;

/* Gives a pixel of the network's input: `channels` of them, counted from 0 in raster order. */
typedef void (*cm_deliver)(void *context, uint32_t pixel, int8_t *channels);

typedef struct {
    const cm_stage_step *steps;
    uint32_t step_count;
    uint8_t grain;      /* a cm_grain */
    uint8_t input_held; /* CM_HELD_RING: delivered; CM_HELD_WHOLE: it lies in the arena; CM_HELD_OUTSIDE: elsewhere */
    uint32_t input_offset; /* in the arena */
    uint32_t input_units;  /* rows or pixels of its ring */
    uint32_t strip_count;  /* at least 1 */
    const int32_t *strips; /* of each strip the first and last column of the input and of each step's tensor, -1 where
                              all strips add to the whole of it; or NULL */
} cm_stage;

/* What a step keeps beside the arena while its stage runs; the caller owns one for each. */
typedef struct {
    cm_job job;
    uint32_t channels, rows, columns; /* of its tensor */
    uint32_t first, width;            /* columns of it in the strip that runs */
    uint32_t made;                    /* units of it; results where it scatters */
    uint8_t shared;                   /* all strips add to it */
} cm_stage_state;

/* Run a stage of an opened model.
 * @param states    stage->step_count of them
 * @param deliver   asked for every pixel of the input once, in order, where the stage keeps a ring of it; or NULL
 * @param context   handed to `deliver`; of CM_HELD_OUTSIDE the input itself, CHW
 * @param counters  one for each layer of the model, added to by the counting build */
cm_status cm_stage_run(const cm_stage *stage, const cm_model *model, void *arena, uint32_t arena_bytes,
                       cm_stage_state *states, cm_deliver deliver, void *context, cm_counters *counters);

/* Run one layer by itself on whole tensors of an arena, at offsets of a plan's. */
cm_status cm_layer_run_at(const cm_model *model, uint32_t layer, void *arena, uint32_t arena_bytes, uint32_t input,
                          uint32_t second_input, uint32_t output, cm_counters *counters);

/* Run a whole plan, as `costmodel plan --emit c` writes it: whole numbers one after the other. First the input's offset
 * in the arena, or -1 where it is not there whole, and the number of stages. Of each stage its number of steps; 0 is
 * one layer by itself, followed by the layer and the offsets of input, second input and output. Else the grain, the
 * number of strips (0: none), how the stage's input is held, its offset and units, the ten fields of each
 * cm_stage_step, and of each strip two columns for the input and for each step.
 * @param steps, states  most_steps of each, as many as the longest stage has steps */
cm_status cm_plan_run(const int32_t *table, const cm_model *model, void *arena, uint32_t arena_bytes,
                      cm_stage_step *steps, cm_stage_state *states, uint32_t most_steps, cm_deliver deliver,
                      void *context, cm_counters *counters);

#ifdef __cplusplus
}
#endif

#endif

/* Stages: layers that take turns pixel by pixel. A step asks for what it reads, which asks for what that reads. */
#include "stream.h"
#include "windows.h"

typedef struct {
    const cm_stage *stage;
    cm_stage_state *states;
    uint8_t *arena;
    cm_deliver deliver;
    void *context;
    cm_counters *counters; /* of the model's layers */
    uint32_t input_channels, input_rows, input_columns, input_made;
} stream;

static void advance(stream *s, int32_t at);

static int is_direct(const stream *s, int32_t at) {
    return at >= 0 && s->stage->steps[at].held == CM_HELD_DIRECT;
}

static uint32_t columns_of(const stream *s, int32_t at) {
    return at < 0 ? s->input_columns : s->states[at].columns;
}

/* Where an element of a tensor that is kept lies. */
static int8_t *place_of(const stream *s, int32_t at, int32_t channel, int32_t row, int32_t column) {
    const cm_stage_step *const step = at < 0 ? NULL : &s->stage->steps[at];
    const uint32_t held = step ? step->held : s->stage->input_held;
    const uint32_t offset = step ? step->offset : s->stage->input_offset;
    const uint32_t units = step ? step->units : s->stage->input_units;
    const uint32_t channels = at < 0 ? s->input_channels : s->states[at].channels;
    const uint32_t rows = at < 0 ? s->input_rows : s->states[at].rows, columns = columns_of(s, at);
    if (held == CM_HELD_RING) {
        const uint32_t unit = ((uint32_t)row * columns + (uint32_t)column) % units;
        return (int8_t *)s->arena + offset + unit * channels + (uint32_t)channel;
    }
    return (int8_t *)s->arena + offset + ((uint32_t)channel * rows + (uint32_t)row) * columns + (uint32_t)column;
}

static int32_t element(stream *s, int32_t at, int32_t channel, int32_t row, int32_t column);

/* One tap of a reader, counted as a read of its input unless it is computed as it is asked for. */
static int32_t tap(stream *s, int32_t reader, int32_t source, int32_t channel, int32_t row, int32_t column) {
    cm_counters *const counters = &s->counters[s->stage->steps[reader].layer];
    if (is_direct(s, source)) {
        return element(s, source, channel, row, column);
    }
    return CM_LOAD(*place_of(s, source, channel, row, column), input_read_count);
}

/* One multiply-accumulate. */
static int32_t multiplied(stream *s, int32_t at, int32_t sum, int32_t channel, int32_t row, int32_t column,
                          const int8_t *weight) {
    const cm_stage_step *const step = &s->stage->steps[at];
    cm_counters *const counters = &s->counters[step->layer];
    const int32_t value = tap(s, at, step->sources[0], channel, row, column);
    CM_COUNT(mac_count);
    return cm_wrapping_sum(sum, (value - s->states[at].job.input_quantisation.zero_point) *
                                    (int32_t)CM_LOAD(*weight, weight_read_count));
}

static int32_t sum_of_products(stream *s, int32_t at, int32_t channel, int32_t row, int32_t column) {
    const cm_stage_step *const step = &s->stage->steps[at];
    const cm_job *const job = &s->states[at].job;
    cm_counters *const counters = &s->counters[step->layer];
    const cm_window h = window_of(job, &job->height, row), w = window_of(job, &job->width, column);
    const int32_t kernel = job->height.kernel * job->width.kernel;
    const int8_t *weights = job->weights + channel * job->in_channels * kernel;
    const int32_t first = channel / job->out_channels * job->in_channels;
    const int32_t *const bias = job->bias;
    int32_t sum = bias ? CM_LOAD(bias[channel], bias_read_count) : 0;
    for (int32_t in = 0; in < job->in_channels; in++) {
        for (int32_t y = 0; y < job->height.kernel; y++) {
            for (int32_t x = 0; x < job->width.kernel; x++) {
                const int32_t down = y - h.skipped, across = x - w.skipped;
                if (h.count * w.count != kernel) {
                    CM_COUNT(boundary_check_count);
                    if (down < 0 || down >= h.count || across < 0 || across >= w.count) {
                        weights++;
                        continue;
                    }
                }
                sum = multiplied(s, at, sum, first + in, h.first + down * h.step, w.first + across * w.step, weights);
                weights++;
            }
        }
    }
    return cm_requantise(sum, job, &job->rescales[channel * job->rescale_step]);
}

static int32_t mean_of(int32_t sum, int32_t count) {
    return (sum >= 0 ? sum + count / 2 : sum - count / 2) / count;
}

/* A pooling that gathers its window; of elements that are computed as they are asked for it keeps a partial result. */
static int32_t pooled(stream *s, int32_t at, int32_t channel, int32_t row, int32_t column) {
    const cm_stage_step *const step = &s->stage->steps[at];
    const cm_job *const job = &s->states[at].job;
    cm_counters *const counters = &s->counters[step->layer];
    const cm_window h = window_of(job, &job->height, row), w = window_of(job, &job->width, column);
    int32_t result = job->output_zero_point, taken = 0;
    for (int32_t y = 0; y < h.count; y++) {
        for (int32_t x = 0; x < w.count; x++) {
            const int32_t value = tap(s, at, step->sources[0], channel, h.first + y * h.step, w.first + x * w.step);
            CM_COUNT(operation_count);
            if (taken > 0 && is_direct(s, step->sources[0])) {
                CM_COUNT(psum_read_count);
                CM_COUNT(psum_write_count);
            }
            if (taken == 0) {
                result = value;
            } else if (job->kind != CM_MAX_POOL) {
                result += value;
            } else if (value > result) {
                result = value;
            }
            taken++;
        }
    }
    return taken > 0 && job->kind != CM_MAX_POOL ? mean_of(result, taken) : result;
}

#define ADD_HEADROOM 20 /* as in int8.c */

static int32_t added(stream *s, int32_t at, int32_t channel, int32_t row, int32_t column) {
    const cm_stage_step *const step = &s->stage->steps[at];
    const cm_job *const job = &s->states[at].job;
    const int32_t a = tap(s, at, step->sources[0], channel, row, column) - job->input_quantisation.zero_point;
    const int32_t b = tap(s, at, step->sources[1], channel, row, column) - job->second_quantisation.zero_point;
    const int32_t sum = cm_wrapping_sum(cm_rescaled(a * (1 << ADD_HEADROOM), &job->rescales[0]),
                                        cm_rescaled(b * (1 << ADD_HEADROOM), &job->rescales[1]));
    return cm_requantise(sum, job, &job->rescales[2]);
}

/* One element of a step's tensor, from what it reads. */
static int32_t element(stream *s, int32_t at, int32_t channel, int32_t row, int32_t column) {
    const cm_job *const job = &s->states[at].job;
    if (job->kind == CM_CONV2D) {
        return sum_of_products(s, at, channel, row, column);
    }
    if (job->kind == CM_ADD) {
        return added(s, at, channel, row, column);
    }
    if (job->kind == CM_RELU) {
        const int32_t value = tap(s, at, s->stage->steps[at].sources[0], channel, row, column);
        return value > job->output_zero_point ? value : job->output_zero_point;
    }
    return pooled(s, at, channel, row, column);
}

static void scatter(stream *s, int32_t at, int32_t channel, int32_t row, int32_t column, int32_t value, int read);

/* An element that has been made goes where it is kept, and to the pooling that takes it. */
static void keep(stream *s, int32_t at, int32_t channel, int32_t row, int32_t column, int32_t value) {
    const cm_stage_step *const step = &s->stage->steps[at];
    cm_counters *const counters = &s->counters[step->layer];
    if (step->held != CM_HELD_DIRECT) {
        CM_STORE(*place_of(s, at, channel, row, column), output_write_count, (int8_t)value);
    }
    if (step->reader >= 0) {
        scatter(s, step->reader, channel, row, column, value, step->held != CM_HELD_DIRECT);
    }
}

/* A pooling takes an element into every result it belongs to; one that is complete is made. */
/* Of a result under way: in a running row all channels of a result lie side by side; in the tensor's own place, CHW. */
static uint32_t place_in_row(const cm_stage_step *step, const cm_stage_state *state, int32_t channel, int32_t row,
                             int32_t column) {
    const uint32_t result = (uint32_t)row * state->columns + (uint32_t)column;
    if (step->row_units == 0) {
        return (uint32_t)channel * state->rows * state->columns + result;
    }
    return result % step->row_units * state->channels + (uint32_t)channel;
}

static void scatter(stream *s, int32_t at, int32_t channel, int32_t row, int32_t column, int32_t value, int read) {
    const cm_stage_step *const step = &s->stage->steps[at];
    cm_stage_state *const state = &s->states[at];
    const cm_job *const job = &state->job;
    cm_counters *const counters = &s->counters[step->layer];
    const span rows = readers_of(job, &job->height, row), columns = readers_of(job, &job->width, column);
    for (int32_t y = rows.first; y <= rows.last; y++) {
        const cm_window h = window_of(job, &job->height, y);
        if (row < h.first || row > h.first + (h.count - 1) * h.step || (row - h.first) % h.step != 0) {
            continue;
        }
        for (int32_t x = columns.first; x <= columns.last; x++) {
            const cm_window w = window_of(job, &job->width, x);
            const int32_t last_row = h.first + (h.count - 1) * h.step, last_column = w.first + (w.count - 1) * w.step;
            uint32_t unit;
            int32_t result = value;
            int begins;
            if (column < w.first || column > last_column || (column - w.first) % w.step != 0) {
                continue;
            }
            unit = place_in_row(step, state, channel, y, x);
            begins = row == h.first && column == w.first;
            CM_COUNT(operation_count);
            if (read) {
                CM_COUNT(input_read_count);
            }
            if (job->kind == CM_MAX_POOL) {
                int8_t *const partial = (int8_t *)s->arena + step->row_offset + unit;
                if (!begins) {
                    const int32_t before = CM_LOAD(*partial, psum_read_count);
                    CM_COUNT(psum_write_count);
                    result = before > value ? before : value;
                }
                *partial = (int8_t)result;
            } else {
                int32_t *const partial = (int32_t *)(void *)(s->arena + step->row_offset) + unit;
                if (!begins) {
                    result = CM_LOAD(*partial, psum_read_count) + value;
                    CM_COUNT(psum_write_count);
                }
                *partial = result;
                if (row == last_row && column == last_column) {
                    result = mean_of(result, h.count * w.count);
                }
            }
            if (row == last_row && column == last_column) {
                if (step->row_units > 0 || job->kind == CM_MAX_POOL) {
                    keep(s, at, channel, y, x, result);
                }
                state->made += (uint32_t)channel + 1 == state->channels;
            }
        }
    }
}

static void wait_for(stream *s, int32_t at, int32_t row, int32_t column) {
    const cm_stage_step *const step = &s->stage->steps[at];
    const cm_job *const job = &s->states[at].job;
    const cm_window h = window_of(job, &job->height, row), w = window_of(job, &job->width, column);
    if (h.count == 0 || w.count == 0) {
        return;
    }
    for (int32_t operand = 0; operand < (job->kind == CM_ADD ? 2 : 1); operand++) {
        const int32_t source = step->sources[operand];
        if (is_direct(s, source)) {
            for (int32_t y = 0; y < h.count; y++) {
                for (int32_t x = 0; x < w.count; x++) {
                    wait_for(s, source, h.first + y * h.step, w.first + x * w.step);
                }
            }
        } else if (source >= 0 || s->stage->input_held == CM_HELD_RING) {
            const int32_t last_row = h.first + (h.count - 1) * h.step, last_column = w.first + (w.count - 1) * w.step;
            const uint32_t last = (uint32_t)last_row * columns_of(s, source) + (uint32_t)last_column;
            while (source < 0 && s->input_made <= last) {
                const int32_t y = (int32_t)(s->input_made / s->input_columns);
                const int32_t x = (int32_t)(s->input_made % s->input_columns);
                s->deliver(s->context, s->input_made, place_of(s, CM_STAGE_INPUT, 0, y, x));
                s->input_made++;
            }
            while (source >= 0 && s->states[source].made <= last) {
                advance(s, source);
            }
        }
    }
}

/* Make the next pixel of a tensor, or take the next pixel of its input into it. */
static void advance(stream *s, int32_t at) {
    const cm_stage_step *const step = &s->stage->steps[at];
    cm_stage_state *const state = &s->states[at];
    const int32_t row = (int32_t)(state->made / state->columns), column = (int32_t)(state->made % state->columns);
    if (step->scatters) {
        advance(s, step->sources[0]);
        return;
    }
    wait_for(s, at, row, column);
    for (int32_t channel = 0; channel < (int32_t)state->channels; channel++) {
        keep(s, at, channel, row, column, element(s, at, channel, row, column));
    }
    state->made++;
}

/* The one accumulator of a layer that sums or compares. */
static void count_accumulator(cm_counters *counters) {
    CM_BUFFER(CM_ACCUMULATOR_BYTES);
}

/* Means that were summed in their tensor's own place, one after the other from its beginning: a result is never behind
 * the sums that are still to be read. */
static void finish_means(stream *s, int32_t at) {
    const cm_stage_step *const step = &s->stage->steps[at];
    const cm_stage_state *const state = &s->states[at];
    const cm_job *const job = &state->job;
    cm_counters *const counters = &s->counters[step->layer];
    const int32_t *const sums = (const int32_t *)(void *)(s->arena + step->offset);
    int8_t *const results = (int8_t *)s->arena + step->offset;
    uint32_t i = 0;
    for (uint32_t channel = 0; channel < state->channels; channel++) {
        for (int32_t row = 0; row < (int32_t)state->rows; row++) {
            const int32_t rows = window_of(job, &job->height, row).count;
            for (int32_t column = 0; column < (int32_t)state->columns; column++) {
                const int32_t mean = mean_of(sums[i], rows * window_of(job, &job->width, column).count);
                CM_STORE(results[i], output_write_count, (int8_t)mean);
                i++;
            }
        }
    }
}

cm_status cm_stage_run(const cm_stage *stage, const cm_model *model, void *arena, uint32_t arena_bytes,
                       cm_stage_state *states, cm_deliver deliver, void *context, cm_counters *counters) {
    stream s = {0};
    s.stage = stage;
    s.states = states;
    s.arena = arena;
    s.deliver = deliver;
    s.context = context;
    s.counters = counters;
    if (stage->step_count == 0 || (stage->input_held == CM_HELD_RING && deliver == NULL)) {
        return CM_ERROR_ARGUMENT;
    }
    for (uint32_t at = 0; at < stage->step_count; at++) {
        const cm_stage_step *const step = &stage->steps[at];
        cm_operands operands;
        cm_stage_state *const state = &states[at];
        const cm_status status = cm_layer_decode(&state->job, &operands, model, step->layer, CM_OUTPUT_STATIONARY);
        uint64_t kept, results;
        if (status != CM_OK) {
            return status;
        }
        if (state->job.type != CM_TYPE_INT8 || state->job.input_type != CM_TYPE_INT8 ||
            !(is_pool(&state->job) || state->job.kind == CM_CONV2D || state->job.kind == CM_ADD ||
              state->job.kind == CM_RELU)) {
            return CM_ERROR_TYPE;
        }
        if (step->sources[0] >= (int32_t)at || step->sources[1] >= (int32_t)at ||
            step->reader >= (int32_t)stage->step_count) {
            return CM_ERROR_ARGUMENT;
        }
        state->channels = operands.out.channels;
        state->rows = operands.out.height;
        state->columns = operands.out.width;
        state->made = 0;
        if (step->sources[0] < 0) {
            s.input_channels = operands.in.channels;
            s.input_rows = operands.in.height;
            s.input_columns = operands.in.width;
        }
        kept = step->held == CM_HELD_DIRECT ? 0u
               : step->held == CM_HELD_RING ? (uint64_t)step->units * state->channels
                                            : (uint64_t)operands.out.bytes;
        results = (step->row_units > 0 ? (uint64_t)step->row_units * state->channels : state->job.elements) *
                  (state->job.kind == CM_MAX_POOL ? 1u : CM_ACCUMULATOR_BYTES);
        if ((step->held == CM_HELD_RING && step->units == 0) || step->offset + kept > arena_bytes ||
            (step->scatters && step->row_offset + results > arena_bytes)) {
            return CM_ERROR_ARENA;
        }
        if (state->job.kind == CM_CONV2D || is_pool(&state->job)) {
            count_accumulator(&counters[step->layer]);
        }
    }
    if (stage->input_held == CM_HELD_RING &&
        (stage->input_units == 0 ||
         stage->input_offset + (uint64_t)stage->input_units * s.input_channels > arena_bytes)) {
        return CM_ERROR_ARENA;
    }
    for (int32_t at = (int32_t)stage->step_count - 1; at >= 0; at--) {
        /* The last tensor first; then what nobody asked for. */
        const cm_stage_state *const state = &states[at];
        while ((!is_direct(&s, at) || stage->steps[at].reader >= 0) && state->made < state->rows * state->columns) {
            advance(&s, at);
        }
    }
    if (stage->steps[stage->step_count - 1].scatters && stage->steps[stage->step_count - 1].row_units == 0 &&
        states[stage->step_count - 1].job.kind != CM_MAX_POOL) {
        finish_means(&s, (int32_t)stage->step_count - 1);
    }
    return CM_OK;
}

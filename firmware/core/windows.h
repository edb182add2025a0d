/* Which inputs an output reads along an axis, and which outputs read an input. Not for callers. */
#ifndef CM_WINDOWS_H
#define CM_WINDOWS_H

#include "internal.h"

static inline cm_window window_of(const cm_job *job, const cm_axis *axis, int32_t index) {
    cm_window window = {index, 1, 1, 0};
    if (job->kind == CM_ADD || job->kind == CM_RELU) {
        return window;
    }
    if (job->kind != CM_ADAPTIVE_AVERAGE_POOL) {
        return cm_clip(axis, index);
    }
    window.first = index * axis->input / axis->output;
    window.count = cm_ceil_div((index + 1) * axis->input, axis->output) - window.first;
    return window;
}

typedef struct {
    int32_t first, last;
} span;

/* The outputs along an axis between which every one that reads an input lies. */
static inline span readers_of(const cm_job *job, const cm_axis *axis, int32_t input) {
    span found;
    if (job->kind == CM_ADAPTIVE_AVERAGE_POOL) {
        found.first = input * axis->output / axis->input;
        found.last = ((input + 1) * axis->output - 1) / axis->input;
    } else {
        const int32_t reach = input + axis->pad_before, before = reach - (axis->kernel - 1) * axis->dilation;
        found.first = before > 0 ? (before + axis->stride - 1) / axis->stride : 0;
        found.last = reach / axis->stride;
    }
    found.last = found.last < axis->output ? found.last : axis->output - 1;
    return found;
}

static inline int is_pool(const cm_job *job) {
    return job->kind == CM_MAX_POOL || job->kind == CM_AVERAGE_POOL || job->kind == CM_ADAPTIVE_AVERAGE_POOL;
}

#endif

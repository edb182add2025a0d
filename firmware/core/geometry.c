/* The geometry of one layer of the model file: its description checked against its tensors. */
#include "layer.h"

#define TABLE_ENTRIES       256u   /* results of a function, by step */
#define MAX_KERNEL          65535u /* and dilation */
#define MAX_PADDED_EXTENT   (1u << 30)
#define MAX_WINDOW_ELEMENTS (1u << 23) /* so that the sum of a pooling window fits an int32_t */
#define MAX_ADAPTIVE        (1u << 30) /* of (input + 1) * (output + 1), so that window limits fit an int32_t */

/* Read one axis of a sliding window and check that its output has the extent the output tensor states. */
static cm_status read_axis(cm_axis *axis, const uint8_t *record, uint32_t input, uint32_t output) {
    const uint32_t kernel = read_u32(record), stride = read_u32(record + 4), before = read_u32(record + 8);
    const uint32_t after = read_u32(record + 12), dilation = read_u32(record + 16);
    const uint64_t padded = (uint64_t)input + before + after;
    const uint64_t reach = (uint64_t)dilation * ((uint64_t)kernel - 1u) + 1u;
    int64_t first, last;
    if (kernel == 0 || kernel > MAX_KERNEL || dilation == 0 || dilation > MAX_KERNEL || stride == 0 ||
        stride > MAX_PADDED_EXTENT || padded > MAX_PADDED_EXTENT || reach > padded ||
        (padded - reach) / stride + 1u != output) {
        return CM_ERROR_SHAPE;
    }
    axis->input = (int32_t)input;
    axis->output = (int32_t)output;
    axis->kernel = (int32_t)kernel;
    axis->stride = (int32_t)stride;
    axis->pad_before = (int32_t)before;
    axis->pad_after = (int32_t)after;
    axis->dilation = kernel == 1 ? 1 : (int32_t)dilation; /* between one tap and itself it says nothing */
    first = ((int64_t)before + stride - 1) / stride;
    last = (int64_t)input + before < (int64_t)reach ? 0 : ((int64_t)input + before - (int64_t)reach) / stride + 1;
    last = last < (int64_t)output ? last : (int64_t)output;
    axis->interior_begin = (int32_t)(first < last ? first : last);
    axis->interior_end = (int32_t)last;
    return CM_OK;
}

static void plain_axis(cm_axis *axis, uint32_t input, uint32_t output) {
    axis->input = (int32_t)input;
    axis->output = (int32_t)output;
    axis->kernel = axis->stride = axis->dilation = 1;
    axis->pad_before = axis->pad_after = axis->interior_begin = 0;
    axis->interior_end = (int32_t)output;
}

static cm_status read_window(cm_job *job, const uint8_t *record, const cm_tensor *in, const cm_tensor *out) {
    const cm_status status = read_axis(&job->height, record + 20, in->height, out->height);
    return status != CM_OK ? status : read_axis(&job->width, record + 40, in->width, out->width);
}

static uint32_t lesser(int32_t a, int32_t b) {
    return (uint32_t)(a < b ? a : b);
}

static int overlap(const cm_tensor *a, const cm_tensor *b) {
    return a->arena_offset < b->arena_offset + b->bytes && b->arena_offset < a->arena_offset + a->bytes;
}

/* Whether a sliding pooling may write over its input, in raster order: no output lands on an element that a later
 * output still reads. It is enough that the second output of a row lands before the first element it reads, that a row
 * of outputs fits before the row the next one starts from, and that the output is no larger in all. */
static int runs_in_place(const cm_job *job, const cm_tensor *in, const cm_tensor *out) {
    const cm_axis *const h = &job->height, *const w = &job->width;
    const int64_t rows = (int64_t)h->stride - h->pad_before;
    return (job->kind == CM_MAX_POOL || job->kind == CM_AVERAGE_POOL) && in->arena_offset == out->arena_offset &&
           in->type == out->type && out->bytes <= in->bytes &&
           (w->output == 1 || (int64_t)w->stride - w->pad_before >= 1) &&
           (h->output == 1 || rows * w->input >= w->output);
}

static cm_status read_kind(cm_job *job, const uint8_t *record, const cm_tensor *in, const cm_tensor *out,
                           uint64_t *parameters, uint32_t *biases) {
    const uint32_t groups = read_u32(record + 16);
    cm_status status = CM_OK;
    job->groups = (int32_t)in->channels;
    job->in_channels = job->out_channels = 1;
    plain_axis(&job->height, in->height, out->height);
    plain_axis(&job->width, in->width, out->width);
    *parameters = 0;
    *biases = 0;
    switch (job->kind) {
    case CM_VIEW:
        return in->elements == out->elements && in->arena_offset == out->arena_offset ? CM_OK : CM_ERROR_SHAPE;
    case CM_CONV2D:
        if (groups == 0 || in->channels % groups != 0 || out->channels % groups != 0) {
            return CM_ERROR_SHAPE;
        }
        job->groups = (int32_t)groups;
        job->in_channels = (int32_t)(in->channels / groups);
        job->out_channels = (int32_t)(out->channels / groups);
        status = read_window(job, record, in, out);
        if (status != CM_OK) {
            return status;
        }
        /* kernel <= 65535 each and channels <= 2^28 each: checked step by step, no product can pass 2^64. */
        *parameters = (uint64_t)job->height.kernel * (uint64_t)job->width.kernel * (uint64_t)job->in_channels;
        if (*parameters > MAX_ELEMENTS || *parameters * out->channels > MAX_ELEMENTS) {
            return CM_ERROR_SHAPE;
        }
        *parameters *= out->channels;
        *biases = out->channels;
        return CM_OK;
    case CM_LINEAR:
        job->groups = 1;
        job->in_channels = (int32_t)in->elements;
        job->out_channels = (int32_t)out->elements;
        *parameters = (uint64_t)in->elements * out->elements;
        *biases = out->elements;
        return *parameters <= MAX_ELEMENTS ? CM_OK : CM_ERROR_SHAPE;
    case CM_MAX_POOL:
    case CM_AVERAGE_POOL:
        status = in->channels == out->channels ? read_window(job, record, in, out) : CM_ERROR_SHAPE;
        if (status == CM_OK &&
            (uint64_t)lesser(job->height.kernel, job->height.input) * lesser(job->width.kernel, job->width.input) >
                MAX_WINDOW_ELEMENTS) {
            status = CM_ERROR_SHAPE;
        }
        return status;
    case CM_ADAPTIVE_AVERAGE_POOL:
        if (in->channels != out->channels ||
            ((uint64_t)in->height + 1u) * ((uint64_t)out->height + 1u) > MAX_ADAPTIVE ||
            ((uint64_t)in->width + 1u) * ((uint64_t)out->width + 1u) > MAX_ADAPTIVE ||
            (uint64_t)in->height * in->width > MAX_WINDOW_ELEMENTS) {
            return CM_ERROR_SHAPE;
        }
        return CM_OK;
    case CM_BATCH_NORM:
        *parameters = in->channels;
        *biases = in->channels;
        return cm_same_shape(in, out) ? CM_OK : CM_ERROR_SHAPE;
    case CM_UNARY:
        *parameters = TABLE_ENTRIES;
        return job->type == CM_TYPE_INT8 && cm_same_shape(in, out) ? CM_OK : CM_ERROR_SHAPE;
    case CM_RELU:
    case CM_CONVERT:
    case CM_ADD:
    case CM_SOFTMAX:
        return cm_same_shape(in, out) ? CM_OK : CM_ERROR_SHAPE;
    default:
        return CM_ERROR_LAYER;
    }
}

cm_status cm_read_geometry(cm_job *job, const uint8_t *record, const cm_operands *operands, uint64_t *parameters,
                           uint32_t *biases) {
    const cm_tensor *const in = &operands->in, *const out = &operands->out;
    const cm_status status = read_kind(job, record, in, out, parameters, biases);
    if (status == CM_OK && job->kind != CM_VIEW && (overlap(in, out) || overlap(&operands->second, out)) &&
        !runs_in_place(job, in, out)) {
        return CM_ERROR_OVERLAP;
    }
    return status;
}

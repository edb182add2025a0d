/* One layer of the model file: its description checked against its tensors, then resolved onto an arena. */
#include "reading.h"

#define MAX_KERNEL          65535u /* and dilation */
#define MAX_PADDED_EXTENT   (1u << 30)
#define MAX_WINDOW_ELEMENTS (1u << 23) /* so that the sum of a pooling window fits an int32_t */
#define MAX_ADAPTIVE        (1u << 30) /* of (input + 1) * (output + 1), so that window limits fit an int32_t */
#define MAX_SHIFT           62u
#define NO_TENSOR           0xffffu

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

static int same_shape(const cm_tensor *a, const cm_tensor *b) {
    return a->channels == b->channels && a->height == b->height && a->width == b->width;
}

static int overlap(const cm_tensor *a, const cm_tensor *b) {
    return a->arena_offset < b->arena_offset + b->bytes && b->arena_offset < a->arena_offset + a->bytes;
}

/* Check and fill in what depends on the kind. `parameters` is the number of weights, `biases` of biases the layer may
 * have. */
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
        return same_shape(in, out) ? CM_OK : CM_ERROR_SHAPE;
    case CM_RELU:
    case CM_ADD:
    case CM_SOFTMAX:
        return same_shape(in, out) ? CM_OK : CM_ERROR_SHAPE;
    default:
        return CM_ERROR_LAYER;
    }
}

/* Check that weights and biases are there in full, or absent where the layer may do without. */
static cm_status read_parameters(cm_job *job, const cm_model *model, const uint8_t *record, uint64_t weights,
                                 uint32_t biases) {
    const uint32_t bias_element = model->variant == CM_INT8 ? 4u : 1u;
    const uint32_t weight_offset = read_u32(record + 60), bias_offset = read_u32(record + 68);
    job->weight_bytes = read_u32(record + 64);
    job->bias_bytes = read_u32(record + 72);
    if (job->weight_bytes != weights ||
        (job->bias_bytes != (uint64_t)biases * bias_element && (job->bias_bytes != 0 || job->kind == CM_BATCH_NORM))) {
        return CM_ERROR_SHAPE;
    }
    if ((weights != 0 && !inside(model, weight_offset, weights, 1)) ||
        (job->bias_bytes != 0 && !inside(model, bias_offset, job->bias_bytes, bias_element))) {
        return CM_ERROR_BOUNDS;
    }
    job->weights = weights != 0 ? (const int8_t *)(model->bytes + weight_offset) : NULL;
    job->bias = job->bias_bytes != 0 ? model->bytes + bias_offset : NULL;
    return CM_OK;
}

/* Check how results are rescaled and clamped. */
static cm_status read_output_stage(cm_job *job, const uint8_t *record) {
    const uint32_t relu = record[1], shift = read_u32(record + 92);
    const uint32_t multiplier = read_u32(record + 84), second = read_u32(record + 88);
    if (relu > 1 || shift == 0 || shift > MAX_SHIFT || multiplier > INT32_MAX || second > INT32_MAX) {
        return CM_ERROR_LAYER;
    }
    job->relu = (int32_t)relu;
    job->low = relu ? 0 : INT8_MIN;
    job->high = INT8_MAX;
    job->shift = (int32_t)shift;
    job->multiplier = (int32_t)multiplier;
    job->second_multiplier = (int32_t)second;
    job->weight_scale = read_f32(record + 76);
    job->bias_scale = read_f32(record + 80);
    return CM_OK;
}

/* Resolve the tensors of a layer; `second` is the first again where there is no second input. */
static cm_status read_tensors(cm_job *job, const cm_model *model, const uint8_t *record, cm_tensor *in,
                              cm_tensor *second, cm_tensor *out) {
    const uint32_t second_index = read_u16(record + 10);
    cm_status status = cm_model_tensor(model, read_u16(record + 8), in);
    *second = *in;
    if (status == CM_OK) {
        status = cm_model_tensor(model, read_u16(record + 12), out);
    }
    if (status != CM_OK) {
        return status;
    }
    if ((second_index != NO_TENSOR) != (job->kind == CM_ADD)) {
        return CM_ERROR_LAYER;
    }
    if (job->kind == CM_ADD) {
        status = cm_model_tensor(model, second_index, second);
        if (status == CM_OK && !same_shape(in, second)) {
            status = CM_ERROR_SHAPE;
        }
    }
    if (status == CM_OK && job->kind != CM_VIEW && (overlap(in, out) || overlap(second, out))) {
        status = CM_ERROR_OVERLAP;
    }
    return status;
}

cm_status cm_layer_decode(cm_job *job, const cm_model *model, uint32_t layer, cm_dataflow dataflow) {
    const uint8_t *const record = model->bytes + read_u32(model->bytes + 32) + layer * LAYER_BYTES;
    cm_tensor in, second, out;
    uint64_t weights;
    uint32_t biases;
    cm_status status;
    /* The weight order is 0, OIHW, until a kernel wants its own; the tail is room to grow. */
    if (record[0] >= CM_KIND_COUNT || read_u16(record + 2) != 0 || read_u16(record + 14) != 0 ||
        read_u32(record + 96) != 0 || read_u32(record + 100) != 0 || read_u32(record + 104) != 0 ||
        read_u32(record + 108) != 0) {
        return CM_ERROR_LAYER;
    }
    job->kind = (cm_kind)record[0];
    job->variant = model->variant;
    job->dataflow = job->kind == CM_CONV2D ? dataflow : CM_OUTPUT_STATIONARY;
    job->name = string_at(model, read_u32(record + 4));
    if (job->name == NULL) {
        return CM_ERROR_BOUNDS;
    }
    status = read_tensors(job, model, record, &in, &second, &out);
    if (status == CM_OK) {
        status = read_kind(job, record, &in, &out, &weights, &biases);
    }
    if (status == CM_OK) {
        status = read_parameters(job, model, record, weights, biases);
    }
    if (status == CM_OK) {
        status = read_output_stage(job, record);
    }
    if (status != CM_OK) {
        return status;
    }
    job->elements = out.elements;
    job->input_bytes = in.bytes;
    job->second_input_bytes = job->kind == CM_ADD ? second.bytes : 0;
    job->output_bytes = out.bytes;
    return CM_OK;
}

cm_status cm_job_prepare(cm_job *job, const cm_model *model, uint32_t layer, cm_dataflow dataflow, void *arena,
                         size_t arena_bytes) {
    const uint8_t *record;
    cm_tensor in, second, out;
    cm_status status;
    if (job == NULL || model == NULL || arena == NULL || layer >= model->layer_count ||
        (dataflow != CM_OUTPUT_STATIONARY && dataflow != CM_ROW_STATIONARY)) {
        return CM_ERROR_ARGUMENT;
    }
    if (!aligned(arena)) {
        return CM_ERROR_ALIGNMENT;
    }
    status = cm_layer_decode(job, model, layer, dataflow);
    if (status != CM_OK) {
        return status;
    }
    if (arena_bytes < model->activation_bytes || arena_bytes - model->activation_bytes < cm_arena_scratch_bytes(job)) {
        return CM_ERROR_ARENA;
    }
    record = model->bytes + read_u32(model->bytes + 32) + layer * LAYER_BYTES;
    status = read_tensors(job, model, record, &in, &second, &out);
    if (status == CM_OK) {
        job->input = (uint8_t *)arena + in.arena_offset;
        job->second_input = job->kind == CM_ADD ? (uint8_t *)arena + second.arena_offset : NULL;
        job->output = (uint8_t *)arena + out.arena_offset;
        job->scratch = (uint8_t *)arena + model->activation_bytes;
    }
    return status;
}

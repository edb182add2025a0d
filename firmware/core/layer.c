/* One layer of the model file: its description checked against its tensors, then resolved onto an arena. */
#include "layer.h"

#define MAX_BELOW 255 /* steps from the largest int8 down to the least */
#define MAX_SHIFT 30  /* of a rescale: to the left, and one more to the right */
#define OIHW      0u
#define WIDE      0x8000u /* of a weight order: weights of two bytes; it names a tile where it is not OIHW */
#define FILTERS   63u     /* of a tile, and of taps whose sums share a register, at most */
#define NO_TENSOR 0xffffu

/* Whether a kind has weights, and with them scales of its own. */
static int has_weights(cm_kind kind) {
    return kind == CM_CONV2D || kind == CM_LINEAR || kind == CM_BATCH_NORM;
}

/* Check the element types: what a layer reads becomes what it writes, in the model's variant. */
static cm_status read_types(cm_job *job, const cm_model *model, const cm_operands *operands) {
    const cm_tensor *const in = &operands->in, *const second = &operands->second, *const out = &operands->out;
    const cm_type type = model->variant == CM_FLOAT32 ? CM_TYPE_FLOAT32 : CM_TYPE_INT8;
    job->type = out->type;
    job->input_type = in->type;
    job->second_input_type = second->type;
    job->input_quantisation = in->quantisation;
    job->second_quantisation = second->quantisation;
    job->output_zero_point = out->quantisation.zero_point;
    if (job->kind == CM_VIEW) {
        return in->type == out->type ? CM_OK : CM_ERROR_TYPE;
    }
    if (out->type != type || (in->type != type && in->type != CM_TYPE_INT8) ||
        (second->type != type && second->type != CM_TYPE_INT8)) {
        return CM_ERROR_TYPE;
    }
    /* These pass steps on as they are. */
    if ((job->kind == CM_MAX_POOL || job->kind == CM_AVERAGE_POOL || job->kind == CM_RELU) && type == CM_TYPE_INT8 &&
        in->quantisation.zero_point != out->quantisation.zero_point) {
        return CM_ERROR_TYPE;
    }
    return CM_OK;
}

/* The order weights lie in: a tile, and above it the taps whose sums of two filters share a register. */
static uint32_t order_of(const uint8_t *record) {
    return read_u16(record + 2) | read_u32(record + 100) << 16;
}

/* Bytes of so many weights of a filter, for all filters of a tile: pairs share words, behind a word about them. */
static uint64_t pair_bytes(uint64_t taps, uint32_t filters) {
    return 4u * (filters % 2 != 0 ? filters * taps : filters != 0 ? 1u + filters / 2 * taps : 0u);
}

/* Bytes of a layer's weights in their order, and of one element. */
static uint64_t stored_bytes(const cm_job *job, uint32_t order, uint64_t weights, uint32_t *element) {
    const uint32_t filters = order >> 6 & FILTERS;
    uint32_t channels;
    uint64_t taps;
    *element = (order & WIDE) != 0 ? 2u : 1u;
    if (order >> 16 == 0 || filters == 0 || weights == 0) {
        return weights * *element;
    }
    *element = 4u;
    channels = (uint32_t)job->out_channels;
    taps = weights / ((uint64_t)job->groups * channels);
    return (uint64_t)job->groups *
           (channels / filters * pair_bytes(taps, filters) + pair_bytes(taps, channels % filters));
}

/* Check that weights and biases are there in full, or absent where the layer may do without. */
static cm_status read_parameters(cm_job *job, const cm_model *model, const uint8_t *record, uint64_t weights,
                                 uint32_t biases) {
    const uint32_t bias_element = model->variant == CM_INT8 ? 4u : 1u;
    const uint32_t weight_offset = read_u32(record + 60), bias_offset = read_u32(record + 68);
    uint32_t element;
    const uint64_t stored = stored_bytes(job, order_of(record), weights, &element);
    job->weight_bytes = read_u32(record + 64);
    job->bias_bytes = read_u32(record + 72);
    if (job->weight_bytes != stored ||
        (job->bias_bytes != (uint64_t)biases * bias_element && (job->bias_bytes != 0 || job->kind == CM_BATCH_NORM))) {
        return CM_ERROR_SHAPE;
    }
    if ((weights != 0 && !inside(model, weight_offset, stored, element)) ||
        (job->bias_bytes != 0 && !inside(model, bias_offset, job->bias_bytes, bias_element))) {
        return CM_ERROR_BOUNDS;
    }
    job->weights = weights != 0 ? (const int8_t *)(model->bytes + weight_offset) : NULL;
    job->bias = job->bias_bytes != 0 ? model->bytes + bias_offset : NULL;
    return CM_OK;
}

/* Find a table of one entry or one per output channel, and the step from one channel's entry to the next. */
static cm_status read_table(const cm_model *model, const uint8_t *record, uint32_t channels, const void **table,
                            int32_t *step) {
    const uint32_t offset = read_u32(record), count = read_u32(record + 4);
    *table = NULL;
    *step = 0;
    if (count != 1 && count != channels) {
        return CM_ERROR_SHAPE;
    }
    if (!inside(model, offset, (uint64_t)count * TABLE_ENTRY_BYTES, 4)) {
        return CM_ERROR_BOUNDS;
    }
    *table = model->bytes + offset;
    *step = count == 1 ? 0 : 1;
    return CM_OK;
}

/* Scales of weights or biases: symmetric ones only. */
static cm_status read_scales(const cm_model *model, const uint8_t *record, uint32_t channels, const cm_scale **scales,
                             int32_t *step) {
    const void *table;
    const cm_status status = read_table(model, record, channels, &table, step);
    *scales = table;
    for (uint32_t i = 0; status == CM_OK && i < read_u32(record + 4); i++) {
        if ((*scales)[i].zero_point != 0) {
            return CM_ERROR_TYPE;
        }
    }
    return status;
}

static cm_status read_rescales(cm_job *job, const cm_model *model, const uint8_t *record, uint32_t channels) {
    const void *table;
    const cm_status status = read_table(model, record, channels, &table, &job->rescale_step);
    const int32_t least = job->kind == CM_SOFTMAX ? 0 : -MAX_SHIFT - 1;
    job->rescales = table;
    for (uint32_t i = 0; status == CM_OK && i < read_u32(record + 4); i++) {
        if (job->rescales[i].multiplier < 0 || job->rescales[i].shift < least || job->rescales[i].shift > MAX_SHIFT) {
            return CM_ERROR_LAYER;
        }
    }
    return status;
}

static int is_absent(const uint8_t *record) {
    return read_u32(record) == 0 && read_u32(record + 4) == 0;
}

/* Check the tables of scales and rescales: there where the layer needs them, absent elsewhere. */
static cm_status read_tables(cm_job *job, const cm_model *model, const uint8_t *record, uint32_t channels) {
    const int weights = has_weights(job->kind), whole = job->type == CM_TYPE_INT8;
    cm_status status = CM_OK;
    job->weight_scales = job->bias_scales = NULL;
    job->rescales = NULL;
    job->weight_scale_step = job->bias_scale_step = job->rescale_step = 0;
    if ((!weights && !is_absent(record + 76)) || ((whole || job->bias == NULL) && !is_absent(record + 84))) {
        return CM_ERROR_SHAPE;
    }
    if (weights) {
        status = read_scales(model, record + 76, channels, &job->weight_scales, &job->weight_scale_step);
    }
    if (status == CM_OK && !whole && job->bias != NULL) {
        status = read_scales(model, record + 84, channels, &job->bias_scales, &job->bias_scale_step);
    }
    if (status != CM_OK) {
        return status;
    }
    if (whole && job->kind == CM_ADD) {
        /* One for each input and one for the sum. */
        return read_u32(record + 96) == 3 ? read_rescales(job, model, record + 92, 3) : CM_ERROR_SHAPE;
    }
    if (whole && job->kind == CM_ADAPTIVE_AVERAGE_POOL && !is_absent(record + 92)) {
        /* A mean in another scale: the division is in the factor. */
        return read_rescales(job, model, record + 92, 1);
    }
    if (whole && (weights || job->kind == CM_SOFTMAX || job->kind == CM_CONVERT)) {
        return read_rescales(job, model, record + 92, weights ? channels : 1);
    }
    return is_absent(record + 92) ? CM_OK : CM_ERROR_SHAPE;
}

/* Resolve the tensors of a layer. */
static cm_status read_tensors(cm_kind kind, const cm_model *model, const uint8_t *record, cm_operands *operands) {
    const uint32_t second_index = read_u16(record + 10);
    cm_status status = cm_model_tensor(model, read_u16(record + 8), &operands->in);
    operands->second = operands->in;
    if (status == CM_OK) {
        status = cm_model_tensor(model, read_u16(record + 12), &operands->out);
    }
    if (status != CM_OK) {
        return status;
    }
    if ((second_index != NO_TENSOR) != (kind == CM_ADD)) {
        return CM_ERROR_LAYER;
    }
    if (kind == CM_ADD) {
        status = cm_model_tensor(model, second_index, &operands->second);
        if (status == CM_OK && !cm_same_shape(&operands->in, &operands->second)) {
            status = CM_ERROR_SHAPE;
        }
    }
    return status;
}

/* Find the kernel that was generated for this layer and the order of its weights, and no other. Such kernels shift
 * results to the right alone. */
static cm_status read_kernel(cm_job *job, const uint8_t *record) {
    if (job->type != CM_TYPE_INT8 || (job->kind != CM_CONV2D && job->kind != CM_LINEAR)) {
        return CM_ERROR_ORDER;
    }
    for (uint32_t i = 0; i < read_u32(record + 96); i++) {
        if (job->rescales[i].shift > 0) {
            return CM_ERROR_ORDER;
        }
    }
    job->kernel = cm_kernel_of(job, order_of(record));
    job->dataflow = CM_BLOCKED;
    return job->kernel != NULL ? CM_OK : CM_ERROR_ORDER;
}

cm_status cm_layer_decode(cm_job *job, cm_operands *operands, const cm_model *model, uint32_t layer,
                          cm_dataflow dataflow) {
    const uint8_t *const record = model->bytes + read_u32(model->bytes + 32) + layer * LAYER_BYTES;
    const cm_tensor *const in = &operands->in, *const second = &operands->second, *const out = &operands->out;
    uint64_t weights;
    uint32_t biases, channels;
    cm_status status;
    if (record[0] >= CM_KIND_COUNT || record[1] > 1 || read_u16(record + 14) > MAX_BELOW ||
        read_u32(record + 100) > (read_u16(record + 2) != OIHW ? FILTERS : 0u) || read_u32(record + 104) != 0 ||
        read_u32(record + 108) != 0) {
        return CM_ERROR_LAYER;
    }
    job->kind = (cm_kind)record[0];
    job->relu = record[1];
    job->dataflow = job->kind == CM_CONV2D ? dataflow : CM_OUTPUT_STATIONARY;
    job->kernel = NULL;
    job->name = string_at(model, read_u32(record + 4));
    if (job->name == NULL) {
        return CM_ERROR_BOUNDS;
    }
    status = read_tensors(job->kind, model, record, operands);
    if (status == CM_OK) {
        status = read_types(job, model, operands);
    }
    if (status == CM_OK && read_u16(record + 14) != 0 && job->type != CM_TYPE_INT8) {
        status = CM_ERROR_LAYER;
    }
    if (status == CM_OK) {
        status = cm_read_geometry(job, record, operands, &weights, &biases);
    }
    if (status == CM_OK) {
        status = read_parameters(job, model, record, weights, biases);
    }
    if (status == CM_OK) {
        channels = job->kind == CM_LINEAR ? out->elements : out->channels;
        status = read_tables(job, model, record, channels);
    }
    if (status == CM_OK && job->kind == CM_ADAPTIVE_AVERAGE_POOL && job->type == CM_TYPE_INT8 &&
        job->rescales == NULL && in->quantisation.zero_point != out->quantisation.zero_point) {
        /* Without a factor it passes steps on as they are. */
        status = CM_ERROR_TYPE;
    }
    if (status != CM_OK) {
        return status;
    }
    job->low = (job->relu ? job->output_zero_point : INT8_MIN) - job->output_zero_point;
    job->high = INT8_MAX - (int32_t)read_u16(record + 14) - job->output_zero_point;
    if (read_u16(record + 2) != OIHW) {
        status = read_kernel(job, record);
        if (status != CM_OK) {
            return status;
        }
    }
    job->elements = out->elements;
    job->input_bytes = in->bytes;
    job->second_input_bytes = job->kind == CM_ADD ? second->bytes : 0;
    job->output_bytes = out->bytes;
    return CM_OK;
}

cm_status cm_job_prepare(cm_job *job, const cm_model *model, uint32_t layer, cm_dataflow dataflow, void *arena,
                         size_t arena_bytes) {
    cm_operands operands;
    uint8_t *const bytes = arena;
    uint32_t scratch;
    cm_status status;
    if (job == NULL || model == NULL || arena == NULL || layer >= model->layer_count ||
        (dataflow != CM_OUTPUT_STATIONARY && dataflow != CM_ROW_STATIONARY)) {
        return CM_ERROR_ARGUMENT;
    }
    if (!aligned(arena)) {
        return CM_ERROR_ALIGNMENT;
    }
    status = cm_layer_decode(job, &operands, model, layer, dataflow);
    if (status != CM_OK) {
        return status;
    }
    scratch = cm_arena_scratch_bytes(job);
    if (arena_bytes < model->activation_bytes ||
        (scratch > 0 && arena_bytes < (uint64_t)cm_scratch_offset(model) + scratch)) {
        return CM_ERROR_ARENA;
    }
    job->input = bytes + operands.in.arena_offset;
    job->second_input = job->kind == CM_ADD ? bytes + operands.second.arena_offset : NULL;
    job->output = bytes + operands.out.arena_offset;
    job->scratch = scratch > 0 ? bytes + cm_scratch_offset(model) : NULL;
    return CM_OK;
}

/* One tensor of the model file, checked and resolved. */
#include "reading.h"
#include <float.h>

static const uint8_t element_bytes[CM_TYPE_COUNT] = {1, 4, 4, 2};

/* An integer tensor's scale is a positive number and its zero point one of an int8's steps; floats have neither. */
static int quantisation_fits(const cm_tensor *tensor) {
    if (tensor->type == CM_TYPE_FLOAT32) {
        return tensor->quantisation.scale == 0.0f && tensor->quantisation.zero_point == 0;
    }
    return tensor->quantisation.scale > 0.0f && tensor->quantisation.scale <= FLT_MAX &&
           tensor->quantisation.zero_point >= INT8_MIN && tensor->quantisation.zero_point <= INT8_MAX;
}

cm_status cm_model_tensor(const cm_model *model, uint32_t index, cm_tensor *tensor) {
    const uint8_t *record;
    uint32_t type;
    if (index >= model->tensor_count) {
        return CM_ERROR_TENSOR;
    }
    record = model->bytes + read_u32(model->bytes + 24) + index * TENSOR_BYTES;
    tensor->channels = read_u32(record);
    tensor->height = read_u32(record + 4);
    tensor->width = read_u32(record + 8);
    tensor->arena_offset = read_u32(record + 12);
    type = read_u16(record + 16);
    tensor->quantisation.scale = read_f32(record + 20);
    tensor->quantisation.zero_point = read_i32(record + 24);
    if (tensor->channels == 0 || tensor->height == 0 || tensor->width == 0 || tensor->channels > MAX_ELEMENTS ||
        tensor->height > MAX_ELEMENTS / tensor->channels ||
        tensor->width > MAX_ELEMENTS / (tensor->channels * tensor->height) || type >= CM_TYPE_COUNT ||
        read_u16(record + 18) != 0 || read_u32(record + 28) != 0) {
        return CM_ERROR_TENSOR;
    }
    tensor->type = (cm_type)type;
    tensor->elements = tensor->channels * tensor->height * tensor->width;
    tensor->bytes = tensor->elements * element_bytes[type];
    if (!quantisation_fits(tensor) || tensor->arena_offset % element_bytes[type] != 0 ||
        (uint64_t)tensor->arena_offset + tensor->bytes > model->activation_bytes) {
        return CM_ERROR_TENSOR;
    }
    return CM_OK;
}

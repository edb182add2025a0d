/* The model file reader: nothing in the file is believed before it is checked. docs/model_file.md gives every offset.
 */
#include "reading.h"

#define FORMAT_VERSION  2u
#define CHECKSUM_BEGIN  16u
#define MAX_COUNT       4096u /* tensors, layers */
#define MAX_ARENA_BYTES (1u << 30)

static int little_endian(void) {
    const uint16_t probe = 1;
    return *(const uint8_t *)(const void *)&probe == 1;
}

static cm_status check_header(cm_model *model, size_t size) {
    const uint8_t *const bytes = model->bytes;
    if (size < HEADER_BYTES) {
        return CM_ERROR_TRUNCATED;
    }
    if (bytes[0] != 'C' || bytes[1] != 'M' || bytes[2] != 'D' || bytes[3] != 'L') {
        return CM_ERROR_MAGIC;
    }
    if (read_u16(bytes + 4) != FORMAT_VERSION) {
        return CM_ERROR_VERSION;
    }
    model->file_bytes = read_u32(bytes + 8);
    if (read_u16(bytes + 6) != HEADER_BYTES || model->file_bytes < HEADER_BYTES ||
        model->file_bytes % CM_ALIGNMENT != 0) {
        return CM_ERROR_HEADER;
    }
    if (model->file_bytes > size) {
        return CM_ERROR_TRUNCATED;
    }
    model->checksum = read_u32(bytes + 12);
    if (cm_crc32(bytes + CHECKSUM_BEGIN, model->file_bytes - CHECKSUM_BEGIN) != model->checksum) {
        return CM_ERROR_CHECKSUM;
    }
    return CM_OK;
}

static cm_status read_header(cm_model *model) {
    const uint8_t *const bytes = model->bytes;
    const uint32_t variant = read_u16(bytes + 16), tensors = read_u32(bytes + 20), layers = read_u32(bytes + 28);
    if (variant > CM_FLOAT32 || read_u16(bytes + 18) != 0 || tensors == 0 || tensors > MAX_COUNT || layers == 0 ||
        layers > MAX_COUNT) {
        return CM_ERROR_HEADER;
    }
    model->variant = (cm_variant)variant;
    model->tensor_count = (uint16_t)tensors;
    model->layer_count = (uint16_t)layers;
    model->activation_bytes = read_u32(bytes + 40);
    model->input_tensor = read_u16(bytes + 44);
    model->output_tensor = read_u16(bytes + 46);
    if (model->activation_bytes > MAX_ARENA_BYTES || model->input_tensor >= tensors ||
        model->output_tensor >= tensors || read_u32(bytes + 52) != 0 || read_u32(bytes + 56) != 0 ||
        read_u32(bytes + 60) != 0) {
        return CM_ERROR_HEADER;
    }
    if (!inside(model, read_u32(bytes + 24), (uint64_t)tensors * TENSOR_BYTES, 4) ||
        !inside(model, read_u32(bytes + 32), (uint64_t)layers * LAYER_BYTES, 4)) {
        return CM_ERROR_BOUNDS;
    }
    model->name = string_at(model, read_u32(bytes + 36));
    return model->name != NULL ? CM_OK : CM_ERROR_BOUNDS;
}

cm_status cm_model_open(cm_model *model, const void *bytes, size_t size) {
    cm_status status;
    uint32_t example;
    if (model == NULL || bytes == NULL) {
        return CM_ERROR_ARGUMENT;
    }
    if (!aligned(bytes)) {
        return CM_ERROR_ALIGNMENT;
    }
    if (!little_endian()) {
        return CM_ERROR_ENDIANNESS;
    }
    model->bytes = bytes;
    status = check_header(model, size);
    if (status == CM_OK) {
        status = read_header(model);
    }
    for (uint32_t index = 0; status == CM_OK && index < model->tensor_count; index++) {
        cm_tensor tensor;
        status = cm_model_tensor(model, index, &tensor);
        if (status == CM_OK && index == model->input_tensor) {
            example = read_u32(model->bytes + 48);
            model->example_input = example ? model->bytes + example : NULL;
            if (example && !inside(model, example, tensor.bytes, 4)) {
                status = CM_ERROR_BOUNDS;
            }
        }
    }
    for (uint32_t layer = 0; status == CM_OK && layer < model->layer_count; layer++) {
        cm_job job;
        cm_operands operands;
        status = cm_layer_decode(&job, &operands, model, layer, CM_OUTPUT_STATIONARY);
    }
    return status;
}

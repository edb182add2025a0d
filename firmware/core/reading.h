/* How the model file's bytes become numbers, and where they may lie. docs/model_file.md gives every offset. Not for
 * callers. */
#ifndef CM_READING_H
#define CM_READING_H

#include "internal.h"

#define HEADER_BYTES      64u
#define TENSOR_BYTES      32u
#define LAYER_BYTES       112u
#define TABLE_ENTRY_BYTES 8u         /* of a scale with its zero point, or of a rescale */
#define MAX_ELEMENTS      (1u << 28) /* of a tensor, or of a layer's weights */

/* The file's bytes are little-endian wherever it is read. */
static inline uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | (uint32_t)at[1] << 8);
}

static inline uint32_t read_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline int32_t read_i32(const uint8_t *at) {
    return (int32_t)read_u32(at);
}

static inline float read_f32(const uint8_t *at) {
    union {
        uint32_t bits;
        float value;
    } both;
    both.bits = read_u32(at);
    return both.value;
}

/* Whether [offset, offset + size) lies between the header and the end of the file, and starts at a multiple of `align`.
 */
static inline int inside(const cm_model *model, uint32_t offset, uint64_t size, uint32_t align) {
    return offset >= HEADER_BYTES && offset % align == 0 && (uint64_t)offset + size <= model->file_bytes;
}

/* The NUL-terminated string of at most CM_NAME_BYTES at an offset, or NULL. */
static inline const char *string_at(const cm_model *model, uint32_t offset) {
    if (offset < HEADER_BYTES) {
        return NULL;
    }
    for (uint32_t length = 0; length < CM_NAME_BYTES && (uint64_t)offset + length < model->file_bytes; length++) {
        if (model->bytes[offset + length] == 0) {
            return (const char *)(model->bytes + offset);
        }
    }
    return NULL;
}

static inline int aligned(const void *address) {
    return (uintptr_t)address % CM_ALIGNMENT == 0;
}

#endif

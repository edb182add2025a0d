/* Runs one prepared layer, and states what memory it needs. */
#include "internal.h"

typedef void (*kernel)(const cm_job *job, cm_counters *counters);

typedef struct {
    kernel int8, float32;
} kernels;

static const kernels output_stationary[CM_KIND_COUNT] = {
    {NULL, NULL}, /* a view */
    {cm_conv_os_int8, cm_conv_os_float32},
    {cm_linear_int8, cm_linear_float32},
    {cm_max_pool_int8, cm_max_pool_float32},
    {cm_average_pool_int8, cm_average_pool_float32},
    {cm_average_pool_int8, cm_average_pool_float32}, /* adaptive: the same over other windows */
    {cm_relu_int8, cm_relu_float32},
    {cm_batch_norm_int8, cm_batch_norm_float32},
    {cm_add_int8, cm_add_float32},
    {cm_softmax_int8, cm_softmax_float32},
};

static const kernels row_stationary_convolution = {cm_conv_rs_int8, cm_conv_rs_float32};

void cm_job_run(const cm_job *job, cm_counters *counters) {
    const kernels *const both =
        job->dataflow == CM_ROW_STATIONARY ? &row_stationary_convolution : &output_stationary[job->kind];
    const kernel run = job->variant == CM_INT8 ? both->int8 : both->float32;
    if (run != NULL) {
        run(job, counters);
    }
}

uint32_t cm_arena_scratch_bytes(const cm_job *job) {
    const uint32_t element_bytes = job->variant == CM_FLOAT32 ? 4u : 1u;
    if (job->dataflow != CM_ROW_STATIONARY) {
        return 0;
    }
    return (uint32_t)job->width.output * CM_ACCUMULATOR_BYTES + (uint32_t)job->width.input * element_bytes +
           (uint32_t)job->width.kernel;
}

uint32_t cm_scratch_bytes(const cm_job *job) {
    switch (job->kind) {
    case CM_CONV2D:
    case CM_LINEAR:
    case CM_MAX_POOL:
    case CM_AVERAGE_POOL:
    case CM_ADAPTIVE_AVERAGE_POOL:
        return job->dataflow == CM_ROW_STATIONARY ? cm_arena_scratch_bytes(job) : CM_ACCUMULATOR_BYTES;
    default:
        return 0;
    }
}

uint32_t cm_arena_bytes(const cm_model *model, cm_dataflow dataflow) {
    uint32_t largest = 0;
    for (uint32_t layer = 0; layer < model->layer_count; layer++) {
        cm_job job;
        uint32_t bytes;
        /* cm_model_open has decoded every layer once already. */
        if (cm_layer_decode(&job, model, layer, dataflow) != CM_OK) {
            return 0;
        }
        bytes = cm_arena_scratch_bytes(&job);
        largest = bytes > largest ? bytes : largest;
    }
    return model->activation_bytes + largest;
}

uint32_t cm_argmax(const void *elements, uint32_t count, cm_variant variant) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        const int larger = variant == CM_INT8 ? ((const int8_t *)elements)[i] > ((const int8_t *)elements)[best]
                                              : ((const float *)elements)[i] > ((const float *)elements)[best];
        best = larger ? i : best;
    }
    return best;
}

/* Half a byte at a time: a table small enough for any device. */
uint32_t cm_crc32(const void *bytes, size_t size) {
    static const uint32_t table[16] = {0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
                                       0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
                                       0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
    const uint8_t *at = bytes;
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= at[i];
        crc = (crc >> 4) ^ table[crc & 15u];
        crc = (crc >> 4) ^ table[crc & 15u];
    }
    return ~crc;
}

const char *cm_status_text(cm_status status) {
    static const char *const texts[] = {"ok",     "argument", "alignment", "endianness", "truncated",
                                        "magic",  "version",  "checksum",  "header",     "bounds",
                                        "tensor", "layer",    "shape",     "overlap",    "arena"};
    return (uint32_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown";
}

const char *cm_kind_text(cm_kind kind) {
    static const char *const texts[CM_KIND_COUNT] = {
        "view", "conv2d",       "linear", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d",
        "relu", "batch_norm2d", "add",    "softmax"};
    return (uint32_t)kind < CM_KIND_COUNT ? texts[kind] : "unknown";
}

const char *cm_dataflow_text(cm_dataflow dataflow) {
    return dataflow == CM_ROW_STATIONARY ? "row-stationary" : "output-stationary";
}

const char *cm_variant_text(cm_variant variant) {
    return variant == CM_FLOAT32 ? "float32" : "int8";
}

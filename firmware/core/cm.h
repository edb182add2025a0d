/* The instrumented inference core: reads a model file, runs its layers one at a time, counts every access.
 *
 * No allocation, no stdio, no clock, no globals. The caller owns the model bytes, one arena and the counters.
 * Activations are CHW, weights OIHW, row-major. Two builds: with CM_COUNTING defined every load and store of a tensor
 * increments a counter beside it; without it (the timing build) the increments vanish and the counters stay zero.
 *
 * Order of use: cm_model_open, then for each layer cm_job_prepare and cm_job_run. The model file is described byte by
 * byte in docs/model_file.md.
 */
#ifndef CM_H
#define CM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call can answer. Every error of a model file has its own code; cm_status_text names them. */
typedef enum {
    CM_OK = 0,
    CM_ERROR_ARGUMENT = 1,   /* a null pointer, a layer index or a dataflow that does not exist */
    CM_ERROR_ALIGNMENT = 2,  /* model or arena does not start at a multiple of CM_ALIGNMENT bytes */
    CM_ERROR_ENDIANNESS = 3, /* this machine is not little-endian */
    CM_ERROR_TRUNCATED = 4,  /* fewer bytes than the header, or than the header states */
    CM_ERROR_MAGIC = 5,      /* not a model file */
    CM_ERROR_VERSION = 6,    /* a model file of another version */
    CM_ERROR_CHECKSUM = 7,   /* stated and computed CRC-32 differ */
    CM_ERROR_HEADER = 8,     /* a header field is out of range */
    CM_ERROR_BOUNDS = 9,     /* a table, string, weight or bias lies outside the file */
    CM_ERROR_TENSOR = 10,    /* a tensor has no elements, too many, or lies outside the activations */
    CM_ERROR_LAYER = 11,     /* a layer's kind, field or tensor index is out of range */
    CM_ERROR_SHAPE = 12,     /* a layer's tensors or parameters do not fit its geometry */
    CM_ERROR_OVERLAP = 13,   /* a layer's output lies over an input that it still reads */
    CM_ERROR_ARENA = 14,     /* the arena is smaller than cm_arena_bytes */
    CM_ERROR_TYPE = 15,      /* element types or zero points that the layer has no kernel for */
    CM_ERROR_ORDER = 16      /* a weight order that the layer has no kernel for */
} cm_status;

/* Layers whose weights lie in a tile's order run blocked, whatever dataflow is asked for. */
typedef enum { CM_OUTPUT_STATIONARY = 0, CM_ROW_STATIONARY = 1, CM_BLOCKED = 2 } cm_dataflow;

/* int8: int8 activations and weights, int32 biases and accumulators.
 * float32: the deck's; int8 weights and biases dequantised by their scale, float32 activations and accumulators. */
typedef enum { CM_INT8 = 0, CM_FLOAT32 = 1 } cm_variant;

/* What a tensor's elements are. There are kernels for the first two. */
typedef enum { CM_TYPE_INT8 = 0, CM_TYPE_FLOAT32 = 1, CM_TYPE_INT32 = 2, CM_TYPE_INT16 = 3, CM_TYPE_COUNT = 4 } cm_type;

/* Kinds of layers, by their number in the model file. A view runs nothing: a flatten, a fused relu, a folded batch
 * normalisation. */
typedef enum {
#define CM_KIND(name, text) CM_##name,
#include "kinds.def"
#undef CM_KIND
    CM_KIND_COUNT
} cm_kind;

#define CM_ALIGNMENT     8u   /* bytes; of the model and of the arena's beginning */
#define CM_NAME_BYTES    208u /* longest name, its final NUL included */
#define CM_COUNTER_COUNT 16u  /* entries of counters.def */

typedef struct {
#define CM_COUNTER(name) uint64_t name;
#include "counters.def"
#undef CM_COUNTER
} cm_counters;

/* One spatial axis of a loop nest, and the outputs [interior_begin, interior_end) whose taps are all in bounds. */
typedef struct {
    int32_t input, output, kernel, stride, pad_before, pad_after, dilation;
    int32_t interior_begin, interior_end;
} cm_axis;

/* real = scale * (step - zero_point); as the model file holds it. */
typedef struct {
    float scale;
    int32_t zero_point;
} cm_scale;

/* A real factor: multiplier * 2^(shift - 31); as the model file holds it. */
typedef struct {
    int32_t multiplier, shift;
} cm_rescale;

/* A checked model file. Fields are for reading. */
typedef struct {
    const uint8_t *bytes;
    uint32_t file_bytes;       /* of this model; another may follow it in the caller's buffer */
    uint32_t checksum;         /* the file's CRC-32, which names the model */
    uint32_t activation_bytes; /* largest end of a tensor in the arena */
    uint16_t tensor_count, layer_count, input_tensor, output_tensor;
    cm_variant variant;
    const char *name;             /* the network's name */
    const uint8_t *example_input; /* bytes of the input tensor, or NULL */
} cm_model;

/* A tensor resolved to its shape, its type and its place in the arena. */
typedef struct {
    cm_type type;
    uint32_t channels, height, width, elements, bytes, arena_offset;
    cm_scale quantisation; /* of an integer tensor */
} cm_tensor;

typedef struct cm_kernel cm_kernel; /* kernels.h */

/* One layer, ready to run: geometry and pointers, everything looked up. Fields are for reading. */
typedef struct {
    cm_kind kind;
    cm_dataflow dataflow;
    cm_type type, input_type, second_input_type; /* of the output, and of what is read */
    const char *name;
    int32_t groups, in_channels, out_channels; /* channels per group */
    cm_axis height, width;
    const void *input, *second_input; /* CHW; second_input only for CM_ADD */
    const int8_t *weights;            /* OIHW, or in the order of a tile, or NULL */
    const void *bias;                 /* int32_t (int8 variant) or int8_t (float32 variant), or NULL */
    void *output;                     /* CHW; at the input's place where a pooling runs in place */
    void *scratch;                    /* cm_scratch_bytes(job) of them where the dataflow has rows */
    uint32_t input_bytes, second_input_bytes, weight_bytes, bias_bytes, output_bytes, elements;
    cm_scale input_quantisation, second_quantisation;
    int32_t output_zero_point;
    int32_t low, high;                           /* clamp of an int8 result before its zero point is added */
    int32_t relu;                                /* 1 with a fused relu */
    const cm_rescale *rescales;                  /* int8 results, or NULL */
    const cm_scale *weight_scales, *bias_scales; /* float32 results, or NULL */
    int32_t rescale_step, weight_scale_step, bias_scale_step; /* from one output channel's to the next: 0 or 1 */
    const cm_kernel *kernel;                                  /* the generated one of a blocked layer, or NULL */
} cm_job;

/* Check a model file completely: checksum, every offset, every layer. After CM_OK nothing in it can make cm_job_run
 * read or write outside the model and the arena.
 * @param bytes  the file, aligned to CM_ALIGNMENT; used in place, so it must outlive the model
 * @param size   bytes available from there; more than one file's may be */
cm_status cm_model_open(cm_model *model, const void *bytes, size_t size);

/* Resolve a tensor of an opened model. */
cm_status cm_model_tensor(const cm_model *model, uint32_t index, cm_tensor *tensor);

/* Resolve a layer of an opened model onto an arena of cm_arena_bytes(model, dataflow). The dataflow applies to
 * convolutions; every other layer runs output stationary. */
cm_status cm_job_prepare(cm_job *job, const cm_model *model, uint32_t layer, cm_dataflow dataflow, void *arena,
                         size_t arena_bytes);

/* Run a prepared layer.
 * @param counters  added to by the counting build; may be NULL in the timing build */
void cm_job_run(const cm_job *job, cm_counters *counters);

/* Scratch the kernel asks for: what scratch_bytes will count (one 4-byte accumulator, or the three rows). */
uint32_t cm_scratch_bytes(const cm_job *job);

/* Of those, the bytes that lie in the arena: the rows. The single accumulator of output stationary is a register. */
uint32_t cm_arena_scratch_bytes(const cm_job *job);

/* Bytes of arena the whole model needs: its tensors, then the largest layer's rows, from the next multiple of 4. */
uint32_t cm_arena_bytes(const cm_model *model, cm_dataflow dataflow);

/* Index of the largest of a tensor's elements, the first of equals. */
uint32_t cm_argmax(const void *elements, uint32_t count, cm_type type);

/* CRC-32 (IEEE 802.3, reflected), of the model file and of logged outputs. */
uint32_t cm_crc32(const void *bytes, size_t size);

const char *cm_status_text(cm_status status);
const char *cm_kind_text(cm_kind kind);
const char *cm_dataflow_text(cm_dataflow dataflow);
const char *cm_variant_text(cm_variant variant);

#ifdef __cplusplus
}
#endif

#endif

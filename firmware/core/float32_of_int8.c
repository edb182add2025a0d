/* The layers of the deck's variant that read the network's int8 input: each step becomes a real number where it is
 * loaded, and in sums of products takes its scale from the weight's, which spares a multiplication. */
#include "internal.h"
#include "real.inc"

#define INPUT        int8_t
#define KERNEL(name) name##_float32_of_int8
#define PREPARE(job, filter)                                                                                           \
    const float scale = (filter)->weight_scale->scale * (job)->input_quantisation.scale;                               \
    const int32_t zero_point = (job)->input_quantisation.zero_point
#define MULTIPLY_ADD(sum, x, w) ((sum) + (float)((int32_t)(x)-zero_point) * ((float)(w)*scale))
#define PASSED(job, x)          cm_dequantised(x, &(job)->input_quantisation)

#include "conv.inc"
#include "pool.inc"

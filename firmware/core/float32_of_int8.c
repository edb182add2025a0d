/* The layers of the deck's variant that read the network's int8 input: each step becomes a real number where it is
 * loaded. */
#include "internal.h"
#include "real.inc"

#define INPUT        int8_t
#define KERNEL(name) name##_float32_of_int8
#define PREPARE(job, filter)                                                                                           \
    const float scale = (filter)->weight_scale->scale;                                                                 \
    const cm_scale *const quantisation = &(job)->input_quantisation
#define MULTIPLY_ADD(sum, x, w) ((sum) + cm_dequantised(x, quantisation) * ((float)(w)*scale))
#define PASSED(job, x)          cm_dequantised(x, &(job)->input_quantisation)

#include "conv.inc"
#include "pool.inc"

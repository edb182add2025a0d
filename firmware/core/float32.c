/* The deck's variant: int8 weights and biases dequantised by their scale, float32 activations. Sums run in index order,
 * which makes them bit for bit the same on every machine whose floats are IEEE 754 singles. */
#include "internal.h"
#include <float.h>

#if FLT_EVAL_METHOD != 0
#error "float32 outputs are bit-exact only where floats are evaluated as floats"
#endif

#define ELEMENT                 float
#define ACCUMULATOR             float
#define BIAS                    int8_t
#define KERNEL(name)            name##_float32
#define START(job, bias)        ((float)(bias) * (job)->bias_scale)
#define MULTIPLY_ADD(sum, x, w) ((sum) + (x) * ((float)(w)*scale))
#define FINISH(job, sum)        rectified(sum, job)
#define MEAN(sum, count)        ((sum) / (float)(count))
#define NORMALISE(job, x, w, b) rectified(normalised(job, x, w, b), job)
#define SUM_OF(job, a, b)       rectified((a) + (b), job)

static inline float rectified(float value, const cm_job *job) {
    return job->relu && !(value > 0.0f) ? 0.0f : value;
}

static inline float normalised(const cm_job *job, float x, int8_t w, int8_t b) {
    const float product = x * ((float)w * job->weight_scale);
    return product + (float)b * job->bias_scale;
}

#include "conv.inc"
#include "pool.inc"

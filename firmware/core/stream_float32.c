/* Stages of reals, the network's input int8 steps. Sums run in the order of a layer by itself, so that results are the
 * same to the bit; only a mean that several strips add to is summed strip by strip. */
#include "stream_run.h"
#include <float.h>

#if FLT_EVAL_METHOD != 0
#error "float32 outputs are bit-exact only where floats are evaluated as floats"
#endif

#define ELEMENT                   float
#define VALUE                     float
#define KERNEL(name)              name##_float32
#define STEP(job, operand, x)     real_step(job, operand, x)
#define at_bias                   (&((const int8_t *)job->bias)[channel])
#define START(job, channel, bias) ((float)(bias) * (job)->bias_scales[(channel) * (job)->bias_scale_step].scale)
#define FILTER_TERMS(job, channel)                                                                                     \
    const float scale = (job)->weight_scales[(channel) * (job)->weight_scale_step].scale *                             \
                        ((job)->input_type == CM_TYPE_INT8 ? (job)->input_quantisation.scale : 1.0f)
#define MULTIPLY_ADD(job, sum, x, w) ((sum) + (x) * ((float)(w)*scale))
#define FINISH(job, channel, sum)    cm_rectified(sum, job)
#define ADDED(job, a, b)             cm_rectified((a) + (b), job)
#define ZERO(job)                    ((void)(job), 0.0f)
#define MEAN(sum, count)             ((sum) / (float)(count))
#define SUMS_APART                   0

/* A sum of products takes the input's scale into the weight's, as conv.inc does; every other layer converts the step.
 */
static inline float real_step(const cm_job *job, int32_t operand, int8_t x) {
    const cm_scale *const quantisation = operand == 0 ? &job->input_quantisation : &job->second_quantisation;
    const float steps = (float)((int32_t)x - quantisation->zero_point);
    return job->kind == CM_CONV2D ? steps : steps * quantisation->scale;
}

#include "stream.inc"

/* Sums of products whose int8 inputs have a zero point other than 0: a subtraction for each multiplication, and for
 * nothing else, which is why int8.c does without. */
#include "internal.h"

#define INPUT                     int8_t
#define ELEMENT                   int8_t
#define ACCUMULATOR               int32_t
#define BIAS                      int32_t
#define KERNEL(name)              name##_int8_offset
#define FILTER_TERMS              const cm_rescale *rescale;
#define FILTER_BEGIN(filter, job) ((filter).rescale = (job)->rescales)
#define FILTER_NEXT(filter, job)  ((filter).rescale += (job)->rescale_step)
#define PREPARE(job, filter)                                                                                           \
    const int32_t zero_point = (job)->input_quantisation.zero_point;                                                   \
    (void)(filter)
#define START(filter, bias)      (bias)
#define MULTIPLY_ADD(sum, x, w)  cm_wrapping_sum(sum, ((int32_t)(x)-zero_point) * (int32_t)(w))
#define FINISH(job, filter, sum) cm_requantise(sum, job, (filter)->rescale)

#include "conv.inc"

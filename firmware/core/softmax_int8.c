/* Softmax over the channels of each pixel (over all features of a flat tensor), in three passes: largest, sum,
 * quotients. Fixed point as TensorFlow Lite Micro's int8 reference kernel: a number in "Qd" has d integer bits.
 * Probabilities come in steps of 1/256 from -128. */
#include "internal.h"

#define EXPONENT_FRACTION 26 /* fractional bits of an exponent, in Q5 */
#define LARGEST_EXPONENT  31
#define SUM_BITS          12 /* integer bits of the sum of exponentials */

/* e^a in Q0 for a <= 0 in Q5: a Taylor polynomial around -1/8 for the part within a quarter, and a factor for each
 * power of two from 1/4 to 16 in the rest. */
static int32_t exp_of_negative(int32_t a) {
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = 1 << (EXPONENT_FRACTION - 2), eighth = 1 << 28, middle = 1895147668, third = 715827883;
    const int32_t part = (a & (quarter - 1)) - quarter, rest = part - a;
    const int32_t x = part * 32 + eighth;
    const int32_t x2 = cm_doubled_high_product(x, x), x3 = cm_doubled_high_product(x2, x);
    const int32_t x4 = cm_doubled_high_product(x2, x2);
    const int32_t high = cm_doubled_high_product(cm_divided_by_power(x4, 2) + x3, third) + x2;
    int32_t result = middle + cm_doubled_high_product(middle, x + cm_divided_by_power(high, 1));
    if (a == 0) {
        return INT32_MAX;
    }
    for (int power = 0; power < 7; power++) {
        if (rest & (quarter << power)) {
            result = cm_doubled_high_product(result, factors[power]);
        }
    }
    return result;
}

static int32_t saturated(int64_t x) {
    return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

/* 1 / (1 + a) in Q0 for 0 <= a < 1 in Q0: Newton's method in Q2, three steps from 48/17 - 32/17 d. */
static int32_t reciprocal_of_one_plus(int32_t a) {
    const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2), one = 1 << 29;
    int32_t x = 1515870810 + cm_doubled_high_product(half, -1010580540);
    for (int step = 0; step < 3; step++) {
        const int32_t left = one - cm_doubled_high_product(half, x);
        x += saturated((int64_t)cm_doubled_high_product(x, left) * 4);
    }
    return saturated((int64_t)x * 2);
}

/* The exponent of a difference from the largest input, in Q5. */
static int32_t exponent_of(int32_t difference, const cm_rescale *rescale) {
    return cm_doubled_high_product((int32_t)((uint32_t)difference << rescale->shift), rescale->multiplier);
}

void cm_softmax_int8(const cm_job *job, cm_counters *counters) {
    const int32_t pixels = job->height.input * job->width.input;
    const cm_rescale *const rescale = job->rescales;
    /* A difference beyond this has an exponential of 0. */
    const int32_t nearest = -((LARGEST_EXPONENT << EXPONENT_FRACTION) >> rescale->shift);
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const int8_t *const input = (const int8_t *)job->input + pixel;
        int8_t *const output = (int8_t *)job->output + pixel;
        int32_t largest = INT8_MIN, sum = 0, zeros = 1, share, exponent;
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const int32_t x = CM_LOAD(input[channel * pixels], input_read_count);
            largest = x > largest ? x : largest;
        }
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const int32_t difference = CM_LOAD(input[channel * pixels], input_read_count) - largest;
            if (difference >= nearest) {
                const int32_t power = exp_of_negative(exponent_of(difference, rescale));
                sum = saturated((int64_t)sum + cm_divided_by_power(power, SUM_BITS));
            }
        }
        while (((uint32_t)sum << zeros) < ((uint32_t)1 << 31)) {
            zeros++;
        }
        share = reciprocal_of_one_plus((int32_t)(((uint32_t)sum << zeros) - ((uint32_t)1 << 31)));
        exponent = SUM_BITS - zeros + 31 - 8;
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const int32_t difference = CM_LOAD(input[channel * pixels], input_read_count) - largest;
            int32_t steps = 0;
            if (difference >= nearest && exponent < 32) {
                const int32_t power = exp_of_negative(exponent_of(difference, rescale));
                steps = cm_divided_by_power(cm_doubled_high_product(share, power), exponent);
            }
            CM_STORE(output[channel * pixels], output_write_count, (int8_t)((steps > 255 ? 255 : steps) + INT8_MIN));
        }
    }
}

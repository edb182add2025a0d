/* Softmax over the channels of each pixel (over all features of a flat tensor), in three passes: largest, sum,
 * quotients. The exponential is a polynomial of our own, because expf differs between C libraries. */
#include "internal.h"

/* 2^f for f in (-1, 0], least squares at Chebyshev nodes; error below 2e-9. */
static const float exp2_factors[7] = {1.0f,        0.69314705f,   0.24022436f,   0.055491035f,
                                      0.00958006f, 0.0012757162f, 0.00010938752f};

/* e^x for x <= 0; 0 below -87, where floats end, and for what is not a number. */
static float exp_negative(float x) {
    union {
        uint32_t bits;
        float value;
    } power;
    float exponent, part, y;
    int32_t whole;
    if (!(x > -87.0f)) {
        return 0.0f;
    }
    exponent = x * 1.442695f;
    whole = (int32_t)exponent;
    part = exponent - (float)whole;
    y = exp2_factors[6];
    for (int term = 5; term >= 0; term--) {
        y = y * part;
        y = y + exp2_factors[term];
    }
    power.bits = (uint32_t)(whole + 127) << 23;
    return y * power.value;
}

static float real_at(const cm_job *job, int32_t index) {
    return cm_real(job->input, job->input_type, &job->input_quantisation, (uint32_t)index);
}

void cm_softmax_float32(const cm_job *job, cm_counters *counters) {
    const int32_t pixels = job->height.input * job->width.input;
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        float *const output = (float *)job->output + pixel;
        float largest = 0.0f, sum = 0.0f;
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const float x = CM_LOAD(real_at(job, channel * pixels + pixel), input_read_count);
            largest = channel == 0 || x > largest ? x : largest;
        }
        for (int32_t channel = 0; channel < job->groups; channel++) {
            sum += exp_negative(CM_LOAD(real_at(job, channel * pixels + pixel), input_read_count) - largest);
        }
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const float weight =
                exp_negative(CM_LOAD(real_at(job, channel * pixels + pixel), input_read_count) - largest);
            CM_STORE(output[channel * pixels], output_write_count, weight / sum);
        }
    }
}

/* Softmax over the channels of each pixel (over all features of a flat tensor), in three passes: largest, sum,
 * quotients. The exponential is a polynomial of our own, because expf differs between C libraries. */
#include "internal.h"

#define ONE 1073741824u /* 1 in units of 2^-30 */

/* 2^-f = C0 - f*(C1 - f*(C2 - ...)), f in [0, 1), least squares at Chebyshev nodes; error below 6e-8. In units of
 * 2^-30. */
static const uint32_t exp2_terms[6] = {ONE, 744256846u, 257890763u, 59377501u, 9890102u, 1017428u};

/* 2^-x in units of 2^-30, for x in units of 2^-16. */
static uint32_t exp2_negative(uint64_t x) {
    const uint64_t whole = x >> 16, part = x & 0xffffu;
    uint64_t y = exp2_terms[5];
    if (whole > 30) {
        return 0;
    }
    for (int term = 4; term >= 0; term--) {
        y = exp2_terms[term] - ((y * part) >> 16);
    }
    return (uint32_t)(y >> whole);
}

/* e^((x - largest) * scale): multiplier and shift turn a difference into units of 2^-16 of log2. */
static uint32_t weight_of(const cm_job *job, int32_t x, int32_t largest) {
    return exp2_negative(((uint64_t)(uint32_t)(largest - x) * (uint32_t)job->multiplier) >> job->shift);
}

void cm_softmax_int8(const cm_job *job, cm_counters *counters) {
    const int32_t pixels = job->height.input * job->width.input;
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const int8_t *const input = (const int8_t *)job->input + pixel;
        int8_t *const output = (int8_t *)job->output + pixel;
        int32_t largest = INT8_MIN;
        uint64_t sum = 0;
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const int32_t x = CM_LOAD(input[channel * pixels], input_read_count);
            largest = x > largest ? x : largest;
        }
        for (int32_t channel = 0; channel < job->groups; channel++) {
            sum += weight_of(job, CM_LOAD(input[channel * pixels], input_read_count), largest);
        }
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const uint64_t weight = weight_of(job, CM_LOAD(input[channel * pixels], input_read_count), largest);
            /* Probability 1 is 127; nearest, halves upwards. The sum is at least ONE. */
            CM_STORE(output[channel * pixels], output_write_count, (int8_t)((weight * 254u + sum) / (2u * sum)));
        }
    }
}

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

void cm_softmax_float32(const cm_job *job, cm_counters *counters) {
    const int32_t pixels = job->height.input * job->width.input;
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const float *const input = (const float *)job->input + pixel;
        float *const output = (float *)job->output + pixel;
        float largest = 0.0f, sum = 0.0f;
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const float x = CM_LOAD(input[channel * pixels], input_read_count);
            largest = channel == 0 || x > largest ? x : largest;
        }
        for (int32_t channel = 0; channel < job->groups; channel++) {
            sum += exp_negative(CM_LOAD(input[channel * pixels], input_read_count) - largest);
        }
        for (int32_t channel = 0; channel < job->groups; channel++) {
            const float weight = exp_negative(CM_LOAD(input[channel * pixels], input_read_count) - largest);
            CM_STORE(output[channel * pixels], output_write_count, weight / sum);
        }
    }
}

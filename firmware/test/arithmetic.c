/* Stands in for the app: prints a hash of every arithmetic operation a core may have to emulate, over operands of all
 * sorts.
 *
 * The host's hardware and each emulated core must print the same text. Operands are drawn from bit patterns that gather
 * at the ends of the exponent range, near each other, and among zeros, infinities, NaN and subnormals. NaN results
 * count as one value.
 */
#include "../app/app.h"
#include "../app/port.h"

enum { ROUNDS = 20000 };

static uint32_t state;

static uint32_t draw(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* An operand's bits: one in four is special or extreme, one in four lies near the other operand. */
static uint32_t draw_single(uint32_t other) {
    static const uint32_t special[] = {0, 1, 0x007fffff, 0x00800000, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7fc00000};
    const uint32_t bits = draw();
    switch (draw() >> 29) {
    case 0:
        return special[bits & 7u] | (bits & 0x80000000u);
    case 1:
        return bits & 0x80ffffffu;
    case 2:
    case 3:
        return (other ^ (bits & 0x800000ffu)) + ((bits >> 8 & 31u) << 23);
    default:
        return bits;
    }
}

static float single_of(uint32_t bits) {
    union {
        uint32_t bits;
        float value;
    } pun = {bits};
    return pun.value;
}

static uint32_t hash;

static void mix(uint32_t word) {
    hash = (hash ^ word) * 16777619u;
}

static void mix_long(uint64_t word) {
    mix((uint32_t)word);
    mix((uint32_t)(word >> 32));
}

static void mix_single(float value) {
    union {
        float value;
        uint32_t bits;
    } pun = {value};
    mix(value != value ? 0x7fc00000u : pun.bits);
}

static void report(const char *name) {
    static const char digits[] = "0123456789abcdef";
    char line[48];
    size_t length = 0;
    while (name[length]) {
        line[length] = name[length];
        length++;
    }
    line[length++] = ' ';
    for (int shift = 28; shift >= 0; shift -= 4) {
        line[length++] = digits[hash >> shift & 15u];
    }
    line[length++] = '\n';
    port_write(line, length);
}

static void start(void) {
    state = 2463534242u;
    hash = 2166136261u;
}

#define SINGLES(name, expression)                                                                                      \
    do {                                                                                                               \
        start();                                                                                                       \
        for (int round = 0; round < ROUNDS; round++) {                                                                 \
            const uint32_t bits = draw_single(0x3f800000u);                                                            \
            const float a = single_of(bits), b = single_of(draw_single(bits));                                         \
            expression;                                                                                                \
        }                                                                                                              \
        report(name);                                                                                                  \
    } while (0)

#define INTEGERS(name, expression)                                                                                     \
    do {                                                                                                               \
        start();                                                                                                       \
        for (int round = 0; round < ROUNDS; round++) {                                                                 \
            const uint32_t a = draw() >> (draw() & 31u);                                                               \
            const uint32_t b = (draw() >> (draw() & 31u)) | 1u;                                                        \
            const uint64_t wide_a = ((uint64_t)draw() << 32 | draw()) >> (draw() & 63u);                               \
            const uint64_t wide_b = (((uint64_t)draw() << 32 | draw()) >> (draw() & 63u)) | 1u;                        \
            (void)a, (void)b, (void)wide_a, (void)wide_b;                                                              \
            expression;                                                                                                \
        }                                                                                                              \
        report(name);                                                                                                  \
    } while (0)

int app_run(const app_request *request) {
    (void)request;
    SINGLES("add", mix_single(a + b));
    SINGLES("subtract", mix_single(a - b));
    SINGLES("multiply", mix_single(a * b));
    SINGLES("divide", mix_single(a / b));
    SINGLES("compare", mix((uint32_t)((a < b) | (a <= b) << 1 | (a == b) << 2 | (a > b) << 3 | (a >= b) << 4)));
    INTEGERS("single_of_signed", mix_single((float)(int32_t)((b & 2u) ? 0u - a : a)));
    INTEGERS("single_of_unsigned", mix_single((float)a));
    INTEGERS("signed_of_single", mix((uint32_t)(int32_t)((float)(int32_t)(a >> 1) / 3.0f)));
    INTEGERS("multiply_wide", mix_long(wide_a * wide_b));
    INTEGERS("multiply_widening", mix_long((uint64_t)((int64_t)(int32_t)a * (int32_t)b)));
    INTEGERS("divide_unsigned", mix(a / b));
    INTEGERS("modulo_unsigned", mix(a % b));
    INTEGERS("divide_signed", mix((uint32_t)((int32_t)(a | 1u) / (int32_t)b)));
    INTEGERS("modulo_signed", mix((uint32_t)((int32_t)(a | 1u) % (int32_t)b)));
    INTEGERS("divide_wide_unsigned", mix_long(wide_a / wide_b));
    INTEGERS("modulo_wide_unsigned", mix_long(wide_a % wide_b));
    INTEGERS("divide_wide_signed", mix_long((uint64_t)((int64_t)(wide_a | 2u) / (int64_t)wide_b)));
    INTEGERS("modulo_wide_signed", mix_long((uint64_t)((int64_t)(wide_a | 2u) % (int64_t)wide_b)));
    INTEGERS("shift_wide", mix_long((uint64_t)((int64_t)wide_a >> (b & 63u)) ^ wide_b << (a & 63u)));
    return 0;
}

#include "line.h"
#include "port.h"
#include "../core/cm.h"

static void put(line *out, char c) {
    /* Keys are the program's own and names are bounded, so the buffer holds; a line that did not fit would fail its
     * checksum. */
    if (out->length < LINE_BYTES) {
        out->text[out->length++] = c;
    }
}

static void put_plain(line *out, const char *text) {
    while (*text) {
        put(out, *text++);
    }
}

static void put_hex(line *out, uint32_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        put(out, "0123456789abcdef"[(value >> shift) & 15u]);
    }
}

static void put_decimal(line *out, uint64_t value) {
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + (int)(value % 10u));
        value /= 10u;
    } while (value != 0);
    while (count > 0) {
        put(out, digits[--count]);
    }
}

static void put_key(line *out, const char *key) {
    put_plain(out, ",\"");
    put_plain(out, key);
    put_plain(out, "\":");
}

void line_begin(line *out, const char *event) {
    out->length = 0;
    put_plain(out, "{\"cm\":1,\"event\":\"");
    put_plain(out, event);
    put(out, '"');
}

void line_text(line *out, const char *key, const char *value) {
    put_key(out, key);
    put(out, '"');
    for (; *value; value++) {
        const unsigned char c = (unsigned char)*value;
        if (c < 0x20u || c == '"' || c == '\\') {
            put_plain(out, "\\u00");
            put_hex(out, c, 2);
        } else {
            put(out, *value);
        }
    }
    put(out, '"');
}

void line_number(line *out, const char *key, uint64_t value) {
    put_key(out, key);
    put_decimal(out, value);
}

void line_hash(line *out, const char *key, uint32_t value) {
    put_key(out, key);
    put(out, '"');
    put_hex(out, value, 8);
    put(out, '"');
}

void line_bytes(line *out, const char *key, const uint8_t *bytes, uint32_t count) {
    put_key(out, key);
    put(out, '"');
    for (uint32_t i = 0; i < count; i++) {
        put_hex(out, bytes[i], 2);
    }
    put(out, '"');
}

void line_range(line *out, const char *key, const void *address, uint32_t bytes) {
    put_key(out, key);
    put(out, '[');
    put_decimal(out, (uint64_t)(uintptr_t)address);
    put(out, ',');
    put_decimal(out, bytes);
    put(out, ']');
}

void line_end(line *out) {
    const uint32_t checksum = cm_crc32(out->text, out->length);
    line_hash(out, "crc", checksum);
    put_plain(out, "}\n");
    port_write(out->text, out->length);
}

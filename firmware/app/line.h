/* One line of the device log, put together in a buffer of the caller's and written whole with its checksum. */
#ifndef CM_LINE_H
#define CM_LINE_H

#include <stddef.h>
#include <stdint.h>

#define LINE_BYTES 2560u /* the longest line: a layer with every counter at 20 digits and a name escaped throughout */

typedef struct {
    size_t length;
    char text[LINE_BYTES];
} line;

/* Start a line: schema version and event. */
void line_begin(line *out, const char *event);
void line_text(line *out, const char *key, const char *value);
void line_number(line *out, const char *key, uint64_t value);
/* A number as eight hexadecimal digits, in quotes. */
void line_hash(line *out, const char *key, uint32_t value);
/* Bytes as hexadecimal digits, in quotes. */
void line_bytes(line *out, const char *key, const uint8_t *bytes, uint32_t count);
/* An address and a length, as a pair. */
void line_range(line *out, const char *key, const void *address, uint32_t bytes);
/* Close the line with the CRC-32 of everything before it, and write it. */
void line_end(line *out);

#endif

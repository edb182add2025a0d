/* The portable main program: runs every model of a blob with each dataflow asked for, and writes the device log. */
#ifndef CM_APP_H
#define CM_APP_H

#include <stddef.h>
#include <stdint.h>

#define APP_OUTPUT_STATIONARY 1u /* bits of app_request.dataflows */
#define APP_ROW_STATIONARY    2u

typedef struct {
    const void *models; /* model files back to back, each a multiple of 8 bytes long, aligned to 8 */
    size_t model_bytes; /* of all of them; bytes after the last that are all zero are padding */
    const void *input;  /* bytes of the first model's input tensor, or NULL to use the example input of each */
    void *arena;        /* aligned to 8 */
    size_t arena_bytes;
    uint32_t dataflows; /* APP_OUTPUT_STATIONARY | APP_ROW_STATIONARY */
    uint32_t addresses; /* 1: layer lines state where each tensor lies, for the emulator's plugin */
} app_request;

/* Run and log (docs/device_protocol.md).
 * @return 0, or the cm_status that ended it, which the log's last line states too */
int app_run(const app_request *request);

#endif

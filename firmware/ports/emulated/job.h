/* What the emulator places in memory for an emulated port to run, and what such a port owes besides app/port.h.
 *
 * The job lies at __job (link.ld), put there by `-device loader`: this header, the input padded to 8 bytes, then the
 * model files.
 */
#ifndef CM_JOB_H
#define CM_JOB_H

#include <stdint.h>

#define JOB_MAGIC 0x424a4d43u /* "CMJB" */

typedef struct {
    uint32_t magic;
    uint32_t dataflows;   /* app_request.dataflows */
    uint32_t addresses;   /* app_request.addresses */
    uint32_t input_bytes; /* 0: every model runs its own example */
    uint32_t model_bytes;
    uint32_t reserved[3];
} job_header;

/* Statuses beyond app_run's, which end below 64. */
enum { EXIT_NO_JOB = 96, EXIT_FAULT = 97 };

/* End the emulator with this status. */
void port_exit(int status) __attribute__((noreturn));

/* Where start.S goes once the stack stands and .bss is zero. */
void port_main(void) __attribute__((noreturn));

/* Where the exception vectors go. */
void port_fault(void) __attribute__((noreturn));

#endif

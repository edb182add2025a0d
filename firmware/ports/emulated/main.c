/* The main program of every emulated port: takes the job from memory, runs it and exits with its status.
 *
 * The measure functions store to plugin_marker, an address firmware/plugin watches: the first word opens a segment, the
 * second closes it. They are plain stores, so the same firmware runs without the plugin.
 */
#include "../../app/app.h"
#include "job.h"
#include "../../app/port.h"

extern const job_header __job;
extern uint8_t __arena_start[], __arena_end[];

/* Not in .bss: zeroing that would store to it. */
__attribute__((section(".data.plugin_marker"))) volatile uint32_t plugin_marker[2];

void port_measure_begin(uint32_t segment) {
    plugin_marker[0] = segment;
}

void port_measure_end(void) {
    plugin_marker[1] = 0;
}

void port_main(void) {
    if (__job.magic != JOB_MAGIC) {
        port_exit(EXIT_NO_JOB);
    }
    const uint8_t *input = (const uint8_t *)(&__job + 1);
    const app_request request = {
        .models = input + ((__job.input_bytes + 7u) & ~7u),
        .model_bytes = __job.model_bytes,
        .input = __job.input_bytes ? input : NULL,
        .arena = __arena_start,
        .arena_bytes = (size_t)(__arena_end - __arena_start),
        .dataflows = __job.dataflows,
        .addresses = __job.addresses,
    };
    port_exit(app_run(&request));
}

void port_fault(void) {
    port_exit(EXIT_FAULT);
}

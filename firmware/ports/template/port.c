/* A port begins as a copy of this folder. Each #error says what stands in its place; app/port.h has the contract. */
#include "../../app/app.h"
#include "../../app/port.h"

#error "port_name: what the log calls this port"
const char port_name[] = "";

#error "port_ticks_hz: ticks a second, 0 where a tick is not a time"
const uint32_t port_ticks_hz = 0;

uint64_t port_ticks(void) {
#error "port_ticks: read a counter that only goes up; extend it to 64 bits if it can wrap within a layer"
}

void port_write(const char *text, size_t length) {
#error "port_write: send text to the console, all of it"
}

void port_measure_begin(uint32_t segment) {
#error "port_measure_begin: raise the pin a power analyser triggers on, or do nothing"
}

void port_measure_end(void) {
#error "port_measure_end: lower that pin, or do nothing"
}

int main(void) {
    const app_request request = {
#error                                                                                                                 \
    "models: model files, aligned to 8 bytes; model_bytes: of all of them; arena: aligned to 8 bytes; arena_bytes; dataflows"
    };
    return app_run(&request);
}

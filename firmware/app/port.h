/* What a port owes: one folder of firmware/ports/ implements these and calls app_run. */
#ifndef CM_PORT_H
#define CM_PORT_H

#include <stddef.h>
#include <stdint.h>

/* Short name of the port, as the log states it: host, xtensa, riscv, arm, esp32. */
extern const char port_name[];

/* Ticks of port_ticks in a second, as the log states it; 0 where a tick is not a time (an emulator's instructions). */
extern const uint32_t port_ticks_hz;

/* A counter that only goes up, read just before and after a layer. */
uint64_t port_ticks(void);

/* Write text to the console; the log goes nowhere else. */
void port_write(const char *text, size_t length);

/* Called right before and after the kernel of each layer runs: raise and lower a pin, or store to the plugin's marker.
 * @param segment  counts up from 1 over everything app_run runs */
void port_measure_begin(uint32_t segment);
void port_measure_end(void);

#endif

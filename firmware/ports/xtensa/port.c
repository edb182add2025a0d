/* Xtensa call0 ISA, lx106 configuration, on QEMU's sim machine. */
#include "../emulated/job.h"
#include "../../app/port.h"

const char port_name[] = "xtensa";
const uint32_t port_ticks_hz = 0;

enum { SIMCALL_EXIT = 1, SIMCALL_WRITE = 4 };
enum { STANDARD_OUTPUT = 1, INSTRUCTIONS_PER_TICK = 25 };

static int32_t simcall(int32_t operation, int32_t first, int32_t second, int32_t third) {
    register int32_t a2 __asm__("a2") = operation;
    register int32_t a3 __asm__("a3") = first;
    register int32_t a4 __asm__("a4") = second;
    register int32_t a5 __asm__("a5") = third;
    __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

void port_write(const char *text, size_t length) {
    (void)simcall(SIMCALL_WRITE, STANDARD_OUTPUT, (int32_t)(intptr_t)text, (int32_t)length);
}

void port_exit(int status) {
    for (;;) {
        (void)simcall(SIMCALL_EXIT, status, 0, 0);
    }
}

/* Instructions, in steps of 25: CCOUNT runs at 40 MHz of emulated time, in which an instruction takes 1 ns under
 * -icount shift=0. */
uint64_t port_ticks(void) {
    uint32_t ccount;
    __asm__ volatile("rsr %0, ccount" : "=r"(ccount)::"memory");
    return (uint64_t)ccount * INSTRUCTIONS_PER_TICK;
}

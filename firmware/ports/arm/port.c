/* Cortex-M3 on QEMU's mps2-an385. */
#include "../../app/port.h"
#include "../emulated/semihosting.h"

const char port_name[] = "arm";
const uint32_t port_ticks_hz = 0;

/* A 32-bit timer of the board counts down at 25 MHz of emulated time. Under -icount shift=0 an instruction takes 1 ns
 * of it. */
#define TIMER_CONTROL (*(volatile uint32_t *)0x40000000u)
#define TIMER_VALUE   (*(volatile uint32_t *)0x40000004u)
#define TIMER_RELOAD  (*(volatile uint32_t *)0x40000008u)
enum { TIMER_ENABLE = 1, INSTRUCTIONS_PER_TICK = 40 };

/* Instructions, in steps of 40. */
uint64_t port_ticks(void) {
    if (TIMER_CONTROL != TIMER_ENABLE) {
        TIMER_RELOAD = UINT32_MAX;
        TIMER_VALUE = UINT32_MAX;
        TIMER_CONTROL = TIMER_ENABLE;
    }
    return (uint64_t)(UINT32_MAX - TIMER_VALUE) * INSTRUCTIONS_PER_TICK;
}

int32_t semihosting_call(int32_t operation, const void *argument) {
    register int32_t result __asm__("r0") = operation;
    register const void *block __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(result) : "r"(block) : "memory");
    return result;
}

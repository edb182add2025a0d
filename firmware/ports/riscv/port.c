/* RV32IMC on QEMU's virt machine. */
#include "../../app/port.h"

const char port_name[] = "riscv";
const uint32_t port_ticks_hz = 0;

/* Instructions retired; exact under -icount shift=0. */
uint64_t port_ticks(void) {
    uint32_t high, low, high_again;
    do {
        __asm__ volatile(".option push\n"
                         ".option arch, +zicsr\n"
                         "csrr %0, minstreth\n"
                         "csrr %1, minstret\n"
                         "csrr %2, minstreth\n"
                         ".option pop"
                         : "=r"(high), "=r"(low), "=r"(high_again));
    } while (high != high_again);
    return (uint64_t)high << 32 | low;
}

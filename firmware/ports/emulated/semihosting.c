#include "semihosting.h"

#include "job.h"
#include "../../app/port.h"

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_FOR_WRITING = 4, APPLICATION_EXIT = 0x20026 };

void port_write(const char *text, size_t length) {
    static int32_t console;
    if (console == 0) {
        static const char name[] = ":tt";
        const uintptr_t open_block[3] = {(uintptr_t)name, OPEN_FOR_WRITING, sizeof name - 1};
        console = semihosting_call(SYS_OPEN, open_block);
    }
    const uintptr_t write_block[3] = {(uintptr_t)console, (uintptr_t)text, length};
    (void)semihosting_call(SYS_WRITE, write_block);
}

void port_exit(int status) {
    const uintptr_t exit_block[2] = {APPLICATION_EXIT, (uintptr_t)status};
    for (;;) {
        (void)semihosting_call(SYS_EXIT_EXTENDED, exit_block);
    }
}

/* A host port for the programs of this folder, with standard output as the console. */
#include "../../app/app.h"
#include "../../app/port.h"
#include <stdio.h>

void port_write(const char *text, size_t length) {
    fwrite(text, 1, length, stdout);
}

void port_measure_begin(uint32_t segment) {
    (void)segment;
}

void port_measure_end(void) {
}

int main(void) {
    const app_request request = {0};
    return app_run(&request);
}

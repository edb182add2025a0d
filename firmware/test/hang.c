/* Stands in for the app: never ends. */
#include "../app/app.h"
#include "../app/port.h"

int app_run(const app_request *request) {
    for (;;) {
        port_measure_begin(request->dataflows);
    }
}

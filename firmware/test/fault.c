/* Stands in for the app: makes the core take an exception, which the port must turn into an exit status. */
#include "../app/app.h"

int app_run(const app_request *request) {
    (void)request;
    __builtin_trap();
}

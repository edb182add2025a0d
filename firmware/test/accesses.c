/* Stands in for the app: three segments whose loads and stores are known by construction, to prove the plugin exact.
 *
 * The arena's first bytes are the tensors: 1,000 bytes of input, then 500 words of output. Everything is volatile, so
 * the compiler can neither drop, widen nor merge an access.
 */
#include "../app/app.h"
#include "../app/port.h"

enum { INPUT_BYTES = 1000, OUTPUT_WORDS = 500 };

int app_run(const app_request *request) {
    volatile const int8_t *input = request->arena;
    volatile int32_t *output = (volatile int32_t *)((uint8_t *)request->arena + INPUT_BYTES);

    port_measure_begin(1);
    for (int word = 0; word < OUTPUT_WORDS; word++) {
        output[word] = input[2 * word] + input[2 * word + 1];
    }
    port_measure_end();

    for (int word = 0; word < OUTPUT_WORDS; word++) { /* between segments: counted nowhere */
        output[word] += input[word];
    }

    port_measure_begin(2);
    for (int round = 0; round < 7; round++) {
        output[3] += input[round];
    }
    port_measure_end();

    port_measure_begin(3);
    port_measure_end();
    return 0;
}

/* The ESP32 port: runs the embedded model files once on a pinned core and writes the device log to the console.
 *
 * The measure pin is high exactly while a layer runs. Lines that are not the log's own, such as the settings below, are
 * plain text, which `costmodel compare` passes over like the boot messages.
 */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "driver/gpio.h"
#include "esp_cpu.h"
#include "esp_heap_caps.h"
#include "esp_idf_version.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"

#include "app.h"
#include "port.h"

#if CONFIG_ESPTOOLPY_FLASHMODE_QIO
#define FLASH_MODE "QIO"
#else
#define FLASH_MODE "not QIO"
#endif

#if CONFIG_COMPILER_OPTIMIZATION_PERF
#define OPTIMISATION "-O2"
#else
#define OPTIMISATION "not -O2"
#endif

/* The heap keeps a few bytes of a block for itself, and aligning takes a few. */
enum {
    STACK_BYTES = 8192,
    HEAP_OVERHEAD_BYTES = 64,
    ARENA_ALIGNMENT = 8,
    CYCLES_PER_MICROSECOND = CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ
};

extern const uint8_t costmodel_models_start[], costmodel_models_end[];

const char port_name[] = "esp32";
const uint32_t port_ticks_hz = CYCLES_PER_MICROSECOND * UINT32_C(1000000);

/* Cycles of this core. Its counter wraps every 17.9 s at 240 MHz; the microsecond timer, which runs off the same
 * crystal, says how often it has. */
uint64_t port_ticks(void) {
    static uint32_t offset;
    static bool started;
    const uint32_t cycles = (uint32_t)esp_cpu_get_cycle_count();
    const uint64_t elapsed = (uint64_t)esp_timer_get_time() * CYCLES_PER_MICROSECOND;
    if (!started) {
        offset = cycles - (uint32_t)elapsed;
        started = true;
    }
    const uint64_t estimate = elapsed + offset;
    const int32_t error = (int32_t)(cycles - (uint32_t)estimate);
    return estimate + (uint64_t)(int64_t)error;
}

void port_write(const char *text, size_t length) {
    fwrite(text, 1, length, stdout);
}

/* The console is empty before the pin rises, so that sending characters is not measured. */
void port_measure_begin(uint32_t segment) {
    (void)segment;
    fflush(stdout);
    fsync(fileno(stdout));
    gpio_set_level((gpio_num_t)CONFIG_COSTMODEL_MEASURE_GPIO, 1);
}

void port_measure_end(void) {
    gpio_set_level((gpio_num_t)CONFIG_COSTMODEL_MEASURE_GPIO, 0);
}

static void print_settings(void) {
    printf("costmodel settings: ESP-IDF %s, %s, %d MHz, flash %s %s, core %d, pin %d\n", esp_get_idf_version(),
           OPTIMISATION, CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ, FLASH_MODE, CONFIG_ESPTOOLPY_FLASHFREQ, CONFIG_COSTMODEL_CORE,
           CONFIG_COSTMODEL_MEASURE_GPIO);
}

static size_t print_largest_block(const char *when) {
    const size_t bytes = heap_caps_get_largest_free_block(MALLOC_CAP_8BIT);
    printf("costmodel heap: largest free block %s: %u bytes\n", when, (unsigned)bytes);
    return bytes;
}

static void run(void *unused) {
    (void)unused;
    print_settings();
    const size_t largest = print_largest_block("before the arena");
    const size_t arena_bytes = largest > HEAP_OVERHEAD_BYTES ? largest - HEAP_OVERHEAD_BYTES : 0;
    void *const arena = heap_caps_aligned_alloc(ARENA_ALIGNMENT, arena_bytes, MALLOC_CAP_8BIT);
    if (arena == NULL) {
        printf("costmodel heap: no arena\n");
        vTaskDelete(NULL);
        return;
    }
    print_largest_block("beside the arena");
    const app_request request = {
        .models = costmodel_models_start,
        .model_bytes = (size_t)(costmodel_models_end - costmodel_models_start),
        .arena = arena,
        .arena_bytes = arena_bytes,
        .dataflows = APP_OUTPUT_STATIONARY | APP_ROW_STATIONARY,
    };
    (void)app_run(&request);
    heap_caps_free(arena);
    print_largest_block("after the run");
    vTaskDelete(NULL);
}

void app_main(void) {
    const gpio_config_t pin = {
        .pin_bit_mask = UINT64_C(1) << CONFIG_COSTMODEL_MEASURE_GPIO,
        .mode = GPIO_MODE_OUTPUT,
    };
    gpio_config(&pin);
    gpio_set_level((gpio_num_t)CONFIG_COSTMODEL_MEASURE_GPIO, 0);
    xTaskCreatePinnedToCore(run, "costmodel", STACK_BYTES, NULL, configMAX_PRIORITIES - 1, NULL, CONFIG_COSTMODEL_CORE);
}

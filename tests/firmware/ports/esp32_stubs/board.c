/* A board for the ESP32 port on the host: a clock that tests set, a heap of one block, and a pin that records. */
#include <stdlib.h>

#include "driver/gpio.h"
#include "esp_cpu.h"
#include "esp_heap_caps.h"
#include "esp_idf_version.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"

int64_t board_microseconds;
uint32_t board_cycles_at_start;
uint32_t board_pin_rises, board_pin_falls, board_pinned_core, board_deleted_tasks;
uint64_t board_output_pins;
size_t board_heap_bytes = 170000;

esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void) {
    return board_cycles_at_start + (uint32_t)((uint64_t)board_microseconds * CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ);
}

int64_t esp_timer_get_time(void) {
    return board_microseconds;
}

esp_err_t gpio_config(const gpio_config_t *pGPIOConfig) {
    board_output_pins |= pGPIOConfig->mode == GPIO_MODE_OUTPUT ? pGPIOConfig->pin_bit_mask : 0;
    return 0;
}

esp_err_t gpio_set_level(gpio_num_t gpio_num, uint32_t level) {
    static uint32_t now;
    if (gpio_num == CONFIG_COSTMODEL_MEASURE_GPIO) {
        board_pin_rises += level > now;
        board_pin_falls += level < now;
        now = level;
    }
    return 0;
}

const char *esp_get_idf_version(void) {
    return "stub";
}

size_t heap_caps_get_largest_free_block(uint32_t caps) {
    return caps == MALLOC_CAP_8BIT ? board_heap_bytes : 0;
}

void *heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t caps) {
    if (size + alignment > heap_caps_get_largest_free_block(caps)) {
        return NULL;
    }
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void heap_caps_free(void *ptr) {
    free(ptr);
}

BaseType_t xTaskCreatePinnedToCore(TaskFunction_t pxTaskCode, const char *const pcName, const uint32_t ulStackDepth,
                                   void *const pvParameters, UBaseType_t uxPriority, TaskHandle_t *const pxCreatedTask,
                                   const BaseType_t xCoreID) {
    (void)pcName, (void)ulStackDepth, (void)uxPriority, (void)pxCreatedTask;
    board_pinned_core = (uint32_t)xCoreID;
    pxTaskCode(pvParameters);
    return 1;
}

void vTaskDelete(TaskHandle_t xTaskToDelete) {
    (void)xTaskToDelete;
    board_deleted_tasks++;
}

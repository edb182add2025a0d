/* Declarations of ESP-IDF 5 that the port uses. */
#pragma once
#include <stdint.h>
int64_t esp_timer_get_time(void);

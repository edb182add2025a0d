/* Declarations of ESP-IDF 5 that the port uses. */
#pragma once
const char *esp_get_idf_version(void);

/* Declarations of ESP-IDF 5 that the port uses. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
typedef int BaseType_t;
typedef unsigned int UBaseType_t;
#define configMAX_PRIORITIES 25

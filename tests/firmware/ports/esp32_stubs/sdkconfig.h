/* What the configuration of sdkconfig.defaults and Kconfig.projbuild generates. */
#pragma once
#define CONFIG_ESPTOOLPY_FLASHMODE_QIO 1
#define CONFIG_ESPTOOLPY_FLASHFREQ "80m"
#define CONFIG_COMPILER_OPTIMIZATION_PERF 1
#define CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ 240
#define CONFIG_COSTMODEL_MEASURE_GPIO 4
#define CONFIG_COSTMODEL_CORE 1

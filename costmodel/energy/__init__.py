"""Energy of memory accesses: SRAM configurations, what CACTI says of them, and the accesses a memory is charged for."""

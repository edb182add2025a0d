/* Cortex-M3: vector table, then zero .bss. */
    .syntax unified
    .thumb

    .section .vectors, "a"
    .word   __stack_top
    .word   reset
    .rept   14
    .word   port_fault
    .endr

    .text
    .thumb_func
    .global reset
    .type   reset, %function
reset:
    ldr     r0, =__bss_start
    ldr     r1, =__bss_end
    movs    r2, #0
1:  cmp     r0, r1
    bhs     2f
    str     r2, [r0], #4
    b       1b
2:  bl      port_main

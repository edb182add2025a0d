/* RV32IMC: stack, fault vector, then zero .bss. */
    .section .text.start, "ax"
    .global _start
_start:
    la      sp, __stack_top
    la      t0, fault
    .option push
    .option arch, +zicsr
    csrw    mtvec, t0
    .option pop
    la      t0, __bss_start
    la      t1, __bss_end
1:  bgeu    t0, t1, 2f
    sw      zero, 0(t0)
    addi    t0, t0, 4
    j       1b
2:  call    port_main

    .balign 4
fault:
    j       port_fault

/* int32_t semihosting_call(int32_t operation, const void *argument): the trap is an ebreak between two shifts of x0, all uncompressed
 * and in one page. */
    .section .text.semihosting, "ax"
    .option norvc
    .balign 16
    .global semihosting_call
semihosting_call:
    slli    x0, x0, 0x1f
    ebreak
    srai    x0, x0, 7
    ret

/* lx106: QEMU's sim machine ignores the ELF's entry and starts at the reset vector, the first byte of the code region. */
    .section .reset, "ax"
    .global _start
_start:
    j       1f
    .align  4
    .literal_position
1:  movi    a4, 0x20            /* PS out of reset has EXCM set, where every exception is a double one */
    wsr     a4, ps
    rsync
    movi    a4, exception_vectors
    wsr     a4, vecbase
    movi    a1, __stack_top
    movi    a2, __bss_start
    movi    a3, __bss_end
    movi    a4, 0
2:  bgeu    a2, a3, 3f
    s32i    a4, a2, 0
    addi    a2, a2, 4
    j       2b
3:  movi    a5, port_main
    callx0  a5

/* Kernel, user and double exception, at their offsets from vecbase. */
    .section .exceptions, "ax"
    .align  256
exception_vectors:
    .org    0x30
    j       fault
    .org    0x50
    j       fault
    .org    0x70
    j       fault
    .org    0x80
    .literal_position
fault:
    movi    a5, port_fault
    callx0  a5

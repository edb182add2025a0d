/* The model files, in flash, aligned as the core asks. */
    .section .rodata.costmodel_models, "a"
    .balign 8
    .global costmodel_models_start
costmodel_models_start:
    .incbin MODELS_FILE
    .balign 8
    .global costmodel_models_end
costmodel_models_end:
    .byte 0

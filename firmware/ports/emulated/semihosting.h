/* Console and exit through the semihosting calls that Arm and RISC-V share. */
#ifndef CM_SEMIHOSTING_H
#define CM_SEMIHOSTING_H

#include <stdint.h>

/* Hand one call to the emulator; each core has its own trap instruction.
 * @param argument  address of the operation's argument block
 * @return what the operation answers */
int32_t semihosting_call(int32_t operation, const void *argument);

#endif

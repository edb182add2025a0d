/* SHA-256 over the other files of this folder, first 16 digits; `make core-hash` rewrites it, a test holds it to the
 * files. */
#ifndef CM_CORE_HASH_H
#define CM_CORE_HASH_H
#define CM_CORE_HASH "0000000000000000"
#endif

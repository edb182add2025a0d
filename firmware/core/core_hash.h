/* SHA-256 over the names and texts of this folder's other files, first 16 digits. A test holds it to them and says the
 * new one. */
#ifndef CM_CORE_HASH_H
#define CM_CORE_HASH_H
#define CM_CORE_HASH "6dcdddf5950cd1da"
#endif

/* The four functions a freestanding compiler may call by itself; with them no port needs a C library. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict target, const void *restrict source, size_t size);
void *memmove(void *target, const void *source, size_t size);
void *memset(void *target, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);

void *memcpy(void *restrict target, const void *restrict source, size_t size) {
    return memmove(target, source, size);
}

void *memmove(void *target, const void *source, size_t size) {
    uint8_t *to = target;
    const uint8_t *from = source;
    if ((uintptr_t)to < (uintptr_t)from) {
        for (size_t i = 0; i < size; i++) {
            to[i] = from[i];
        }
    } else {
        while (size--) {
            to[size] = from[size];
        }
    }
    return target;
}

void *memset(void *target, int value, size_t size) {
    uint8_t *to = target;
    for (size_t i = 0; i < size; i++) {
        to[i] = (uint8_t)value;
    }
    return target;
}

int memcmp(const void *left, const void *right, size_t size) {
    const uint8_t *a = left, *b = right;
    for (size_t i = 0; i < size; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

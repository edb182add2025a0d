/* QEMU TCG plugin: instructions, and every load and store by address, between two stores to a marker.
 *
 *   -plugin libaccesses.so,marker=ADDRESS,out=FILE
 *
 * A guest store to ADDRESS opens a segment, one to ADDRESS + 4 closes it; those two stores are not part of it. The
 * plugin knows nothing of tensors: it keeps what was accessed at each address, and the reader of FILE holds that
 * against the ranges the firmware states. FILE is little-endian 64-bit words. A segment is SEGMENT, its number from 1,
 * instructions, rows; then per row, in rising order, address, loads, bytes loaded, stores, bytes stored, where an
 * access counts at its first byte. COMPLETE and the number of segments end the file.
 *
 * Distributions ship no header for QEMU's plugin interface, so the few prototypes used are declared here; the names and
 * types are QEMU's. PLUGIN_API_VERSION is 1 up to QEMU 8.2, which is what Debian 12 has and this was run on. QEMU 9.0
 * wants 2 or more and no longer has the inline counter of 1: with COUNT_BY_CALLBACK a slower callback counts
 * instructions.
 */
#ifndef PLUGIN_API_VERSION
#define PLUGIN_API_VERSION 1
#endif
#if PLUGIN_API_VERSION > 1
#define COUNT_BY_CALLBACK
#endif

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };
#ifdef COUNT_BY_CALLBACK
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu, void *user);
#else
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
#endif
typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_vcpu_mem_cb_t)(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *user);
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *user);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t callback);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb_t callback, void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
#ifdef COUNT_BY_CALLBACK
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_udata_cb_t callback,
                                            enum qemu_plugin_cb_flags flags, void *user);
#else
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, enum qemu_plugin_op op, void *counter,
                                                uint64_t amount);
#endif
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_mem_cb_t callback,
                                      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw access, void *user);
unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);

EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv);

int qemu_plugin_version = PLUGIN_API_VERSION;

#define SEGMENT  UINT64_C(0x544e454d47455331) /* "1SEGMENT" */
#define COMPLETE UINT64_C(0x4554454c504d4f43) /* "COMPLETE" */

enum { PAGE_BITS = 10, PAGE_BYTES = 1 << PAGE_BITS, ADDRESS_BITS = 32, CLOSE_OFFSET = 4 };

typedef struct {
    uint64_t loads, load_bytes, stores, store_bytes;
} accesses;

/* Each page of the guest's 32-bit address space that was ever accessed inside a segment, and those of the open one. */
static accesses *pages[1u << (ADDRESS_BITS - PAGE_BITS)];
static bool touched[1u << (ADDRESS_BITS - PAGE_BITS)];
static uint32_t touched_pages[1u << (ADDRESS_BITS - PAGE_BITS)];
static size_t touched_count;

static uint64_t marker, instructions, opened_at, segments;
static bool open;
static FILE *out;

static void fail(const char *what) {
    fprintf(stderr, "accesses plugin: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void put(uint64_t word) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(word >> 8 * i);
    }
    if (fwrite(bytes, sizeof bytes, 1, out) != 1) {
        fail("cannot write");
    }
}

static bool accessed(const accesses *row) {
    return row->loads != 0 || row->stores != 0;
}

static void open_segment(void) {
    segments++;
    open = true;
    opened_at = instructions;
}

static int compare_pages(const void *left, const void *right) {
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void close_segment(void) {
    qsort(touched_pages, touched_count, sizeof *touched_pages, compare_pages);
    uint64_t rows = 0;
    for (size_t t = 0; t < touched_count; t++) {
        for (uint32_t i = 0; i < PAGE_BYTES; i++) {
            rows += accessed(&pages[touched_pages[t]][i]);
        }
    }
    put(SEGMENT);
    put(segments);
    put(instructions - opened_at - 1); /* less the closing store itself */
    put(rows);
    for (size_t t = 0; t < touched_count; t++) {
        const uint32_t page = touched_pages[t];
        for (uint32_t i = 0; i < PAGE_BYTES; i++) {
            const accesses *row = &pages[page][i];
            if (!accessed(row)) {
                continue;
            }
            put((uint64_t)page << PAGE_BITS | i);
            put(row->loads);
            put(row->load_bytes);
            put(row->stores);
            put(row->store_bytes);
        }
        memset(pages[page], 0, PAGE_BYTES * sizeof **pages);
        touched[page] = false;
    }
    touched_count = 0;
    open = false;
}

static void on_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *user) {
    (void)vcpu, (void)user;
    const bool store = qemu_plugin_mem_is_store(info);
    if (store && address == marker) {
        open_segment();
        return;
    }
    if (!open) {
        return;
    }
    if (store && address == marker + CLOSE_OFFSET) {
        close_segment();
        return;
    }
    const uint32_t page = (uint32_t)address >> PAGE_BITS;
    if (!touched[page]) {
        if (pages[page] == NULL && (pages[page] = calloc(PAGE_BYTES, sizeof **pages)) == NULL) {
            fail("no memory for a page of counts");
        }
        touched[page] = true;
        touched_pages[touched_count++] = page;
    }
    accesses *row = &pages[page][address & (PAGE_BYTES - 1)];
    const uint64_t bytes = UINT64_C(1) << qemu_plugin_mem_size_shift(info);
    if (store) {
        row->stores++;
        row->store_bytes += bytes;
    } else {
        row->loads++;
        row->load_bytes += bytes;
    }
}

#ifdef COUNT_BY_CALLBACK
static void on_execution(unsigned int vcpu, void *user) {
    (void)vcpu, (void)user;
    instructions++;
}
#endif

static void count_executions(struct qemu_plugin_insn *instruction) {
#ifdef COUNT_BY_CALLBACK
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_execution, QEMU_PLUGIN_CB_NO_REGS, NULL);
#else
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &instructions, 1);
#endif
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    const size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        count_executions(instruction);
        qemu_plugin_register_vcpu_mem_cb(instruction, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    }
}

static void on_exit_of_emulator(qemu_plugin_id_t id, void *user) {
    (void)id, (void)user;
    put(COMPLETE);
    put(segments - open); /* one still open was never closed and is not in the file */
    if (fclose(out) != 0) {
        fail("cannot write");
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv) {
    (void)info;
    bool marked = false;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "marker=", 7) == 0) {
            marker = strtoull(argv[i] + 7, NULL, 0);
            marked = true;
        } else if (strncmp(argv[i], "out=", 4) == 0 && (out = fopen(argv[i] + 4, "wb")) == NULL) {
            fprintf(stderr, "accesses plugin: cannot open %s: %s\n", argv[i] + 4, strerror(errno));
            return 1;
        }
    }
    if (!marked || out == NULL) {
        fprintf(stderr, "accesses plugin: give marker=ADDRESS and out=FILE\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_emulator, NULL);
    return 0;
}

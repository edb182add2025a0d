/* What the log calls things. */
#include "cm.h"

const char *cm_status_text(cm_status status) {
    static const char *const texts[] = {"ok",      "argument", "alignment", "endianness", "truncated", "magic",
                                        "version", "checksum", "header",    "bounds",     "tensor",    "layer",
                                        "shape",   "overlap",  "arena",     "type",       "order"};
    return (uint32_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown";
}

const char *cm_kind_text(cm_kind kind) {
    static const char *const texts[CM_KIND_COUNT] = {
#define CM_KIND(name, text) text,
#include "kinds.def"
#undef CM_KIND
    };
    return (uint32_t)kind < CM_KIND_COUNT ? texts[kind] : "unknown";
}

const char *cm_dataflow_text(cm_dataflow dataflow) {
    static const char *const texts[] = {"output-stationary", "row-stationary", "blocked-output-stationary"};
    return (uint32_t)dataflow < sizeof texts / sizeof *texts ? texts[dataflow] : "unknown";
}

const char *cm_variant_text(cm_variant variant) {
    return variant == CM_FLOAT32 ? "float32" : "int8";
}

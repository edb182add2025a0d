/* What the files that check a layer share. Not for callers. */
#ifndef CM_LAYER_H
#define CM_LAYER_H

#include "reading.h"

/* Check and fill in what depends on the kind, and that the output overwrites no input that is still needed.
 * @param parameters  the number of weights the layer must have
 * @param biases      the number of biases it may have */
cm_status cm_read_geometry(cm_job *job, const uint8_t *record, const cm_operands *operands, uint64_t *parameters,
                           uint32_t *biases);

static inline int cm_same_shape(const cm_tensor *a, const cm_tensor *b) {
    return a->channels == b->channels && a->height == b->height && a->width == b->width;
}

#endif

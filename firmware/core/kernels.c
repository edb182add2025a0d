/* Finds the generated kernel of a layer. */
#include "kernels.h"

#ifdef CM_KERNELS
static int same_axis(const int32_t *of, const cm_axis *axis) {
    return of[0] == axis->input && of[1] == axis->kernel && of[2] == axis->stride && of[3] == axis->pad_before &&
           of[4] == axis->pad_after && of[5] == axis->dilation;
}

static int serves(const cm_kernel *kernel, const cm_job *job, uint32_t order) {
    return kernel->order == order && kernel->kind == (uint8_t)job->kind && kernel->relu == (uint8_t)job->relu &&
           kernel->bias == (job->bias != NULL) && kernel->rescale_step == (uint8_t)job->rescale_step &&
           kernel->input_zero_point == job->input_quantisation.zero_point &&
           kernel->output_zero_point == job->output_zero_point && kernel->low == job->low &&
           kernel->high == job->high && kernel->groups == job->groups && kernel->in_channels == job->in_channels &&
           kernel->out_channels == job->out_channels && same_axis(kernel->height, &job->height) &&
           same_axis(kernel->width, &job->width);
}
#endif

const cm_kernel *cm_kernel_of(const cm_job *job, uint32_t order) {
#ifdef CM_KERNELS
    for (uint32_t i = 0; i < cm_kernel_count; i++) {
        if (serves(&cm_kernels[i], job, order)) {
            return &cm_kernels[i];
        }
    }
#else
    (void)job;
    (void)order;
#endif
    return NULL;
}

void cm_kernel_run(const cm_job *job, cm_counters *counters) {
    job->kernel->run(job, counters);
}

uint32_t cm_kernel_scratch_bytes(const cm_kernel *kernel) {
    return kernel->scratch_bytes;
}

/* host/simulated/boot_log.h: what a simulated VM's boot measures. The same image at the same size, in the same Secure Boot
 * state, measures the same; another version of it has another GRUB, kernel and initial RAM disk, and another size another PCR
 * 0, as real ones do. Pure. Format: TCG PC Client Platform Firmware Profile 1.06, section 10. */
#pragma once

#include <glib.h>

#define BOOT_DIGEST_SIZE 32

typedef struct {
    const char *image_urn;
    guint vcpus, memory_mib;
    gboolean secure_boot;
    gboolean grub_changed;   /* another GRUB than the image's */
    gboolean kernel_changed; /* another kernel, signed by the same vendor */
} SimBoot;

/* The log. ret_digest: SHA-256 of those PCRs that it leads to, as a quote over them has it. */
GBytes *boot_log_make(const SimBoot *boot, guint32 pcrs, guint8 ret_digest[BOOT_DIGEST_SIZE]);

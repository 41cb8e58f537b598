/* host/qemu/vtpm_control.h: a swtpm that runs for a moment, on a vTPM's folder and without a VM, and its control channel.
 * Blocking; any thread. Format: swtpm_ioctls(3), as QEMU speaks it. */
#pragma once

#include <glib.h>

typedef struct VtpmControl VtpmControl;

/* key_fd: borrowed; -1: the state is plain. It runs as uid:gid, where we are root and these are not 0. NULL sets *error. */
VtpmControl *vtpm_control_open(const char *swtpm, const char *folder, int key_fd, guint uid, guint gid, GError **error);
/* Ends it and waits for its end; what it wrote is in the folder then. Accepts NULL. */
void vtpm_control_close(VtpmControl *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VtpmControl, vtpm_control_close)

/* The TPM reads its state, or what it was given; what it was given is written. */
gboolean vtpm_control_init(VtpmControl *control, GError **error);
/* Its permanent state: seeds, keys and NVRAM, unencrypted whatever lies in the folder. After vtpm_control_init(). To be freed
 * by vtpm_state_free(); NULL sets *error. */
guint8 *vtpm_control_state_get(VtpmControl *control, gsize *ret_size, GError **error);
/* Before vtpm_control_init(). */
gboolean vtpm_control_state_set(VtpmControl *control, const guint8 *state, gsize size, GError **error);
/* Overwrites it; accepts NULL. */
void vtpm_state_free(guint8 *state, gsize size);

/* host/qemu/guest_state.h: digests of an instance's UEFI variables and vTPM, from a clean stop to the next start: what lies
 * still must not change. Kept as guest-state.json in the folder. */
#pragma once

#include <glib.h>

void guest_state_record(const char *folder);
/* NULL: as recorded, or nothing is recorded (no clean stop came before). Else which part changed: "UEFI variables", "vTPM". */
const char *guest_state_changed(const char *folder);
/* Its vTPM is about to be replaced by the state in `file` (below the folder): that is as recorded then, too. Nothing where
 * nothing is recorded. */
gboolean guest_state_expect_vtpm(const char *folder, const char *file, GError **error);
/* The VM is about to run: from now on it changes. */
void guest_state_forget(const char *folder);

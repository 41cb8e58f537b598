/* engine/vtpm_keys.h: one endorsement key in two folders: somebody copied one. Both are told of, and neither is started. */
#pragma once

#include "engine/pass.h"

/* The key of the instance's vTPM was recorded just now: alerts to it, and to the others that have it, or ends such an alert. */
gboolean vtpm_key_note(Pass *pass, const SetTracked *set, guint id, const char *ek, GError **error);
/* Before it is launched with the vTPM that it has. ARM_VTPM_FAILED: another instance has the same key. */
gboolean vtpm_key_check(Pass *pass, const SetTracked *set, const StoreInstance *instance, GError **error);

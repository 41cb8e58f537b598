/* attest/assessment.h: before an upgrade to Trusted launch: what Secure Boot would refuse of a guest, and what a new vTPM would
 * lock out, out of what `testudo-guest assess` printed (base/guest_wire.h). Pure. It is the guest's word.
 *
 * Nothing here says that all is well: what was not looked at, or cannot be told from inside the guest, is named, too. */
#pragma once

#include "base/error.h"

#include <jansson.h>

#define ASSESSMENT_LINES_MAX 1000u

/* New reference:
 *   {"secureBoot": "on", "tpm": true, "refused": [FINDING], "lockedOut": [FINDING], "notSeen": [FINDING]}
 * secureBoot is "on", "off", "none" (it did not boot by UEFI) or "unseen"; a finding is {"kind", "name", "reason"}. NULL with
 * ARM_GUEST_RUN_FAILED: this is no assessment, or it was cut short. */
json_t *assessment_json(const void *bytes, gsize length, GError **error);

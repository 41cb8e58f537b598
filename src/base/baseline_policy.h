/* base/baseline_policy.h: what a boot that is not the approved one to the digest may differ in. Pure. */
#pragma once

#include <glib.h>

typedef enum {
    BASELINE_EXACT_DIGESTS, /* nothing */
    BASELINE_VENDOR_SIGNED, /* the kernel, where it is proven that the same vendor signed it: attest/vendor_signed.h */
    BASELINE_N
} BaselinePolicy;

/* "exactDigests", "vendorSigned" */
const char *baseline_policy_text(BaselinePolicy policy);
gboolean baseline_policy_from_text(const char *text, BaselinePolicy *ret_policy);

#include "base/baseline_policy.h"

#include "base/words.h"

static const char *const baseline_policy_words[BASELINE_N] = {
    [BASELINE_EXACT_DIGESTS] = "exactDigests",
    [BASELINE_VENDOR_SIGNED] = "vendorSigned",
};
DEFINE_WORDS(baseline_policy, BaselinePolicy, BASELINE_N)

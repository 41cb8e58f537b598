/* model/feature.h: what a subscription registers for before it may be used, or to change a default. Pure.
 * Shapes: Azure Features REST, Microsoft.Features/features. */
#pragma once

#include <glib.h>

#define FEATURE_NAMESPACE "Microsoft.Compute"

typedef enum {
    FEATURE_FLEXIBLE_UPGRADE,       /* a Flexible set may go from Standard to Trusted launch */
    FEATURE_TRUSTED_LAUNCH_DEFAULT, /* a create without a security type is Trusted launch where that is possible */
    FEATURE_STANDARD_SECURITY_TYPE, /* Standard may be named; it always may, so this one is always registered */
    FEATURE_N
} Feature;

/* "TrustedLaunchUpgradeFlexPreview", …; never NULL. */
const char *feature_name(Feature feature);
/* Without regard to case; FALSE: there is none of that name. */
gboolean feature_from_name(const char *name, Feature *ret_feature);
/* Is it registered for good, because what it permits is permitted here to everybody? */
gboolean feature_is_permanent(Feature feature);

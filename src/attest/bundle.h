/* attest/bundle.h: evidence in one piece, as testudo-guest prints it. Pure. Form: base/guest_wire.h. */
#pragma once

#include "attest/evidence.h"

/* All of it owned; NULL: there is no such part. */
typedef struct {
    Evidence evidence;
    GBytes *certificate; /* of the endorsement key, DER */
    GBytes *refused;     /* messages about modules (attest/refusals.h) */
} Bundle;

/* No part of it but the log may be there twice. FALSE sets *error: it is none, damaged, or without its end. */
gboolean bundle_parse(GBytes *bytes, Bundle *ret_bundle, GError **error);
void bundle_clear(Bundle *bundle);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bundle, bundle_clear)

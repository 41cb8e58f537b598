/* engine/refused.h: kernel modules that guests refused to load, as an alert and in the activity log. */
#pragma once

#include "engine/pass.h"

/* What an attestation says of refused modules that the one before it, of the same boot, did not say: *ret_text names them,
 * newly allocated, or NULL where there is no news. For whoever tells of it; ask before the new one is added to the store. */
gboolean refused_news(Pass *pass, const StoreAttestation *made, char **ret_text, GError **error);

/* Raises the alert and tells the activity log, where it is news and the set's alerts are on; a boot without any ends the alert.
 */
gboolean refused_tell(Pass *pass, Held *held, const StoreAttestation *made, GError **error);

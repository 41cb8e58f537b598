/* engine/superseded.h: baselines of images that were gone on from. One is withdrawn when the last that needed it is gone, and
 * holds again when something needs it again, such as after a roll back; each time the activity log says so. What an operator
 * withdrew stays so. Which are needed: store_baseline_list_unneeded(). */
#pragma once

#include "engine/pass.h"

/* Looked at a little later, once for all that happens until then. */
void superseded_look_soon(Engine *engine);
void superseded_stop(Engine *engine);

/* An instance was launched from this image at this size: what was superseded of it holds again. ret_any: there was such a one.
 */
gboolean superseded_restore(Pass *pass, const char *image_urn, guint vcpus, guint memory_mib, gboolean *ret_any,
                            GError **error);

/* api/components.h: what an image boots, computed from its file and written into the store. */
#pragma once

#include "api/api.h"

/* Blocking; on a thread of its own. */
gboolean components_compute(Api *api, const ImageInfo *image, GError **error);

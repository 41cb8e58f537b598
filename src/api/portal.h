/* api/portal.h: the web portal, as far as the API's other parts know it. */
#pragma once

#include "api/call.h"

#define PATH_PORTAL "/portal"

gboolean portal_is_built_in(const Api *api);
/* The same, with a sentence (404) where it is not. */
gboolean portal_check(const Api *api, GError **error);

/* api/providers.h: which resource types there are. */
#pragma once

#include "api/call.h"

/* A provider as its GET gives it, or (type) one of its resourceTypes; a new reference. NULL: there is none. */
json_t *provider_describe(const Api *api, const char *name, const char *type);

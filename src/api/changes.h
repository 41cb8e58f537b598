/* api/changes.h: the stream of changes, as far as the API's other parts know it. */
#pragma once

#include "api/api.h"
#include "store/changes.h"

/* The ARM id of what changed; newly allocated. NULL: it is not for clients. Pure. */
char *change_id(const StoreChange *change, const char *subscription, const char *location);

struct Feed *changes_feed_new(Api *api);

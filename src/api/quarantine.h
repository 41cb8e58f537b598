/* api/quarantine.h: instances that are in quarantine (engine/consequences.h): what may be done with them. */
#pragma once

#include "store/store.h"

/* 409 where the instance is in quarantine: there it is released or deleted, and nothing else. */
gboolean quarantine_check(const StoreInstance *instance, GError **error);

/* api/alerts.h: alerts as they look on the wire. */
#pragma once

#include "store/alerts.h"

#include <jansson.h>

/* Azure's "security alert" of Microsoft.Security, API version 2022-01-01. */
json_t *alert_json(const char *subscription, const char *location, const StoreAlert *alert);

/* api/alerts.h: alerts as they look on the wire. */
#pragma once

#include "store/alerts.h"

#include <jansson.h>

/* The ARM id; newly allocated. Of `alert`, name and resource are looked at. */
char *alert_id(const char *subscription, const char *location, const StoreAlert *alert);

/* Azure's "security alert" of Microsoft.Security, API version 2022-01-01. */
json_t *alert_json(const char *subscription, const char *location, const StoreAlert *alert);

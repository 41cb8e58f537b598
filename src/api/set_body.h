/* api/set_body.h: how scale sets look on the wire. */
#pragma once

#include "api/call.h"

/* The set's body, encoded once per state of its row. */
GBytes *set_body(Call *call, StoreTx *tx, const StoreSet *set, GError **error);
/* provisioningState; borrowed. */
const char *set_provisioning(const StoreSet *set);
/* Page token, ordered by group and name; and of one of a GPtrArray of StoreSet. */
char *set_token_of(const StoreSet *set);
char *set_token(const void *sets, guint index);

/* daemon/state.h: the state folder: made, locked by one daemon, with its secrets and operator's data in place. */
#pragma once

#include <glib.h>

#include "base/state_key.h"
#include "model/sizes.h"

/* Makes STATE and the folders below it and takes STATE/testudod.lock; the lock ends with the process. *error says which
 * daemon has it. Returns the lock's descriptor, -1 on failure. */
int state_prepare(const char *state_dir, GError **error);

/* admin.token (mode 0600), made of 32 random bytes at the first start. Newly allocated. */
char *state_token(const char *state_dir, GError **error);

/* The secret in an operator's file: 16 to 4,096 bytes, without the line end that may follow. */
GBytes *state_webhook_secret(const char *path, GError **error);

/* The state key: from `file`, or from the systemd credential testudo-state-key (systemd.exec(5)) where that is NULL. *ret_key
 * is NULL where there is neither. STATE/state-key.check says which key it was the first time: without that key nothing is
 * started, and *error says so. */
gboolean state_key_settle(const char *state_dir, const char *file, StateKey **ret_key, GError **error);

/* sizes.json and quota.json: the shipped ones are copied there at the first start, for the operator to edit. */
SizeCatalogue *state_sizes(const char *state_dir, GError **error);
Quota *state_quota(const char *state_dir, GError **error);

/* engine/record_json.h: what a change record says (attest/record.h has its form), from what the store has of the change. */
#pragma once

#include "engine/pass.h"
#include "store/upgrades.h"

/* A new reference; NULL sets *error. members: of StoreUpgradeMember. */
json_t *record_json(Pass *pass, const StoreUpgrade *change, const StoreOperation *operation, const GPtrArray *members,
                    GError **error);
/* The member's row as it is now; *ret_row NULL: it is gone. FALSE sets *error. */
gboolean record_row_find(Pass *pass, const StoreUpgradeMember *member, StoreInstance **ret_row, GError **error);
/* [[from, length], …] of when it was down; a new reference. */
json_t *record_downs_read(const StoreUpgradeMember *member);

/* engine/record_json.h: what a change record says (attest/record.h has its form), from what the store has of the change. */
#pragma once

#include "engine/pass.h"
#include "store/upgrades.h"

/* A new reference; NULL sets *error. members: of StoreUpgradeMember. */
json_t *record_json(Pass *pass, const StoreUpgrade *change, const StoreOperation *operation, const GPtrArray *members,
                    GError **error);

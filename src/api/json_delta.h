/* api/json_delta.h: in what two JSON objects differ. Pure.
 * Shape: Azure REST, Microsoft.Resources, WhatIfPropertyChange, 2021-04-01. Arrays are compared as a whole. */
#pragma once

#include <jansson.h>

/* [{"path", "propertyChangeType": "Create"|"Delete"|"Modify", "before", "after"}]: the lowest members that differ, in the order
 * of `before`, then those that `after` has besides. A new reference. */
json_t *json_delta(const json_t *before, const json_t *after);

/* engine/disks.h: data disks that come to an instance and leave it: what a launch has of them, and where they are afterwards.
 */
#pragma once

#include "engine/pass.h"

/* Adds to the spec the disks that are attached to the instance, and those that leave it with this launch. */
gboolean engine_disks_fill(Pass *pass, const StoreInstance *instance, LaunchSpec *spec, GError **error);
/* The launch with this spec begins: notes which LUNs the instance's folder may hold from now on. */
void engine_disks_noted(StoreInstance *instance, const LaunchSpec *spec);

/* The launch has been made: what was to leave with it is kept again. */
gboolean engine_disks_left(Pass *pass, StoreInstance *instance, GError **error);

/* The instance is gone; kept: of HostKeptDisk, or NULL. What was to go with it is removed, the rest is kept. */
gboolean engine_disks_settle(Pass *pass, const Held *held, const GPtrArray *kept, GError **error);

/* The same of an instance that the store does not know. owner: its ARM id, or NULL where nobody can tell. */
gboolean engine_disks_stranded(Pass *pass, const char *key, const char *owner, const GPtrArray *kept, GError **error);

/* Files in STATE/disks that no row names are given one, but for those of instances that are known: their removal goes on, and
 * then it is done. */
gboolean engine_disks_sweep(Pass *pass, GError **error);

/* host/qemu/vtpm_stock.h: vTPMs made ahead of need, so that a start does not wait for the manufacture of one.
 *
 * STATE/vtpm-ahead/<UUID>/ is a complete vTPM that no instance has had; <UUID>.new is one that is being made. Each is made as
 * every other one is (vtpm.h) and leaves by a rename, so it belongs to one instance or to none, whenever the host goes down. A
 * thread of low priority makes up for what was taken. Any thread. */
#pragma once

#include "host/qemu/vtpm.h"

typedef struct VtpmStock VtpmStock;

/* Keeps `size` vTPMs ready, at least 1. The maker is borrowed and outlives the stock. NULL sets *error. */
VtpmStock *vtpm_stock_new(const char *state_dir, VtpmMaker *maker, guint size, GError **error);
/* Waits for a vTPM that is being made. Accepts NULL. */
void vtpm_stock_free(VtpmStock *stock);

/* Moves one to `folder`, which must not exist, owned by uid:gid where we are root. FALSE without an error: there is none ready.
 */
gboolean vtpm_stock_take(VtpmStock *stock, const char *folder, guint uid, guint gid, GError **error);

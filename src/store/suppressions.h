/* store/suppressions.h: rules by which alerts are dismissed before anybody is told of them, and the alerts that they dismissed.
 * As store/store.h says of rows; model/suppression.h reads what a rule says. */
#pragma once

#include "store/alerts.h"

typedef struct {
    char *name;
    UnixTime modified;
    char *document; /* JSON text, as suppression_read() takes it */
} StoreSuppression;
void store_suppression_free(StoreSuppression *suppression);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreSuppression, store_suppression_free)

StoreSuppression *store_suppression_get(StoreTx *tx, const char *name, GError **error);
GPtrArray *store_suppression_list(StoreTx *tx, GError **error); /* by name */
gboolean store_suppression_put(StoreTx *tx, const StoreSuppression *suppression, GError **error);
gboolean store_suppression_delete(StoreTx *tx, const char *name, GError **error);

/* The name of a rule that the alert, new or open, is dismissed by now; NULL: there is none. */
gboolean store_suppression_find(StoreTx *tx, const StoreAlert *alert, UnixTime now, char **ret_name, GError **error);

/* The rule was put: open alerts that people are told of and that it matches are dismissed. *ret_n: how many. */
gboolean store_suppression_begin(StoreTx *tx, const StoreSuppression *suppression, UnixTime now, guint *ret_n, GError **error);
/* Rules were changed, or time went on: open alerts that a rule dismissed and that none would dismiss now are active again, as
 * something that nobody was told of. `deliver`: alerts are delivered to somebody. */
gboolean store_suppressions_end(StoreTx *tx, gboolean deliver, UnixTime now, guint *ret_n, GError **error);

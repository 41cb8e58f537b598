/* store/models.h: a stored model revision, decoded. */
#pragma once

#include "model/model.h"
#include "store/store.h"

#include <jansson.h>

/* NULL always sets *error. ret_row and ret_document (either NULL) get what it was decoded from; owned by the caller. */
Model *model_of_revision(StoreTx *tx, gint64 set_id, const char *set_name, guint revision, StoreModel **ret_row,
                         json_t **ret_document, GError **error);

/* Decoded models of one set by revision, for whoever goes through many of its instances; free with g_hash_table_unref(). */
GHashTable *models_by_revision_new(void);
/* How a guest that runs this revision is treated before its end: as the newest revision says that makes the same of an
 * instance. Writes it into the row (desire_notice()), whose deletion was just decided. */
gboolean models_notice_give(GHashTable *models, StoreTx *tx, const StoreSet *set, StoreInstance *instance, UnixTime now,
                            GError **error);
/* Lasts as long as the table. NULL always sets *error. */
Model *models_by_revision_get(GHashTable *models, StoreTx *tx, const StoreSet *set, guint revision, GError **error);

/* store/models.h: a stored model revision, decoded. */
#pragma once

#include "model/model.h"
#include "store/store.h"

#include <jansson.h>

/* NULL always sets *error. ret_row and ret_document (either NULL) get what it was decoded from; owned by the caller. */
Model *model_of_revision(StoreTx *tx, gint64 set_id, const char *set_name, guint revision, StoreModel **ret_row,
                         json_t **ret_document, GError **error);

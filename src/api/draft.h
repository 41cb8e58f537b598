/* api/draft.h: what is on its way to become a model: merged, resolved, judged. All that changes a model, and whatIf, share it.
 */
#pragma once

#include "api/call.h"
#include "model/change.h"
#include "model/model.h"
#include "model/rules.h"

typedef struct {
    gboolean is_rollback;
    json_t *stored; /* document of the current revision, NULL on create */
    guint since;    /* of the current revision, 0 on create (StoreModel); made: likewise */
    UnixTime made;
    json_t *document;      /* after the change, exact image version resolved */
    Model *before, *after; /* before: NULL on create */
    const SizeInfo *size;  /* of after; NULL: no such size */
    ImageInfo *image;      /* of after; NULL: no such image */
    char *effect_key;
    GError *refusal;       /* what the rules say against it, with all violations; NULL: accepted */
    char **warnings;       /* what what-if tells besides */
    char **share_warnings; /* of these, limits in percent that cannot be met: in the activity log too, when it is accepted */
} Draft;

/* NULL sets *error where the body itself is wrong (unknown members, wrong types, …); a model that the rules refuse gives a
 * draft with `refusal`. set: the row where the scale set exists, NULL on create. */
Draft *draft_make(Call *call, StoreTx *tx, const StoreSet *set, const char *set_name, const json_t *body, GError **error);
/* The same for going back: `earlier` is the document of a revision of this set. */
Draft *draft_make_rollback(Call *call, StoreTx *tx, const StoreSet *set, const json_t *earlier, GError **error);
void draft_free(Draft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Draft, draft_free)

/* The row of the revision that the draft becomes. */
gboolean draft_model_insert(StoreTx *tx, const Draft *draft, const StoreSet *set, UnixTime now, GError **error);

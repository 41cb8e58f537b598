#include "engine/references.h"

#include "attest/components.h"
#include "base/json.h"
#include "engine/revisions.h"
#include "engine/superseded.h"

#include <string.h>

/* So many parsed logs are kept: an image at a few sizes each; and so many images' components. */
#define LOGS_MAX 64

static const EventLog *
log_know(Pass *pass, const char *digest, GError **error)
{
    GHashTable *logs = pass->engine->reference_logs;
    EventLog *log = g_hash_table_lookup(logs, digest);
    if (log)
        return log;
    g_autoptr(GBytes) bytes = store_log_get(pass->tx, digest, error);
    if (!bytes)
        return NULL;
    log = event_log_parse(bytes, error);
    if (!log)
        return NULL;
    if (g_hash_table_size(logs) >= LOGS_MAX)
        g_hash_table_remove_all(logs);
    g_hash_table_insert(logs, g_strdup(digest), log);
    return log;
}

typedef struct {
    char *document; /* what it was read from */
    Components *components;
} Computed;

void
computed_free(void *data)
{
    Computed *computed = data;
    components_free(computed->components);
    g_free(computed->document);
    g_free(computed);
}

/* Lasts as long as nothing else is computed of the image. NULL: it cannot be read. */
static const Components *
components_know(const Pass *pass, const StoreComponents *row)
{
    GHashTable *known = pass->engine->reference_components;
    Computed *computed = g_hash_table_lookup(known, row->image_urn);
    if (computed && strcmp(computed->document, row->document) == 0)
        return computed->components;
    g_autoptr(json_t) document = json_loads(row->document, 0, NULL);
    Components *components = document ? components_parse(document, NULL) : NULL;
    if (!components)
        return NULL;
    if (g_hash_table_size(known) >= LOGS_MAX)
        g_hash_table_remove_all(known);
    computed = g_new0(Computed, 1);
    computed->document = g_strdup(row->document);
    computed->components = components;
    g_hash_table_insert(known, g_strdup(row->image_urn), computed);
    return components;
}

static gboolean
is_same_size(const StoreBaseline *baseline, const Revision *revision)
{
    return baseline->vcpus == revision->vcpus && baseline->memory_mib == revision->memory_mib;
}

/* Healthy before not judged before a deviation; of the same the one with fewer differences. */
static gboolean
is_better(const Judgement *judgement, const Judgement *than)
{
    static const guint ranks[VERDICT_N] = { [VERDICT_HEALTHY] = 3, [VERDICT_NOT_JUDGED] = 2, [VERDICT_DEVIATION] = 1 };
    if (ranks[judgement->verdict] != ranks[than->verdict])
        return ranks[judgement->verdict] > ranks[than->verdict];
    return judgement->differences && than->differences && judgement->differences->len < than->differences->len;
}

/* No other one could say anything better. */
static gboolean
is_settled(const Judgement *judgement)
{
    return judgement->verdict == VERDICT_HEALTHY && !judgement->accepted;
}

/* Those that hold; what was superseded is one of them again where an instance is on it. */
static GPtrArray *
baselines_of(Pass *pass, const Revision *revision, GError **error)
{
    g_autoptr(GPtrArray) baselines = store_baseline_list(pass->tx, revision->image_urn, error);
    gboolean any = FALSE;
    for (guint i = 0; baselines && i < baselines->len; i++) {
        if (is_same_size(g_ptr_array_index(baselines, i), revision))
            return g_steal_pointer(&baselines);
    }
    if (!baselines || !superseded_restore(pass, revision->image_urn, revision->vcpus, revision->memory_mib, &any, error))
        return NULL;
    return any ? store_baseline_list(pass->tx, revision->image_urn, error) : g_steal_pointer(&baselines);
}

/* Nothing of it was approved yet: what its file says of it. It may be that of another image which had this name before. */
static gboolean
components_ask(Pass *pass, SetTracked *set, guint number, const Evidenced *seen, Judgement *ret_judgement, char **ret_reference,
               GError **error)
{
    GError *lookup = NULL;
    const Revision *revision = revision_with_image(pass, set, number, error);
    g_autoptr(StoreComponents) row = revision ? store_components_get(pass->tx, revision->image_urn, &lookup) : NULL;
    if (lookup)
        g_propagate_error(error, lookup);
    if (!revision || lookup)
        return FALSE;
    const Components *components = row ? components_know(pass, row) : NULL;
    const char *digest = revision->image && revision->image->sha256 ? revision->image->sha256 : "";
    if (!components || strcmp(components_image_sha256(components), digest) != 0) {
        judge(seen, NULL, NULL, BASELINE_EXACT_DIGESTS, ret_judgement);
        return TRUE;
    }
    g_autofree char *name = g_strdup_printf("image %s", revision->image_urn);
    components_judge(components, seen, name, ret_judgement);
    *ret_reference = g_strdup_printf("%s, as far as it was computed from its file", revision->image_urn);
    return TRUE;
}

/* Those of another size are asked only where none of this size says that all is well: they differ in PCR 0 at least. */
gboolean
references_judge(Pass *pass, Held *held, const Evidenced *seen, Judgement *ret_judgement, char **ret_reference, GError **error)
{
    const Revision *revision = revision_get(pass, held->tracked->set, held->row->revision, error);
    g_autoptr(GPtrArray) baselines = revision ? baselines_of(pass, revision, error) : NULL;
    gboolean any = FALSE;
    if (!baselines)
        return FALSE;
    const BaselinePolicy policy =
        revision->model->attestation ? revision->model->attestation->baseline : BASELINE_EXACT_DIGESTS;
    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; i < baselines->len && !(any && is_settled(ret_judgement)); i++) {
            const StoreBaseline *baseline = g_ptr_array_index(baselines, i);
            if (is_same_size(baseline, revision) != (round == 0))
                continue;
            g_autofree char *name = g_strdup_printf("image %s", baseline->image_urn);
            const EventLog *log = log_know(pass, baseline->log, error);
            g_auto(Judgement) judgement = { 0 };
            if (!log)
                return FALSE;
            judge(seen, log, name, policy, &judgement);
            if (any && !is_better(&judgement, ret_judgement))
                continue;
            judgement_clear(ret_judgement);
            *ret_judgement = judgement;
            judgement = (Judgement){ 0 };
            g_free(*ret_reference);
            *ret_reference =
                g_strdup_printf("%s, %u vCPUs, %u MiB", baseline->image_urn, baseline->vcpus, baseline->memory_mib);
            any = TRUE;
        }
    }
    return any || components_ask(pass, held->tracked->set, held->row->revision, seen, ret_judgement, ret_reference, error);
}

#include "api/attested.h"

#include "store/models.h"

/* One missed answer may be chance. */
#define PERIODS_OF_TRUST 2

void
attested_clear(Attested *attested)
{
    store_attestation_free(g_steal_pointer(&attested->last));
    store_vtpm_free(g_steal_pointer(&attested->vtpm));
    g_clear_pointer(&attested->code, g_free);
    g_clear_pointer(&attested->reason, g_free);
}

/* 0: *error is set. */
static gint64
period_usec(const Api *api, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, GError **error)
{
    /* Without a revision it does not run. */
    if (!instance->revision)
        return api->config.attest_period_usec;
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, instance->revision, NULL, NULL, error);
    if (!model)
        return 0;
    return model->attestation && model->attestation->period_s ? model->attestation->period_s * USEC_PER_SEC
                                                              : api->config.attest_period_usec;
}

static StoreAttestation *
last_take(GPtrArray *found, const StoreInstance *instance)
{
    const StoreAttestation *last = found->len > 0 ? g_ptr_array_index(found, 0) : NULL;
    if (!last || last->epoch != instance->epoch || last->integrity != instance->integrity)
        return NULL;
    g_ptr_array_set_free_func(found, NULL);
    StoreAttestation *taken = g_ptr_array_steal_index(found, 0);
    g_ptr_array_set_free_func(found, (GDestroyNotify)store_attestation_free);
    return taken;
}

/* A verifier that died must not leave everything green. */
static void
staleness_judge(const StoreInstance *instance, Attested *attested, UnixTime now)
{
    const gint64 silent = attested->vtpm && attested->vtpm->tried ? now - attested->vtpm->tried : 0;
    const gboolean judged = attested->integrity != INTEGRITY_NONE && attested->integrity != INTEGRITY_WAITED_FOR;
    /* What stands still in quarantine is asked no more. */
    if (!judged || instance->quarantined || silent < attested->trust_usec)
        return;
    attested->integrity = INTEGRITY_UNREACHABLE;
    g_free(attested->code);
    g_free(attested->reason);
    attested->code = g_strdup("stale");
    attested->reason =
        g_strdup_printf("It was not attested for %" G_GINT64_FORMAT " s, and is to be every %" G_GINT64_FORMAT " s.",
                        silent / USEC_PER_SEC, attested->trust_usec / PERIODS_OF_TRUST / USEC_PER_SEC);
}

gboolean
attested_read(const Api *api, StoreTx *tx, const StoreSet *set, const StoreInstance *instance, UnixTime now,
              Attested *ret_attested, GError **error)
{
    g_auto(Attested) attested = { .integrity = instance->integrity };
    GError *lookup = NULL;
    g_autoptr(GPtrArray) found = store_attestation_list(tx, set->id, instance->id, 1, error);
    if (!found)
        return FALSE;
    attested.vtpm = store_vtpm_get(tx, set->id, instance->id, &lookup);
    const gint64 period = lookup ? 0 : period_usec(api, tx, set, instance, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    attested.trust_usec = PERIODS_OF_TRUST * period;
    attested.last = last_take(found, instance);
    attested.code = attested.last ? g_strdup(attested.last->code) : NULL;
    attested.reason = attested.last ? g_strdup(attested.last->reason) : NULL;
    staleness_judge(instance, &attested, now);
    *ret_attested = attested;
    attested = (Attested){ 0 };
    return TRUE;
}

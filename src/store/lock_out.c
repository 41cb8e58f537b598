#include "store/lock_out.h"

#include "base/json.h"
#include "base/time_text.h"
#include "store/desire.h"
#include "store/models.h"

#include <string.h>

/* The guest state that was looked into is there, and is to stay so far. */
static gboolean
is_same(const StoreAssessment *assessment, const StoreInstance *instance)
{
    return assessment->disk_gen == instance->run_disk_gen && assessment->vtpm_gen == instance->run_vtpm_gen &&
           instance->disk_gen == instance->run_disk_gen && instance->vtpm_gen == instance->run_vtpm_gen;
}

Assessed
assessed_state(const StoreAssessment *assessment, const StoreInstance *instance, UnixTime now)
{
    if (!assessment)
        return ASSESSED_NEVER;
    if (!is_same(assessment, instance))
        return ASSESSED_ANOTHER;
    if (assessment->epoch != instance->epoch)
        return ASSESSED_OTHER_LAUNCH;
    return now - assessment->at > ASSESSMENT_HOLDS ? ASSESSED_LONG_AGO : ASSESSED;
}

const char *
assessed_text(Assessed state)
{
    static const char *const texts[ASSESSED_N] = {
        [ASSESSED_NEVER] = "It was never assessed.",
        [ASSESSED_ANOTHER] = "Its OS disk or vTPM were replaced since it was assessed.",
        [ASSESSED_OTHER_LAUNCH] = "It was started again since it was assessed.",
        [ASSESSED_LONG_AGO] = "It was assessed more than a day ago.",
    };
    g_assert(state < ASSESSED_N);
    return texts[state];
}

Losses
losses_of_change(const Change *change, gboolean replaced)
{
    if (replaced && change->kind > CHANGE_NOTHING)
        return (Losses){ .vtpm = TRUE, .os_disk = TRUE };
    return (Losses){ .vtpm = change->vtpm_lost, .os_disk = change->new_os_disk };
}

json_t *
lock_out_findings(const StoreAssessment *assessment, const StoreInstance *instance, Losses losses)
{
    json_t *list = json_array(), *finding;
    if (!assessment || !losses.vtpm || assessment->vtpm_gen == 0 || !is_same(assessment, instance))
        return list;
    g_autoptr(json_t) document = json_parse(assessment->document, strlen(assessment->document), NULL);
    size_t i;
    json_array_foreach(json_object_get(document, "lockedOut"), i, finding)
    {
        if (!losses.os_disk || g_strcmp0(json_member_text(finding, "kind"), "Credential") != 0)
            json_array_append(list, finding);
    }
    return list;
}

static char *
names_text(const json_t *findings)
{
    GString *text = g_string_new(NULL);
    json_t *finding;
    size_t i;
    json_array_foreach(findings, i, finding)
    {
        const char *kind = json_member_text(finding, "kind"), *name = json_member_text(finding, "name");
        g_string_append_printf(text, "%s%s '%s'", i > 0 ? ", " : "", kind ? kind : "", name ? name : "");
    }
    return g_string_free(text, FALSE);
}

gboolean
lock_out_words(StoreTx *tx, const StoreInstance *instance, Losses losses, char **ret_what, char **ret_assessed, GError **error)
{
    GError *lookup = NULL;
    *ret_what = *ret_assessed = NULL;
    if (!losses.vtpm || instance->run_vtpm_gen == 0)
        return TRUE;
    g_autoptr(StoreAssessment) assessment = store_assessment_get(tx, instance->set_id, instance->id, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    g_autoptr(json_t) findings = lock_out_findings(assessment, instance, losses);
    if (json_array_size(findings) > 0) {
        *ret_what = names_text(findings);
        *ret_assessed = time_to_text(assessment->at);
    }
    return TRUE;
}

gboolean
lock_out_judge(StoreTx *tx, const StoreInstance *instance, Losses losses, GPtrArray *violations, GError **error)
{
    g_autofree char *what = NULL, *at = NULL;
    GError *violation = NULL;
    if (!lock_out_words(tx, instance, losses, &what, &at, error))
        return FALSE;
    if (!what)
        return TRUE;
    arm_fail(&violation, ARM_OPERATION_NOT_ALLOWED, "acknowledgeDataLoss",
             "Instance %u has what its present vTPM alone opens, and that goes: %s (assessed %s). "
             "Unbind it and have the instance assessed again, or, where there is another key for it or it may be lost, "
             "ask again with acknowledgeDataLoss=true in the query (testudo: --acknowledge-data-loss).",
             instance->id, what, at);
    g_ptr_array_add(violations, violation);
    return TRUE;
}

gboolean
lock_out_judge_roll(StoreTx *tx, const StoreSet *set, const Model *target, gboolean surge, GPtrArray *violations,
                    GError **error)
{
    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    g_autoptr(GHashTable) models = models_by_revision_new();
    for (guint i = 0; instances && i < instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        if (instance->want_deleted || instance->protect_scale_set_actions || instance->quarantined ||
            instance->run_vtpm_gen == 0)
            continue;
        const Model *from = models_by_revision_get(models, tx, set, desire_base(instance), error);
        if (!from)
            return FALSE;
        const Change change = change_between(from, target);
        if (!lock_out_judge(tx, instance, losses_of_change(&change, surge), violations, error))
            return FALSE;
    }
    return instances != NULL;
}

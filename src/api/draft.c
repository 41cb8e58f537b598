#include "api/draft.h"

#include "api/attach.h"
#include "api/feature_registration.h"
#include "model/document.h"
#include "rollout/shares.h"
#include "store/models.h"

#include <crypt.h>
#include <string.h>

void
draft_free(Draft *draft)
{
    if (!draft)
        return;
    json_decref(draft->stored);
    json_decref(draft->document);
    model_unref(draft->before);
    model_unref(draft->after);
    image_info_free(draft->image);
    g_free(draft->effect_key);
    g_clear_error(&draft->refusal);
    g_strfreev(draft->warnings);
    g_strfreev(draft->share_warnings);
    g_free(draft);
}

/* The exact version is decided when the body names the image, and then holds until a body names it again. */
static gboolean
image_resolve(Draft *draft, StoreTx *tx, gboolean named, GError **error)
{
    const json_t *image = json_path(draft->document, "properties.virtualMachineProfile.storageProfile.imageReference");
    const char *version = json_member_text(image, "version"), *exact = json_member_text(image, "exactVersion");
    GError *lookup = NULL;
    if (!exact || named)
        exact = version ? version : "latest";
    draft->image = store_image_get(tx, json_member_text(image, "publisher"), json_member_text(image, "offer"),
                                   json_member_text(image, "sku"), exact, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (draft->image)
        document_set_exact_version(draft->document, draft->image->version);
    return TRUE;
}

/* What a document is judged with. */
typedef struct {
    Call *call;
    StoreTx *tx;
    const StoreUsage *usage; /* of all sets but this one */
    const StoreUsage *whole; /* of all sets */
    const char *set_name;
} Judging;

static void
warning_add(Draft *draft, const char *warning)
{
    guint n = g_strv_length(draft->warnings);
    draft->warnings = g_renew(char *, draft->warnings, n + 2);
    draft->warnings[n] = g_strdup(warning);
    draft->warnings[n + 1] = NULL;
}

/* What the document comes to, and what the rules say of it. */
static gboolean
judge(Draft *draft, const Judging *judging, GError **error)
{
    const ApiConfig *config = &judging->call->api->config;
    gboolean flexible_feature = FALSE;
    draft->after = model_decode(draft->document, judging->set_name, error);
    if (!draft->after || !feature_registered(judging->tx, FEATURE_FLEXIBLE_UPGRADE, &flexible_feature, error))
        return FALSE;
    draft->effect_key = model_effect_key(draft->after);
    draft->size = size_catalogue_find(config->sizes, draft->after->size_name);
    const StoreUsage *usage = judging->usage, *whole = judging->whole;
    guint family_cores = draft->size ? store_usage_family_cores(usage, draft->size->family) : 0;
    guint family_cores_whole = draft->size ? store_usage_family_cores(whole, draft->size->family) : 0;
    RuleInput input = {
        .before = draft->before,
        .after = draft->after,
        .size_before = draft->before ? size_catalogue_find(config->sizes, draft->before->size_name) : NULL,
        .size = draft->size,
        .image = draft->image,
        .quota = config->quota,
        .usage = { family_cores, usage->regional_cores, usage->virtual_machines, usage->scale_sets },
        .own = { family_cores_whole - family_cores, whole->regional_cores - usage->regional_cores,
                 whole->virtual_machines - usage->virtual_machines, whole->scale_sets - usage->scale_sets },
        .host_architecture = config->host->architecture,
        .host_vcpus_max = config->host->vcpus_max,
        .host_memory_mib = config->host->memory_max_mib,
        .host_secure_boot = config->host->secure_boot,
        .host_vtpm = config->host->vtpm,
        .flexible_feature = flexible_feature,
        .is_rollback = draft->is_rollback,
    };
    rules_check(&input, &draft->refusal);
    draft->warnings = rules_warnings(&input);
    draft->share_warnings = shares_warnings(draft->before, draft->after);
    for (char **warning = draft->share_warnings; *warning; warning++)
        warning_add(draft, *warning);
    return TRUE;
}

static void
judgement_clear(Draft *draft)
{
    g_clear_pointer(&draft->after, model_unref);
    g_clear_pointer(&draft->effect_key, g_free);
    g_clear_pointer(&draft->warnings, g_strfreev);
    g_clear_pointer(&draft->share_warnings, g_strfreev);
    g_clear_error(&draft->refusal);
}

/* ---- Trusted launch as the default ---- */

#define SECURITY_PROFILE "properties.virtualMachineProfile.securityProfile"

/* With the feature registered, what is new and says nothing of its security is Trusted launch, unless anything stands against
 * that; then it is what it would be without the feature. */
static gboolean
trusted_launch_default(Draft *draft, const Judging *judging, gboolean *ret_applied, GError **error)
{
    gboolean registered = FALSE;
    *ret_applied = FALSE;
    if (draft->stored || json_object_size(json_path(draft->document, SECURITY_PROFILE)) > 0)
        return TRUE;
    if (!feature_registered(judging->tx, FEATURE_TRUSTED_LAUNCH_DEFAULT, &registered, error))
        return FALSE;
    if (!registered)
        return TRUE;
    g_autoptr(json_t) plain = draft->document;
    draft->document = json_deep_copy(plain);
    document_set_trusted_launch(draft->document);
    if (!judge(draft, judging, error))
        return FALSE;
    *ret_applied = draft->refusal == NULL;
    if (*ret_applied) {
        warning_add(draft, "No security type was named: the feature " FEATURE_NAMESPACE
                           "/TrustedLaunchByDefaultPreview makes it TrustedLaunch, with Secure Boot and vTPM.");
        return TRUE;
    }
    judgement_clear(draft);
    json_decref(draft->document);
    draft->document = g_steal_pointer(&plain);
    return TRUE;
}

static gboolean
location_check(Call *call, const json_t *document, GError **error)
{
    const char *location = json_member_text(document, "location");
    return g_ascii_strcasecmp(location, call->api->config.location) == 0 ||
           arm_fail(error, ARM_LOCATION_NOT_AVAILABLE, "location", "The location '%.100s' is not available; accepted: '%s'.",
                    location, call->api->config.location);
}

static Draft *
draft_begin(StoreTx *tx, const StoreSet *set, GError **error)
{
    g_autoptr(Draft) draft = g_new0(Draft, 1);
    g_autoptr(StoreModel) row = NULL;
    if (!set)
        return g_steal_pointer(&draft);
    draft->before = model_of_revision(tx, set->id, set->name, set->revision, &row, &draft->stored, error);
    if (!draft->before)
        return NULL;
    draft->since = row->since;
    draft->made = row->made;
    return g_steal_pointer(&draft);
}

/* What is attached to single instances is not in the model, and stands against it like a rule. */
static gboolean
attached_judge(Draft *draft, StoreTx *tx, const StoreSet *set, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    const GPtrArray *details = draft->refusal ? arm_error_details(draft->refusal) : NULL;
    for (guint i = 0; details && i < details->len; i++)
        g_ptr_array_add(violations, g_error_copy(g_ptr_array_index(details, i)));
    guint of_rules = violations->len;
    if (!attach_judge(tx, set, draft->after, draft->size, violations, error))
        return FALSE;
    if (violations->len == of_rules)
        return TRUE;
    g_clear_error(&draft->refusal);
    arm_set_error_from_violations(&draft->refusal, violations);
    return TRUE;
}

static gboolean
draft_judge(Draft *draft, Call *call, StoreTx *tx, const StoreSet *set, const char *set_name, gboolean image_named,
            GError **error)
{
    if (!location_check(call, draft->document, error) || !image_resolve(draft, tx, image_named, error))
        return FALSE;
    g_autoptr(StoreUsage) usage = store_usage(tx, set ? set->id : 0, error);
    g_autoptr(StoreUsage) whole = usage ? store_usage(tx, /* except_set= */ 0, error) : NULL;
    const Judging judging = { call, tx, usage, whole, set_name };
    gboolean by_default = FALSE;
    return whole && trusted_launch_default(draft, &judging, &by_default, error) &&
           (by_default || judge(draft, &judging, error)) && (!set || attached_judge(draft, tx, set, error));
}

Draft *
draft_make(Call *call, StoreTx *tx, const StoreSet *set, const char *set_name, const json_t *body, GError **error)
{
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    DocumentContext context = { crypt_gensalt_rn("$6$", 0, NULL, 0, salt, sizeof salt) };
    g_autoptr(Draft) draft = draft_begin(tx, set, error);

    if (!draft)
        return NULL;
    draft->document = document_merge(draft->stored, body, &context, error);
    if (!draft->document || !draft_judge(draft, call, tx, set, set_name, document_body_names_image(body), error))
        return NULL;
    return g_steal_pointer(&draft);
}

Draft *
draft_make_rollback(Call *call, StoreTx *tx, const StoreSet *set, const json_t *earlier, GError **error)
{
    g_autoptr(Draft) draft = draft_begin(tx, set, error);
    if (!draft)
        return NULL;
    draft->is_rollback = TRUE;
    draft->document = document_roll_back(draft->stored, earlier);
    return draft_judge(draft, call, tx, set, set->name, /* image_named= */ FALSE, error) ? g_steal_pointer(&draft) : NULL;
}

gboolean
draft_model_insert(StoreTx *tx, const Draft *draft, const StoreSet *set, UnixTime now, GError **error)
{
    g_autofree char *text = json_text(draft->document);
    g_autofree char *urn = image_info_urn(draft->image);
    const gboolean restores_same = draft->stored && document_restores_same(draft->stored, draft->document);
    StoreModel row = {
        .revision = set->revision,
        .document = text,
        .effect_key = draft->effect_key,
        .size_name = draft->size->name,
        .size_family = draft->size->family,
        .size_vcpus = draft->size->vcpus,
        .size_memory_mib = draft->size->memory_mib,
        .image_urn = urn,
        .created = now,
        .since = restores_same ? draft->since : set->revision,
        .made = restores_same ? draft->made : now,
    };
    return store_model_insert(tx, set->id, &row, error);
}

#include "api/draft.h"

#include "model/document.h"

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
    g_free(draft);
}

Model *
model_of_revision(StoreTx *tx, const StoreSet *set, guint revision, json_t **ret_document, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreModel) row = store_model_get(tx, set->id, revision, &lookup);
    if (!row) {
        if (lookup)
            g_propagate_error(error, lookup);
        else
            arm_fail(error, ARM_INTERNAL, NULL, "Scale set '%s' has no model revision %u.", set->name, revision);
        return NULL;
    }
    g_autoptr(json_t) document = json_parse(row->document, strlen(row->document), error);
    Model *model = document ? model_decode(document, set->name, error) : NULL;
    if (model && ret_document)
        *ret_document = g_steal_pointer(&document);
    return model;
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

static gboolean
rules_apply(Draft *draft, Call *call, StoreTx *tx, const StoreSet *set, GError **error)
{
    const ApiConfig *config = &call->api->config;
    g_autoptr(StoreUsage) usage = store_usage(tx, set ? set->id : 0, error);
    if (!usage)
        return FALSE;
    RuleInput input = {
        .before = draft->before,
        .after = draft->after,
        .size_before = draft->before ? size_catalogue_find(config->sizes, draft->before->size_name) : NULL,
        .size = draft->size,
        .image = draft->image,
        .quota = config->quota,
        .usage = { draft->size ? usage_family_cores(usage, draft->size->family) : 0, usage->regional_cores,
                   usage->virtual_machines, usage->scale_sets },
        .host_architecture = config->host->architecture,
        .host_vcpus_max = config->host->vcpus_max,
        .host_memory_mib = config->host->memory_max_mib,
        .host_secure_boot = config->host->secure_boot,
        .host_vtpm = config->host->vtpm,
        .flexible_feature = FALSE,
    };
    rules_check(&input, &draft->refusal);
    draft->warnings = rules_warnings(&input);
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
    if (set && !(draft->before = model_of_revision(tx, set, set->revision, &draft->stored, error)))
        return NULL;
    return g_steal_pointer(&draft);
}

static gboolean
draft_judge(Draft *draft, Call *call, StoreTx *tx, const StoreSet *set, const char *set_name, gboolean image_named,
            GError **error)
{
    if (!location_check(call, draft->document, error) || !image_resolve(draft, tx, image_named, error))
        return FALSE;
    draft->after = model_decode(draft->document, set_name, error);
    if (!draft->after)
        return FALSE;
    draft->effect_key = model_effect_key(draft->after);
    draft->size = size_catalogue_find(call->api->config.sizes, draft->after->size_name);
    return rules_apply(draft, call, tx, set, error);
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
    draft->document = document_roll_back(draft->stored, earlier);
    return draft_judge(draft, call, tx, set, set->name, /* image_named= */ FALSE, error) ? g_steal_pointer(&draft) : NULL;
}

gboolean
draft_model_insert(StoreTx *tx, const Draft *draft, const StoreSet *set, UnixTime now, GError **error)
{
    g_autofree char *text = json_text(draft->document);
    g_autofree char *urn = image_info_urn(draft->image);
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
    };
    return store_model_insert(tx, set->id, &row, error);
}

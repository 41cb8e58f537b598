#include "engine/os_upgrade.h"

#include "base/json.h"
#include "engine/revisions.h"
#include "engine/told.h"
#include "model/document.h"
#include "model/rules.h"
#include "rollout/os_upgrade.h"
#include "store/lock_out.h"
#include "store/models.h"
#include "store/roll_steps.h"

/* The next revision: the current one with another version of its image. */
static gboolean
image_move(Pass *pass, const SetTracked *set, StoreSet *row, const ImageInfo *image, GError **error)
{
    g_autoptr(StoreModel) stored = NULL;
    g_autoptr(json_t) document = NULL;
    g_autoptr(Model) before = model_of_revision(pass->tx, set->id, set->name, row->revision, &stored, &document, error);
    if (!before)
        return FALSE;
    document_set_exact_version(document, image->version);
    g_autoptr(Model) after = model_decode(document, set->name, error);
    if (!after)
        return FALSE;
    g_autofree char *text = json_text(document);
    g_autofree char *key = model_effect_key(after);
    g_autofree char *urn = image_info_urn(image);
    const StoreModel moved = {
        .revision = row->revision + 1,
        .document = text,
        .effect_key = key,
        .size_name = stored->size_name,
        .size_family = stored->size_family,
        .size_vcpus = stored->size_vcpus,
        .size_memory_mib = stored->size_memory_mib,
        .image_urn = urn,
        .created = pass->now,
        .since = row->revision + 1,
        .made = pass->now,
    };
    row->revision++;
    g_free(row->effect_key);
    row->effect_key = g_steal_pointer(&key);
    return store_model_insert(pass->tx, set->id, &moved, error);
}

static void
avoid(StoreSet *row, const char *version)
{
    g_free(row->image_avoided);
    row->image_avoided = g_strdup(version);
}

/* Nobody is there to be told no: it is told once, and the version is left alone from then on. */
static gboolean
refuse(const Pass *pass, const SetTracked *set, StoreSet *row, const ImageInfo *image, const GError *unfit, GError **error)
{
    g_autofree char *urn = image_info_urn(image);
    g_autofree char *message =
        g_strdup_printf("The scale set does not take the newer image '%s' by itself: %s", urn, unfit->message);
    g_message("scale set '%s': %s", row->name, message);
    avoid(row, image->version);
    g_autofree char *id = engine_set_resource(set);
    return engine_warn(pass, OPERATION_ROLLING_UPGRADE, "Failed", id, /* correlation= */ NULL, message, error) &&
           store_set_update(pass->tx, row, 0, error);
}

static gboolean
begin(Pass *pass, SetTracked *set, StoreSet *row, const ImageInfo *image, const char *before, GError **error)
{
    g_autofree char *id = engine_set_resource(set);
    if (!image_move(pass, set, row, image, error))
        return FALSE;
    g_autoptr(StoreRoll) roll = roll_begin(pass->tx, row, id, /* os_upgrade= */ TRUE, "engine", pass->now, error);
    if (!roll)
        return FALSE;
    roll->image_before = g_strdup(before);
    return store_roll_update(pass->tx, roll, error) && store_model_prune(pass->tx, set->id, STORE_REVISIONS_KEPT, error);
}

/* What would lock a volume out waits for somebody who knows: they name the version, or start the rolling upgrade. */
static gboolean
lock_out_find(Pass *pass, const StoreSet *row, const Model *model, const ImageInfo *image, GError **ret_unfit, GError **error)
{
    g_autoptr(GPtrArray) violations = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(json_t) document = NULL;
    g_autoptr(Model) now = model_of_revision(pass->tx, row->id, row->name, row->revision, NULL, &document, error);
    if (!now)
        return FALSE;
    document_set_exact_version(document, image->version);
    g_autoptr(Model) after = model_decode(document, row->name, error);
    if (!after || !lock_out_judge_roll(pass->tx, row, after, model->policy.os_upgrade.rolling.max_surge, violations, error))
        return FALSE;
    if (violations->len > 0)
        arm_set_error_from_violations(ret_unfit, violations);
    return TRUE;
}

static gboolean
start(Pass *pass, SetTracked *set, StoreSet *row, const Model *model, const ImageInfo *image, GError **error)
{
    const EngineConfig *config = &pass->engine->config;
    const SizeInfo *size = config->sizes ? size_catalogue_find(config->sizes, model->size_name) : NULL;
    g_autoptr(GError) unfit = NULL;
    if (!engine_subscription_know(pass->engine, pass->tx, error))
        return FALSE;
    if (size && !rules_image_fits(model, size, image, &unfit))
        return refuse(pass, set, row, image, unfit, error);
    if (!lock_out_find(pass, row, model, image, &unfit, error))
        return FALSE;
    if (unfit)
        return refuse(pass, set, row, image, unfit, error);
    return begin(pass, set, row, image, model->image.exact_version, error);
}

static gboolean
roll_is_active(const Pass *pass, const SetTracked *set, gboolean *ret_active, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreRoll) roll = store_roll_active(pass->tx, set->id, &lookup);
    *ret_active = roll != NULL;
    if (lookup)
        g_propagate_error(error, lookup);
    return lookup == NULL;
}

gboolean
os_upgrade_consider(Pass *pass, SetTracked *set, StoreSet *row, GError **error)
{
    const Revision *current = revision_get(pass, set, row->revision, error);
    if (!current)
        return FALSE;
    g_autoptr(Model) model = model_ref(current->model);
    const ImageRef *image = &model->image;
    GError *lookup = NULL;
    set->follows_latest = model->policy.os_upgrade.enabled;
    set->upgrade_waits = FALSE;
    if (!set->follows_latest)
        return TRUE;
    g_autoptr(ImageInfo) newest = store_image_get(pass->tx, image->publisher, image->offer, image->sku, "latest", &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    OsUpgradeFacts facts = {
        .enabled = TRUE,
        .version = image->version,
        .exact = image->exact_version,
        .newest = newest ? newest->version : NULL,
        .avoided = row->image_avoided,
    };
    if (!roll_is_active(pass, set, &facts.rolling, error))
        return FALSE;
    OsUpgradeAct act = os_upgrade_next(&facts, &model->policy.os_upgrade.rolling, fleet_counts(set->fleet));
    set->upgrade_waits = act == OS_UPGRADE_WAIT;
    return act != OS_UPGRADE_START || start(pass, set, row, model, newest, error);
}

gboolean
os_upgrade_go_back(Pass *pass, SetTracked *set, StoreSet *row, const StoreRoll *roll, gboolean *ret_back, GError **error)
{
    const Revision *current = revision_get(pass, set, row->revision, error);
    if (!current)
        return FALSE;
    g_autoptr(Model) model = model_ref(current->model);
    const ImageRef *failed = &model->image;
    GError *lookup = NULL;
    g_autoptr(ImageInfo) image =
        store_image_get(pass->tx, failed->publisher, failed->offer, failed->sku, roll->image_before, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    *ret_back = image != NULL;
    if (!image)
        return TRUE;
    avoid(row, failed->exact_version);
    return image_move(pass, set, row, image, error);
}

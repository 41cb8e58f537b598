/* Microsoft.Security assessments: what is recommended of a scale set's model, and of the model that an instance runs. Made when
 * they are asked for: nothing of them is kept. Shape: Azure REST, Security, Assessments, API version 2021-06-01. */
#include "api/place.h"

#include "base/json.h"
#include "store/models.h"

#include <string.h>

#define TYPE        "Microsoft.Security/assessments"
#define ASSESSMENTS "/providers/" TYPE
#define ASSESSMENT  ASSESSMENTS "/{assessment}"

typedef enum { RECOMMEND_SECURE_BOOT, RECOMMEND_VTPM, RECOMMEND_ATTESTATION, N_RECOMMENDATIONS } Recommendation;

static const struct {
    const char *name, *title, *remedy;
} recommendations[N_RECOMMENDATIONS] = {
    [RECOMMEND_SECURE_BOOT] = { "secureBootEnabled", "Secure Boot should be on where it is supported",
                                "Set securityProfile.uefiSettings.secureBootEnabled to true, with securityType "
                                "TrustedLaunch." },
    [RECOMMEND_VTPM] = { "vTpmEnabled", "vTPM should be on where it is supported",
                         "Set securityProfile.uefiSettings.vTpmEnabled to true, with securityType TrustedLaunch." },
    [RECOMMEND_ATTESTATION] = { "guestAttestationInstalled", "The Guest Attestation extension should be installed",
                                "Add the extension GuestAttestation of Microsoft.Azure.Security.LinuxAttestation." },
};

/* ---- judged ---- */

typedef struct {
    const char *code, *cause; /* "Healthy", "Unhealthy", "NotApplicable"; a sentence or NULL */
} Status;

/* Could it be Trusted launch, on this host? */
static gboolean
supports(const Call *call, StoreTx *tx, const Model *model, const StoreModel *row, gboolean *ret_supports, GError **error)
{
    const SizeInfo *size = size_catalogue_find(call->api->config.sizes, model->size_name);
    g_auto(GStrv) urn = g_strsplit(row->image_urn, ":", 4);
    GError *lookup = NULL;
    g_autoptr(ImageInfo) image = g_strv_length(urn) == 4 ? store_image_get(tx, urn[0], urn[1], urn[2], urn[3], &lookup) : NULL;
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    *ret_supports = image && image_supports_trusted_launch(image) && size && !size->trusted_launch_disabled &&
                    !size->confidential && (size->generations & SIZE_GENERATION_V2) && call->api->config.host->secure_boot &&
                    call->api->config.host->vtpm;
    return TRUE;
}

static Status
judge(Recommendation recommendation, const Model *model, gboolean can)
{
    const Status healthy = { "Healthy", NULL };
    switch (recommendation) {
    case RECOMMEND_ATTESTATION:
        if (model->attestation)
            return healthy;
        return model->secure_boot && model->vtpm
                   ? (Status){ "Unhealthy", "Secure Boot and vTPM are on, and nobody verifies what boots." }
                   : (Status){ "NotApplicable", "Secure Boot and vTPM have to be on first." };
    case RECOMMEND_SECURE_BOOT:
    case RECOMMEND_VTPM:
    default:
        if (recommendation == RECOMMEND_SECURE_BOOT ? model->secure_boot : model->vtpm)
            return healthy;
        return can ? (Status){ "Unhealthy", "Size, image and host support it, and it is off." }
                   : (Status){ "NotApplicable", "Size, image or host do not support Trusted launch." };
    }
}

static json_t *
assessment_json(const char *resource, Recommendation recommendation, Status status)
{
    g_autofree char *id = g_strconcat(resource, ASSESSMENTS "/", recommendations[recommendation].name, NULL);
    const char *title = recommendations[recommendation].title;
    json_t *body = json_object(), *properties = json_object(), *said = json_object();
    json_set_text(body, "id", id);
    json_set_text(body, "name", recommendations[recommendation].name);
    json_set_text(body, "type", TYPE);
    json_set_text(said, "code", status.code);
    json_set_text(said, "description", status.cause);
    json_set_text(properties, "displayName", title);
    json_object_set_new(properties, "status", said);
    json_object_set_new(properties, "resourceDetails", json_pack("{ss ss}", "source", "Azure", "id", resource));
    json_object_set_new(properties, "metadata",
                        json_pack("{ss ss ss ss}", "displayName", title, "severity", "Low", "assessmentType", "BuiltIn",
                                  "remediationDescription", recommendations[recommendation].remedy));
    json_object_set_new(body, "properties", properties);
    return body;
}

/* Of the model's revision, as that of this resource. */
static gboolean
assess(const Call *call, StoreTx *tx, const StoreSet *set, guint revision, const char *resource, json_t *list, GError **error)
{
    g_autoptr(StoreModel) row = NULL;
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, revision, &row, NULL, error);
    gboolean can = FALSE;
    if (!model || !supports(call, tx, model, row, &can, error))
        return FALSE;
    for (Recommendation i = 0; i < N_RECOMMENDATIONS; i++)
        json_array_append_new(list, assessment_json(resource, i, judge(i, model, can)));
    return TRUE;
}

/* ---- of all sets ---- */

static ApiResponse *
list(Call *call, const char *group, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreGroup) known = tx && group ? call_group(tx, group, error) : NULL;
    if (!tx || (group && !known))
        return NULL;
    g_autoptr(GPtrArray) sets = store_set_list(tx, group, error);
    g_autoptr(json_t) value = json_array();
    for (guint i = 0; sets && i < sets->len; i++) {
        const StoreSet *set = g_ptr_array_index(sets, i);
        g_autofree char *id = resource_id_scale_set(call->api->subscription, set->group, set->name);
        if (!assess(call, tx, set, set->revision, id, value, error))
            return NULL;
    }
    g_autoptr(json_t) body = json_pack("{sO}", "value", value);
    return sets ? respond_json(200, body) : NULL;
}

static ApiResponse *
list_all(Call *call, GError **error)
{
    return list(call, NULL, error);
}

static ApiResponse *
list_of_group(Call *call, GError **error)
{
    return list(call, call->params[PARAM_GROUP], error);
}

/* ---- of one resource ---- */

/* place->instance: NULL for the set. */
static json_t *
of_resource(Call *call, gboolean of_instance, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(StoreSet) set = tx ? call_set(tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    g_autoptr(StoreInstance) instance = set && of_instance ? call_instance(tx, set, call->params[PARAM_INSTANCE], error) : NULL;
    if (!set || (of_instance && !instance))
        return NULL;
    g_autofree char *id = place_resource(call, set, instance ? &instance->id : NULL, call->as_machine);
    const guint revision = !instance ? set->revision : instance->revision ? instance->revision : instance->want_revision;
    g_autoptr(json_t) value = json_array();
    return assess(call, tx, set, revision, id, value, error) ? g_steal_pointer(&value) : NULL;
}

static ApiResponse *
respond_all(Call *call, gboolean of_instance, GError **error)
{
    g_autoptr(json_t) value = of_resource(call, of_instance, error);
    g_autoptr(json_t) body = value ? json_pack("{sO}", "value", value) : NULL;
    return body ? respond_json(200, body) : NULL;
}

static ApiResponse *
respond_one(Call *call, gboolean of_instance, GError **error)
{
    const char *name = call->params[call->n_params - 1];
    g_autoptr(json_t) value = of_resource(call, of_instance, error);
    for (size_t i = 0; value && i < json_array_size(value); i++) {
        const json_t *one = json_array_get(value, i);
        if (g_ascii_strcasecmp(json_member_text(one, "name"), name) == 0)
            return respond_json(200, one);
    }
    if (value)
        arm_fail(error, ARM_NOT_FOUND, NULL, "There is no assessment '%.60s' of this resource.", name);
    return NULL;
}

static ApiResponse *
set_list(Call *call, GError **error)
{
    return respond_all(call, /* of_instance= */ FALSE, error);
}

static ApiResponse *
set_get(Call *call, GError **error)
{
    return respond_one(call, /* of_instance= */ FALSE, error);
}

static ApiResponse *
instance_list(Call *call, GError **error)
{
    return respond_all(call, /* of_instance= */ TRUE, error);
}

static ApiResponse *
instance_get(Call *call, GError **error)
{
    return respond_one(call, /* of_instance= */ TRUE, error);
}

const Route routes_assessments[] = {
    { "GET", "/subscriptions/{subscription}" ASSESSMENTS, list_all, 0, NO_QUERY },
    { "GET", "/subscriptions/{subscription}/resourceGroups/{group}" ASSESSMENTS, list_of_group, 0, NO_QUERY },
    { "GET", PATH_SET ASSESSMENTS, set_list, 0, NO_QUERY },
    { "GET", PATH_SET ASSESSMENT, set_get, 0, NO_QUERY },
    { "GET", PATH_INSTANCE ASSESSMENTS, instance_list, 0, NO_QUERY },
    { "GET", PATH_INSTANCE ASSESSMENT, instance_get, 0, NO_QUERY },
    { 0 },
};

/* GET /portal/changes: what changes, as it is committed, in lines of JSON. */
#include "api/changes.h"

#include "api/alerts.h"
#include "api/call.h"
#include "api/feed.h"
#include "api/portal.h"
#include "api/sessions.h"
#include "api/suppression_rules.h"
#include "base/json.h"

#include <string.h>

#define FEATURE_SETTING "feature/"

static const char *const types[STORE_N_CHANGES] = {
    [STORE_CHANGE_GROUP] = "Microsoft.Resources/resourceGroups",
    [STORE_CHANGE_SET] = "Microsoft.Compute/virtualMachineScaleSets",
    [STORE_CHANGE_REVISION] = "Microsoft.Compute/virtualMachineScaleSets/revisions",
    [STORE_CHANGE_INSTANCE] = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
    [STORE_CHANGE_ATTESTATION] = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/attestations",
    [STORE_CHANGE_ASSESSMENT] = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/assess",
    [STORE_CHANGE_ROLL] = "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades",
    [STORE_CHANGE_OPERATION] = "Microsoft.Compute/locations/operations",
    [STORE_CHANGE_EVENT] = "Microsoft.Insights/eventtypes/management/values",
    [STORE_CHANGE_IMAGE] = "Microsoft.Compute/locations/publishers",
    [STORE_CHANGE_DISK] = "Microsoft.Compute/disks",
    [STORE_CHANGE_ALERT] = "Microsoft.Security/locations/alerts",
    [STORE_CHANGE_SUPPRESSION] = "Microsoft.Security/alertsSuppressionRules",
    [STORE_CHANGE_UPGRADE] = "Microsoft.Compute/virtualMachineScaleSets/changeRecords",
    [STORE_CHANGE_BASELINE] = "Testudo.Attestation/baselines",
    [STORE_CHANGE_COMPONENTS] = "Testudo.Attestation/components",
    [STORE_CHANGE_SETTING] = "Microsoft.Features/features",
};

/* ---- ids ---- */

static char *
below_set(const char *subscription, const StoreChange *change, const char *word)
{
    g_autofree char *set = resource_id_scale_set(subscription, change->first, change->second);
    return g_strdup_printf("%s/%s/%" G_GINT64_FORMAT, set, word, change->number);
}

static char *
below_instance(const char *subscription, const StoreChange *change, const char *word)
{
    g_autofree char *instance = resource_id_instance(subscription, change->first, change->second, (guint)change->number);
    return g_strconcat(instance, "/", word, NULL);
}

static char *
image_id(const char *subscription, const char *location, const char *urn)
{
    g_auto(GStrv) parts = g_strsplit(urn, ":", 4);
    g_assert(g_strv_length(parts) == 4);
    return g_strdup_printf("/subscriptions/%s/providers/Microsoft.Compute/locations/%s/publishers/%s/artifacttypes/vmimage/"
                           "offers/%s/skus/%s/versions/%s",
                           subscription, location, parts[0], parts[1], parts[2], parts[3]);
}

/* NULL: a setting that is nobody's to see. */
static char *
feature_id(const char *subscription, const char *setting)
{
    if (!g_str_has_prefix(setting, FEATURE_SETTING))
        return NULL;
    g_auto(GStrv) parts = g_strsplit(setting + strlen(FEATURE_SETTING), "/", 2);
    g_assert(g_strv_length(parts) == 2);
    return g_strdup_printf("/subscriptions/%s/providers/Microsoft.Features/providers/%s/features/%s", subscription, parts[0],
                           parts[1]);
}

static char *
attestation_id(const char *subscription, const char *kind, const StoreChange *change)
{
    if (*change->first)
        return g_strdup_printf("/subscriptions/%s/providers/Testudo.Attestation/%s/%s", subscription, kind, change->first);
    return g_strdup_printf("/subscriptions/%s/providers/Testudo.Attestation/%s/%" G_GINT64_FORMAT, subscription, kind,
                           change->number);
}

char *
change_id(const StoreChange *change, const char *subscription, const char *location)
{
    switch (change->kind) {
    case STORE_CHANGE_GROUP:
        return resource_id_group(subscription, change->first);
    case STORE_CHANGE_SET:
        return resource_id_scale_set(subscription, change->first, change->second);
    case STORE_CHANGE_REVISION:
        return below_set(subscription, change, "revisions");
    case STORE_CHANGE_INSTANCE:
        return resource_id_instance(subscription, change->first, change->second, (guint)change->number);
    case STORE_CHANGE_ATTESTATION:
        return below_instance(subscription, change, "attestations");
    case STORE_CHANGE_ASSESSMENT:
        return below_instance(subscription, change, "assess");
    case STORE_CHANGE_ROLL: {
        g_autofree char *set = resource_id_scale_set(subscription, change->first, change->second);
        return g_strconcat(set, "/rollingUpgrades/latest", NULL);
    }
    case STORE_CHANGE_OPERATION:
        return g_strdup_printf("/subscriptions/%s/providers/Microsoft.Compute/locations/%s/operations/%s", subscription,
                               location, change->first);
    case STORE_CHANGE_EVENT:
        return g_strdup_printf("/subscriptions/%s/providers/Microsoft.Insights/eventtypes/management/values/%" G_GINT64_FORMAT,
                               subscription, change->number);
    case STORE_CHANGE_IMAGE:
        return image_id(subscription, location, change->first);
    case STORE_CHANGE_DISK:
        return resource_id_disk(subscription, change->first, change->second);
    case STORE_CHANGE_ALERT: {
        const StoreAlert alert = { .name = change->first, .resource = change->second };
        return alert_id(subscription, location, &alert);
    }
    case STORE_CHANGE_SUPPRESSION:
        return suppression_rule_id(subscription, change->first);
    case STORE_CHANGE_UPGRADE:
        return g_strdup_printf("%s/changeRecords/%s", change->second, change->first);
    case STORE_CHANGE_BASELINE:
        return attestation_id(subscription, "baselines", change);
    case STORE_CHANGE_COMPONENTS:
        return attestation_id(subscription, "components", change);
    case STORE_CHANGE_SETTING:
        return feature_id(subscription, change->first);
    case STORE_N_CHANGES:
        break;
    }
    g_assert_not_reached();
}

/* ---- the stream ---- */

static void
line_append(GString *text, const StoreChange *change, void *data)
{
    const Api *api = data;
    g_autofree char *id = change_id(change, api->subscription, api->config.location);
    if (!id)
        return;
    g_autoptr(json_t) line = json_pack("{sI ss ss ss}", "revision", (json_int_t)change->revision, "type", types[change->kind],
                                       "id", id, "change", change->gone ? "delete" : "put");
    g_autofree char *made = json_text(line);
    g_string_append(text, made);
    g_string_append_c(text, '\n');
}

static gboolean
reader_lasts(const char *caller, void *data)
{
    const Api *api = data;
    return !sessions_is_session(caller) || sessions_lasts(api->sessions, caller, api->clock->now(api->clock));
}

Feed *
changes_feed_new(Api *api)
{
    const FeedConfig config = { api, line_append, reader_lasts };
    return feed_new(api->store, &config);
}

void
api_streams_end(Api *api)
{
    feed_end(api->feed, /* caller= */ NULL, "stopping");
}

static gboolean
since_read(Call *call, guint64 *ret_since, gboolean *ret_given, GError **error)
{
    const char *text = call_query(call, "since");
    *ret_given = text != NULL;
    return !text || g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, ret_since, NULL) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "since", "'since' is the revision of a line that was read, not '%.40s'.",
                    text);
}

static ApiResponse *
changes_get(Call *call, GError **error)
{
    guint64 since = 0;
    gboolean given = FALSE;
    if (!since_read(call, &since, &given, error))
        return NULL;
    ApiStream *stream = feed_read(call->api->feed, call->request->caller, given ? &since : NULL, error);
    if (!stream)
        return NULL;
    ApiResponse *response = api_response_new(200);
    response->content_type = g_strdup("application/x-ndjson");
    response->stream = stream;
    api_response_set_header(response, "Cache-Control", "no-store");
    api_response_set_header(response, "X-Content-Type-Options", "nosniff");
    return response;
}

const Route routes_changes[] = {
    { "GET", PATH_PORTAL "/changes", changes_get, ROUTE_NO_VERSION, "since" },
    { 0 },
};

/* The extension catalogue, bare arrays as Azure's: what `az` asks before it puts an extension into a model. */
#include "api/extension_images.h"

#include "model/attestation_extension.h"
#include "model/health_extension.h"

#include <string.h>

#define PUBLISHERS "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers"
#define TYPES      PUBLISHERS "/{publisher}/artifacttypes/vmextension/types"
#define VERSIONS   TYPES "/{type}/versions"
enum { PARAM_PUBLISHER = 2, PARAM_TYPE, PARAM_VERSION };

/* Versions rise. */
static const struct {
    const char *publisher, *type, *versions[3];
} extensions[] = {
    { HEALTH_PUBLISHER, HEALTH_TYPE, { "1.0", "2.0" } },
    { ATTESTATION_PUBLISHER, ATTESTATION_TYPE, { "1.0" } },
};

static json_t *
entry_json(const Call *call, const char *name, const char *below)
{
    g_autofree char *id = g_strdup_printf("/Subscriptions/%s/Providers/Microsoft.Compute/Locations/%s/Publishers/%s",
                                          call->api->subscription, call->api->config.location, below);
    return json_pack("{ss ss ss}", "location", call->api->config.location, "name", name, "id", id);
}

void
extension_publishers_add(const Call *call, json_t *list)
{
    for (guint i = 0; i < G_N_ELEMENTS(extensions); i++) {
        gboolean there = FALSE;
        for (size_t k = 0; k < json_array_size(list) && !there; k++)
            there = resource_same(json_member_text(json_array_get(list, k), "name"), extensions[i].publisher);
        if (!there)
            json_array_append_new(list, entry_json(call, extensions[i].publisher, extensions[i].publisher));
    }
}

static ApiResponse *
types_list(Call *call, GError **error)
{
    g_autoptr(json_t) list = json_array();
    (void)error;
    for (guint i = 0; i < G_N_ELEMENTS(extensions); i++) {
        g_autofree char *below =
            g_strdup_printf("%s/ArtifactTypes/VMExtension/Types/%s", extensions[i].publisher, extensions[i].type);
        if (resource_same(extensions[i].publisher, call->params[PARAM_PUBLISHER]))
            json_array_append_new(list, entry_json(call, extensions[i].type, below));
    }
    return respond_json(200, list);
}

/* The row of the path's publisher and type; -1 where there is none. */
static int
extension_find(const Call *call)
{
    for (guint i = 0; i < G_N_ELEMENTS(extensions); i++) {
        if (resource_same(extensions[i].publisher, call->params[PARAM_PUBLISHER]) &&
            resource_same(extensions[i].type, call->params[PARAM_TYPE]))
            return (int)i;
    }
    return -1;
}

static json_t *
version_json(const Call *call, int extension, const char *version)
{
    g_autofree char *below = g_strdup_printf("%s/ArtifactTypes/VMExtension/Types/%s/Versions/%s",
                                             extensions[extension].publisher, extensions[extension].type, version);
    return entry_json(call, version, below);
}

static ApiResponse *
versions_list(Call *call, GError **error)
{
    gboolean descending;
    guint limit;
    if (!call_catalogue_query(call, &limit, &descending, error))
        return NULL;
    g_autoptr(json_t) list = json_array();
    int extension = extension_find(call);
    const char *const *versions = extension >= 0 ? (const char *const *)extensions[extension].versions : NULL;
    guint n = versions ? g_strv_length((char **)versions) : 0;
    for (guint i = 0; i < MIN(n, limit); i++)
        json_array_append_new(list, version_json(call, extension, versions[descending ? n - 1 - i : i]));
    return respond_json(200, list);
}

static ApiResponse *
version_get(Call *call, GError **error)
{
    int extension = extension_find(call);
    const char *const *version = extension >= 0 ? (const char *const *)extensions[extension].versions : NULL;
    while (version && *version && strcmp(*version, call->params[PARAM_VERSION]) != 0)
        version++;
    if (!version || !*version) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "Artifact: VMExtension was not found: '%.64s', '%.64s', '%.64s'.",
                 call->params[PARAM_PUBLISHER], call->params[PARAM_TYPE], call->params[PARAM_VERSION]);
        return NULL;
    }
    g_autoptr(json_t) body = version_json(call, extension, *version);
    json_object_set_new(body, "properties",
                        json_pack("{ss ss sb sb}", "operatingSystem", "Linux", "computeRole", "IaaS", "vmScaleSetEnabled", 1,
                                  "supportsMultipleExtensions", 0));
    return respond_json(200, body);
}

const Route routes_extension_images[] = {
    { "GET", TYPES, types_list, 0, NO_QUERY },
    { "GET", VERSIONS, versions_list, 0, "$top $orderby" },
    { "GET", VERSIONS "/{version}", version_get, 0, NO_QUERY },
    { 0 },
};

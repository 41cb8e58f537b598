/* Testudo.Attestation/components: what an image is to boot, as far as it can be computed from its file. */
#include "api/components.h"

#include "api/body_parts.h"
#include "api/call.h"
#include "base/json.h"

#include <string.h>

#define COMPONENTS "/subscriptions/{subscription}/providers/Testudo.Attestation/components"
enum { PARAM_URN = 1 };

gboolean
components_compute(Api *api, const ImageInfo *image, GError **error)
{
    BootChain chain;
    g_autofree char *urn = image_info_urn(image),
                    *document = api->probe.image_components(api->probe.data, image, &chain, error);
    const StoreComponents made = { urn, g_get_real_time(), document };
    g_autoptr(StoreTx) tx = document ? store_write(api->store, error) : NULL;
    return tx && store_components_put(tx, &made, error) && store_image_boot_chain_set(tx, image, chain, error) &&
           store_commit(g_steal_pointer(&tx), error);
}

static ApiResponse *
components_respond(StoreTx *tx, const char *urn, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreComponents) found = store_components_get(tx, urn, &lookup);
    g_autoptr(json_t) properties = found ? json_loads(found->document, 0, NULL) : NULL;
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!properties)
        arm_fail(error, ARM_NOT_FOUND, NULL, "What image '%.200s' boots was not computed.", urn);
    if (!properties)
        return NULL;
    g_autoptr(json_t) body = json_object();
    json_set_text(body, "name", found->image_urn);
    json_set_text(body, "type", "Testudo.Attestation/components");
    body_time_set(properties, "computedAt", found->made);
    json_object_set(body, "properties", properties);
    return respond_json(200, body);
}

static ApiResponse *
components_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    return tx ? components_respond(tx, call->params[PARAM_URN], error) : NULL;
}

/* ---- on demand: {"image": "publisher:offer:sku:version"} ---- */

typedef struct {
    Api *api;
    Deferred *deferred;
    ImageInfo *image;
} Computing;

static ApiResponse *
computed(const Computing *computing, GError **error)
{
    g_autofree char *urn = image_info_urn(computing->image);
    g_autoptr(StoreTx) tx =
        components_compute(computing->api, computing->image, error) ? store_read(computing->api->store, error) : NULL;
    return tx ? components_respond(tx, urn, error) : NULL;
}

static gpointer
computing_thread(gpointer data)
{
    Computing *computing = data;
    GError *error = NULL;
    ApiResponse *response = computed(computing, &error);
    if (response) {
        deferred_answer(computing->deferred, response);
    } else {
        g_autoptr(GError) adopted = arm_error_adopt(error);
        deferred_fail(computing->deferred, adopted);
    }
    api_work_end(computing->api);
    image_info_free(computing->image);
    g_free(computing);
    return NULL;
}

static ImageInfo *
image_named(Call *call, const char *urn, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(urn ? urn : "", ":", 5);
    if (g_strv_length(parts) != 4) {
        arm_fail(error, ARM_INVALID_PARAMETER, "image", "'image' is PUBLISHER:OFFER:SKU:VERSION of an image on this host.");
        return NULL;
    }
    GError *lookup = NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    ImageInfo *image = tx ? store_image_get(tx, parts[0], parts[1], parts[2], parts[3], &lookup) : NULL;
    if (lookup)
        g_propagate_error(error, lookup);
    else if (tx && !image)
        arm_fail(error, ARM_NOT_FOUND, "image", "There is no image '%.200s' on this host.", urn);
    return image;
}

static ApiResponse *
components_post(Call *call, GError **error)
{
    g_autoptr(ImageInfo) image = image_named(call, json_member_text(call->body, "image"), error);
    if (!image || !api_work_begin(call->api, error))
        return NULL;
    Computing *computing = g_new0(Computing, 1);
    computing->api = call->api;
    computing->deferred = call_defer(call);
    computing->image = g_steal_pointer(&image);
    g_thread_unref(g_thread_new("components", computing_thread, computing));
    return NULL;
}

const Route routes_components[] = {
    { "POST", COMPONENTS, components_post, ROUTE_BODY, NO_QUERY },
    { "GET", COMPONENTS "/{image}", components_get, 0, NO_QUERY },
    { 0 },
};

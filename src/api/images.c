/* Platform images: the catalogue as Azure shows it (bare arrays), import and delete. */
#include "api/components.h"
#include "api/extension_images.h"

#include <string.h>

#define LOCATION   "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
#define PUBLISHERS LOCATION "/publishers"
#define OFFERS     PUBLISHERS "/{publisher}/artifacttypes/vmimage/offers"
#define SKUS       OFFERS "/{offer}/skus"
#define VERSIONS   SKUS "/{sku}/versions"
enum { PARAM_PUBLISHER = 2, PARAM_OFFER, PARAM_SKU, PARAM_VERSION };

static GPtrArray *
images_load(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    return tx ? store_image_list(tx, error) : NULL;
}

static const char *
level_name(const ImageInfo *image, guint level)
{
    const char *names[] = { image->publisher, image->offer, image->sku, image->version };
    return names[level];
}

/* Does the image lie below the parts that the path names? */
static gboolean
is_below(const Call *call, const ImageInfo *image, guint levels)
{
    for (guint level = 0; level < levels; level++) {
        if (!resource_same(level_name(image, level), call->params[PARAM_PUBLISHER + level]))
            return FALSE;
    }
    return TRUE;
}

static json_t *
entry_json(const Call *call, const ImageInfo *image, guint level)
{
    static const char *const words[] = { "", "/artifacttypes/vmimage/offers/", "/skus/", "/versions/" };
    GString *id = g_string_new(NULL);
    g_string_printf(id, "/Subscriptions/%s/Providers/Microsoft.Compute/Locations/%s/Publishers/", call->api->subscription,
                    call->api->config.location);
    for (guint i = 0; i <= level; i++)
        g_string_append_printf(id, "%s%s", words[i], level_name(image, i));
    json_t *entry =
        json_pack("{ss ss ss}", "location", call->api->config.location, "name", level_name(image, level), "id", id->str);
    g_string_free(id, TRUE);
    return entry;
}

/* The distinct names of one level, below what the path names. The list is in order, so equal names are neighbours. */
static json_t *
level_read(Call *call, guint level, GError **error)
{
    g_autoptr(GPtrArray) images = images_load(call, error);
    const char *last = NULL;
    if (!images)
        return NULL;
    json_t *list = json_array();
    for (guint i = 0; i < images->len; i++) {
        const ImageInfo *image = g_ptr_array_index(images, i);
        if (!is_below(call, image, level) || (last && resource_same(last, level_name(image, level))))
            continue;
        last = level_name(image, level);
        json_array_append_new(list, entry_json(call, image, level));
    }
    return list;
}

static ApiResponse *
level_list(Call *call, guint level, GError **error)
{
    g_autoptr(json_t) list = level_read(call, level, error);
    return list ? respond_json(200, list) : NULL;
}

static ApiResponse *
publishers_list(Call *call, GError **error)
{
    g_autoptr(json_t) list = level_read(call, 0, error);
    if (!list)
        return NULL;
    extension_publishers_add(call, list);
    return respond_json(200, list);
}

static ApiResponse *
offers_list(Call *call, GError **error)
{
    return level_list(call, 1, error);
}

static ApiResponse *
skus_list(Call *call, GError **error)
{
    return level_list(call, 2, error);
}

static json_t *
image_properties(const ImageInfo *image)
{
    return json_pack("{ss ss s{ss sI} s[] s[{ssss}] s{sb} sb ss ss}", "hyperVGeneration", image->generation == 2 ? "V2" : "V1",
                     "architecture", image->architecture, "osDiskImage", "operatingSystem", image->os_type, "sizeInBytes",
                     (json_int_t)image->virtual_size, "dataDiskImages", "features", "name", "SecurityType", "value",
                     image->security_type, "automaticOSUpgradeProperties", "automaticOSUpgradeSupported", 1, "guestAgent",
                     image->guest_agent, "bootChain", boot_chain_text(image->boot_chain), "sha256",
                     image->sha256 ? image->sha256 : "");
}

static ApiResponse *
versions_list(Call *call, GError **error)
{
    gboolean descending, with_properties = call_query(call, "$expand") != NULL;
    guint limit;
    if (!call_catalogue_query(call, &limit, &descending, error))
        return NULL;
    g_autoptr(GPtrArray) images = images_load(call, error);
    g_autoptr(json_t) list = json_array();
    for (guint i = 0; images && i < images->len && json_array_size(list) < limit; i++) {
        const ImageInfo *image = g_ptr_array_index(images, descending ? images->len - 1 - i : i);
        if (!is_below(call, image, 3))
            continue;
        json_t *entry = entry_json(call, image, 3);
        if (with_properties)
            json_object_set_new(entry, "properties", image_properties(image));
        json_array_append_new(list, entry);
    }
    return images ? respond_json(200, list) : NULL;
}

static ImageInfo *
image_find(Call *call, StoreTx *tx, GError **error)
{
    GError *lookup = NULL;
    ImageInfo *image = store_image_get(tx, call->params[PARAM_PUBLISHER], call->params[PARAM_OFFER], call->params[PARAM_SKU],
                                       call->params[PARAM_VERSION], &lookup);
    if (lookup)
        g_propagate_error(error, lookup);
    else if (!image)
        arm_fail(error, ARM_NOT_FOUND, NULL, "Artifact: VMImage was not found: '%.64s:%.64s:%.64s:%.64s'.",
                 call->params[PARAM_PUBLISHER], call->params[PARAM_OFFER], call->params[PARAM_SKU],
                 call->params[PARAM_VERSION]);
    return image;
}

static ApiResponse *
version_get(Call *call, GError **error)
{
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    g_autoptr(ImageInfo) image = tx ? image_find(call, tx, error) : NULL;
    if (!image)
        return NULL;
    g_autoptr(json_t) body = entry_json(call, image, 3);
    json_object_set_new(body, "properties", image_properties(image));
    return respond_json(200, body);
}

/* ---- import: {"source": "/path/on/this/host", "definition": {…}} ---- */

typedef struct {
    Api *api;
    Deferred *deferred;
    char *source;
    ImageInfo *image;
} Import;

/* It is as good an image without: then boots of it are judged by what is approved alone. */
static void
components_record(Import *import)
{
    g_autoptr(GError) error = NULL;
    if (!components_compute(import->api, import->image, &error))
        g_message("%s", error->message);
}

static gboolean
import_record(Import *import, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(import->api->store, error);
    return tx && store_image_put(tx, import->image, error) && store_commit(g_steal_pointer(&tx), error);
}

/* Copying and hashing takes as long as the file is large: a thread of its own, not one of those that serve. */
static gpointer
import_thread(gpointer data)
{
    Import *import = data;
    const ApiProbe *probe = &import->api->probe;
    g_autoptr(GError) error = NULL;
    if (probe->image_import(probe->data, import->source, import->image, &error) && import_record(import, &error)) {
        components_record(import);
        g_autoptr(json_t) body = image_info_json(import->image);
        deferred_answer(import->deferred, respond_json(201, body));
    } else {
        error = arm_error_adopt(error);
        deferred_fail(import->deferred, error);
    }
    api_work_end(import->api);
    g_free(import->source);
    image_info_free(import->image);
    g_free(import);
    return NULL;
}

static ApiResponse *
image_import_post(Call *call, GError **error)
{
    const char *source = json_member_text(call->body, "source");
    const json_t *definition = json_member(call->body, "definition");
    if (!source || source[0] != '/' || strlen(source) > 4096) {
        arm_fail(error, ARM_INVALID_PARAMETER, "source", "'source' is the absolute path of an image file on this host.");
        return NULL;
    }
    g_autoptr(ImageInfo) image = image_info_parse(definition, error);
    if (!image)
        return NULL;
    g_autoptr(StoreTx) tx = store_read(call->api->store, error);
    GError *lookup = NULL;
    if (!tx)
        return NULL;
    g_autoptr(ImageInfo) known = store_image_get(tx, image->publisher, image->offer, image->sku, image->version, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (known) {
        g_autofree char *urn = image_info_urn(known);
        arm_fail(error, ARM_CONFLICT, "definition.version",
                 "Image '%s' exists already; an image version never changes: give another version.", urn);
        return NULL;
    }
    if (!api_work_begin(call->api, error))
        return NULL;
    Import *import = g_new0(Import, 1);
    import->api = call->api;
    import->deferred = call_defer(call);
    import->source = g_strdup(source);
    import->image = g_steal_pointer(&image);
    g_thread_unref(g_thread_new("image-import", import_thread, import));
    return NULL;
}

static ApiResponse *
version_delete(Call *call, GError **error)
{
    guint uses;
    g_autoptr(StoreTx) tx = store_write(call->api->store, error);
    g_autoptr(ImageInfo) image = tx ? image_find(call, tx, error) : NULL;
    if (!image || !store_image_uses(tx, image, &uses, error))
        return NULL;
    if (uses > 0) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                 "The image is in use: %u model revision(s) of scale sets or their instances name it.", uses);
        return NULL;
    }
    if (!store_image_delete(tx, image, error) || !store_commit(g_steal_pointer(&tx), error))
        return NULL;
    return respond_empty(200);
}

const Route routes_images[] = {
    { "GET", PUBLISHERS, publishers_list, 0, NO_QUERY },
    { "GET", OFFERS, offers_list, 0, NO_QUERY },
    { "GET", SKUS, skus_list, 0, NO_QUERY },
    { "GET", VERSIONS, versions_list, 0, "$top $orderby $expand=properties" },
    { "GET", VERSIONS "/{version}", version_get, 0, NO_QUERY },
    { "DELETE", VERSIONS "/{version}", version_delete, 0, NO_QUERY },
    { "POST", "/subscriptions/{subscription}/providers/Testudo.Images/import", image_import_post, ROUTE_BODY, NO_QUERY },
    { 0 },
};

/* Images. */
#include "store/sqlite.h"

#include <string.h>

/* The setting that has the store's revision as of the last image that was put in place. */
#define CHANGED "images.changed"

DEFINE_ENUM_COLUMN(image_format, ImageFormat)
DEFINE_ENUM_COLUMN(boot_chain, BootChain)

static const Column image_columns[] = {
    COLUMN(ImageInfo, publisher, COLUMN_TEXT),
    COLUMN(ImageInfo, offer, COLUMN_TEXT),
    COLUMN(ImageInfo, sku, COLUMN_TEXT),
    COLUMN(ImageInfo, version, COLUMN_TEXT),
    COLUMN(ImageInfo, generation, COLUMN_UINT),
    COLUMN(ImageInfo, architecture, COLUMN_TEXT),
    COLUMN(ImageInfo, os_type, COLUMN_TEXT),
    COLUMN(ImageInfo, security_type, COLUMN_TEXT),
    COLUMN(ImageInfo, guest_agent, COLUMN_INT),
    ENUM_COLUMN(ImageInfo, format, image_format),
    COLUMN(ImageInfo, file, COLUMN_TEXT),
    COLUMN(ImageInfo, sha256, COLUMN_TEXT),
    COLUMN(ImageInfo, virtual_size, COLUMN_UINT64),
    ENUM_COLUMN(ImageInfo, boot_chain, boot_chain),
    { 0 },
};
const RowType image_rows = { "images", sizeof(ImageInfo), image_columns, 4, (GDestroyNotify)image_info_free };

static int
image_order(gconstpointer a, gconstpointer b)
{
    const ImageInfo *x = *(const ImageInfo *const *)a, *y = *(const ImageInfo *const *)b;
    int order = g_ascii_strcasecmp(x->publisher, y->publisher);
    if (order == 0)
        order = g_ascii_strcasecmp(x->offer, y->offer);
    if (order == 0)
        order = g_ascii_strcasecmp(x->sku, y->sku);
    return order ? order : image_version_compare(x->version, y->version);
}

GPtrArray *
store_image_list(StoreTx *tx, GError **error)
{
    GPtrArray *images = row_list(tx, SQL_IMAGE_LIST, NO_PARAMS, error);
    if (images)
        g_ptr_array_sort(images, image_order);
    return images;
}

static gboolean
is_pre_release(const ImageInfo *image)
{
    return strchr(image->version, '-') != NULL;
}

static gboolean
is_later(const ImageInfo *image, const ImageInfo *than)
{
    if (is_pre_release(image) != is_pre_release(than))
        return is_pre_release(than);
    return image_version_compare(image->version, than->version) > 0;
}

static ImageInfo *
image_latest(StoreTx *tx, const char *publisher, const char *offer, const char *sku, GError **error)
{
    g_autoptr(GPtrArray) images =
        row_list(tx, SQL_IMAGE_VERSIONS, PARAMS(text_param(publisher), text_param(offer), text_param(sku)), error);
    guint latest = 0;
    if (!images || images->len == 0)
        return NULL;
    for (guint i = 1; i < images->len; i++) {
        if (is_later(g_ptr_array_index(images, i), g_ptr_array_index(images, latest)))
            latest = i;
    }
    return g_ptr_array_steal_index_fast(images, latest);
}

ImageInfo *
store_image_get(StoreTx *tx, const char *publisher, const char *offer, const char *sku, const char *version, GError **error)
{
    if (g_ascii_strcasecmp(version, "latest") == 0)
        return image_latest(tx, publisher, offer, sku, error);
    return row_get(tx, SQL_IMAGE_GET, PARAMS(text_param(publisher), text_param(offer), text_param(sku), text_param(version)),
                   error);
}

gboolean
store_image_put(StoreTx *tx, const ImageInfo *image, GError **error)
{
    GError *failure = NULL;
    g_autoptr(ImageInfo) known = store_image_get(tx, image->publisher, image->offer, image->sku, image->version, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (known) {
        g_autofree char *urn = image_info_urn(known);
        return arm_fail(error, ARM_CONFLICT, "version",
                        "Image '%s' exists already, and an image version never changes: give another version.", urn);
    }
    g_autofree char *revision = g_strdup_printf("%" G_GUINT64_FORMAT, tx_next_etag(tx));
    return row_insert(tx, SQL_IMAGE_INSERT, image, error) && store_setting_set(tx, CHANGED, revision, error);
}

gboolean
store_image_changed(StoreTx *tx, guint64 revision, gboolean *ret_changed, GError **error)
{
    g_autofree char *changed = NULL;
    if (!store_setting_get(tx, CHANGED, &changed, error))
        return FALSE;
    *ret_changed = changed && g_ascii_strtoull(changed, NULL, 10) > revision;
    return TRUE;
}

gboolean
store_image_boot_chain_set(StoreTx *tx, const ImageInfo *image, BootChain chain, GError **error)
{
    return sql_run(tx, SQL_IMAGE_BOOT_CHAIN,
                   PARAMS(text_param(boot_chain_text(chain)), text_param(image->publisher), text_param(image->offer),
                          text_param(image->sku), text_param(image->version)),
                   NULL, error);
}

gboolean
store_image_delete(StoreTx *tx, const ImageInfo *image, GError **error)
{
    return sql_delete(
        tx, SQL_IMAGE_DELETE,
        PARAMS(text_param(image->publisher), text_param(image->offer), text_param(image->sku), text_param(image->version)),
        error);
}

gboolean
store_image_uses(StoreTx *tx, const ImageInfo *image, guint *ret_uses, GError **error)
{
    g_autofree char *urn = image_info_urn(image);
    gint64 uses;
    gboolean found;
    if (!sql_number(tx, SQL_IMAGE_USES, PARAMS(text_param(urn)), &uses, &found, error))
        return FALSE;
    *ret_uses = (guint)uses;
    return TRUE;
}

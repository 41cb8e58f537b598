#include "api/body_parts.h"

#include "base/time_text.h"

#include <string.h>

GBytes *
body_bytes(const json_t *body)
{
    char *text = json_text(body);
    return g_bytes_new_take(text, strlen(text));
}

void
body_etag_set(json_t *body, guint64 etag)
{
    g_autofree char *text = g_strdup_printf("\"%" G_GUINT64_FORMAT "\"", etag);
    json_set_text(body, "etag", text);
}

json_t *
body_document(StoreTx *tx, const StoreSet *set, guint revision, char **ret_urn, char **ret_effect_key, GError **error)
{
    g_autoptr(StoreModel) model = store_model_get(tx, set->id, revision, error);
    if (!model) {
        if (error && !*error)
            arm_fail(error, ARM_INTERNAL, NULL, "Scale set '%s' has no model revision %u.", set->name, revision);
        return NULL;
    }
    if (ret_urn)
        *ret_urn = g_steal_pointer(&model->image_urn);
    if (ret_effect_key)
        *ret_effect_key = g_steal_pointer(&model->effect_key);
    return json_parse(model->document, strlen(model->document), error);
}

char *
body_os_type(StoreTx *tx, const char *urn)
{
    g_auto(GStrv) parts = g_strsplit(urn, ":", 4);
    if (g_strv_length(parts) != 4)
        return NULL;
    g_autoptr(ImageInfo) image = store_image_get(tx, parts[0], parts[1], parts[2], parts[3], NULL);
    return image ? g_strdup(image->os_type) : NULL;
}

void
body_time_set(json_t *body, const char *name, UnixTime time)
{
    g_autofree char *text = time ? time_to_text(time) : NULL;
    json_set_text(body, name, text);
}

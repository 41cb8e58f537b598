#include "api/extension_list.h"

#include "model/document.h"
#include "store/models.h"

size_t
extension_place(const json_t *list, const char *name)
{
    size_t i = 0;
    while (i < json_array_size(list) && !resource_same(json_member_text(json_array_get(list, i), "name"), name))
        i++;
    return i;
}

json_t *
extension_list_stored(StoreTx *tx, const StoreSet *set, GError **error)
{
    g_autoptr(json_t) document = NULL;
    g_autoptr(Model) model = model_of_revision(tx, set->id, set->name, set->revision, NULL, &document, error);
    if (!model)
        return NULL;
    const json_t *stored = json_path(document, EXTENSION_LIST_PATH);
    return json_is_array(stored) ? json_deep_copy(stored) : json_array();
}

gboolean
extension_list_put(json_t *list, const char *name, const json_t *body, GError **error)
{
    const size_t at = extension_place(list, name);
    const json_t *before = json_array_get(list, at);
    g_autoptr(json_t) asked = document_extension_read(body, before ? json_member_text(before, "name") : name, error);
    return asked && (before ? json_array_set(list, at, asked) : json_array_append(list, asked)) == 0;
}

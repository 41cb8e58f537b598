/* model/model.h: any JSON is either a model or refused; what is decoded can be compared and keyed. */
#include "model/model.h"

#include "base/json.h"
#include "fuzz.h"
#include "model/change.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(json_t) document = json_parse((const char *)data, size, NULL);
    if (!document)
        return 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(Model) model = model_decode(document, "set", &error);
    g_assert((model == NULL) == (error != NULL));
    if (!model)
        return 0;
    g_autofree char *key = model_effect_key(model);
    g_assert(key);
    model_has_service_fabric(model);
    g_assert(change_between(model, model).kind == CHANGE_NOTHING);
    return 0;
}

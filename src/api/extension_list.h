/* api/extension_list.h: the extensions of a scale set's model. */
#pragma once

#include "api/call.h"

#define EXTENSION_LIST_PATH "properties.virtualMachineProfile.extensionProfile.extensions"

/* The place in the list of the extension of this name; the list's length where there is none. */
size_t extension_place(const json_t *list, const char *name);
/* As the model has it, with its secrets: a copy, empty where it has none. NULL sets *error. */
json_t *extension_list_stored(StoreTx *tx, const StoreSet *set, GError **error);
/* The extension as the body has it, in the place of one of this name, which keeps the case of its own, or as the last one.
 * FALSE sets *error with all that is wrong with the body. */
gboolean extension_list_put(json_t *list, const char *name, const json_t *body, GError **error);

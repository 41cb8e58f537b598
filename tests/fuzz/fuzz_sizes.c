/* model/sizes.h: a catalogue that is accepted has sane sizes that are found by name. */
#include "model/sizes.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SizeCatalogue) catalogue = size_catalogue_parse((const char *)data, size, &error);
    g_assert((catalogue == NULL) == (error != NULL));
    if (!catalogue)
        return 0;
    g_assert(size_catalogue_count(catalogue) > 0);
    for (guint i = 0; i < size_catalogue_count(catalogue); i++) {
        const SizeInfo *info = size_catalogue_at(catalogue, i);
        g_assert(size_catalogue_find(catalogue, info->name) == info);
        g_assert(info->vcpus > 0 && info->memory_mib > 0 && info->generations != 0);
        g_assert(info->family && info->tier && info->size && info->architecture);
    }
    return 0;
}

/* host/qemu/parts.h: from a folder that a hostile process may write to. */
#include "host/qemu/parts.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FolderParts untouched, parts;
    g_autoptr(GError) error = NULL;
    memset(&untouched, 0xaa, sizeof untouched);
    parts = untouched;
    gboolean ok = folder_parts_parse((const char *)data, size, &parts, &error);
    g_assert(ok == (error == NULL));
    if (!ok)
        g_assert(memcmp(&parts, &untouched, sizeof parts) == 0);
    for (Part part = 0; ok && part < N_PARTS; part++)
        g_assert(parts.past[part].highest >= parts.of[part]);
    g_assert(!ok || (parts.retired >= 0 && parts.uid <= G_MAXINT32));
    return 0;
}

#include "host/qemu/folder.h"

char *
folder_path(const char *state_dir, const char *key)
{
    return g_strdup_printf("%s/instances/%s", state_dir, key);
}

char *
folder_file(const char *folder, const char *name)
{
    return g_strconcat(folder, "/", name, NULL);
}

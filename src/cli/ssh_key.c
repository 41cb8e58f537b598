#include "cli/ssh_key.h"

#include "base/error.h"

#include <glib/gstdio.h>

static gboolean
key_make(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path), *said = NULL;
    const char *argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL };
    g_autoptr(GError) problem = NULL;
    int status = 0;
    if (g_mkdir_with_parents(folder, 0700) != 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, "generate-ssh-keys", "The folder '%s' cannot be made.", folder);
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said,
                      &status, &problem) ||
        !g_spawn_check_wait_status(status, &problem))
        return arm_fail(error, ARM_INVALID_PARAMETER, "generate-ssh-keys", "ssh-keygen made no key: %s %s", problem->message,
                        said ? g_strstrip(said) : "");
    g_printerr("Made an SSH key: %s\n", path);
    return TRUE;
}

char *
ssh_key_own(GError **error)
{
    static const char *const names[] = { "id_ed25519", "id_ecdsa", "id_rsa" };
    g_autoptr(GError) problem = NULL;
    char *text = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = g_strconcat(names[i], ".pub", NULL);
        g_autofree char *path = g_build_filename(g_get_home_dir(), ".ssh", name, NULL);
        if (g_file_get_contents(path, &text, NULL, NULL))
            return g_strstrip(text);
    }
    g_autofree char *path = g_build_filename(g_get_home_dir(), ".ssh", names[0], NULL);
    g_autofree char *public_path = g_strconcat(path, ".pub", NULL);
    if (!key_make(path, error))
        return NULL;
    if (g_file_get_contents(public_path, &text, NULL, &problem))
        return g_strstrip(text);
    arm_fail(error, ARM_INVALID_PARAMETER, "generate-ssh-keys", "%s", problem->message);
    return NULL;
}

#include "host/reach.h"

#include "base/error.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static gboolean
allows(const struct stat *st, guint uid, guint gid, mode_t bit)
{
    if (uid == 0)
        return TRUE;
    if (st->st_uid == uid)
        return (st->st_mode & (bit << 6)) != 0;
    if (st->st_gid == gid)
        return (st->st_mode & (bit << 3)) != 0;
    return (st->st_mode & bit) != 0;
}

static gboolean
way_check(const char *path, guint uid, guint gid, GError **error)
{
    g_autofree char *part = g_strdup(path);
    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        struct stat st;
        if (slash)
            *slash = '\0';
        if (stat(part, &st) != 0)
            return io_fail(error, "reach", part);
        mode_t bit = S_ISDIR(st.st_mode) ? S_IXOTH : S_IROTH;
        if (!allows(&st, uid, gid, bit))
            return arm_fail(error, ARM_VM_START_FAILED, NULL,
                            "'%s' cannot be reached by user %u, who is to use it for a VM, because "
                            "of the mode of '%s' (%04o): give others the "
                            "right to %s it (chmod o+%s '%s'), or choose another place.",
                            path, uid, part, (unsigned)(st.st_mode & 07777), bit == S_IXOTH ? "search" : "read",
                            bit == S_IXOTH ? "x" : "r", part);
        if (!slash)
            return TRUE;
        *slash = '/';
    }
}

/* Both the path as it is written and what its links lead to. */
gboolean
path_reachable_by(const char *path, guint uid, guint gid, GError **error)
{
    char *real = realpath(path, NULL);
    if (!real)
        return io_fail(error, "reach", path);
    gboolean ok = way_check(path, uid, gid, error) && way_check(real, uid, gid, error);
    free(real);
    return ok;
}

#include "daemon/state.h"

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define DATA_FILE_MAX (8u << 20)

/* VMs run under users of their own, which pass through STATE (search only) to their own folder and to the images. */
#define STATE_MODE  0711
#define SECRET_MODE 0700

static gboolean
folder_with_mode(const char *path, mode_t mode, GError **error)
{
    if (!folder_make(path, error))
        return FALSE;
    return chmod(path, mode) == 0 || io_fail(error, "set the mode of", path);
}

int
state_prepare(const char *state_dir, GError **error)
{
    static const struct {
        const char *name;
        mode_t mode;
    } folders[] = {
        { "images", STATE_MODE }, { "instances", STATE_MODE }, { "disks", SECRET_MODE },
        { "ca", SECRET_MODE },    { "tls", SECRET_MODE },
    };

    if (!folder_with_mode(state_dir, STATE_MODE, error))
        return -1;
    g_autofree char *path = g_build_filename(state_dir, "testudod.lock", NULL);
    AUTO_FD lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        io_fail(error, "open", path);
        return -1;
    }
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            arm_fail(error, ARM_CONFLICT, "state-dir",
                     "Another testudod uses the state folder '%s'; stop it, or give this one another "
                     "folder with --state-dir.",
                     state_dir);
        else
            io_fail(error, "lock", path);
        return -1;
    }
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_build_filename(state_dir, folders[i].name, NULL);
        if (!folder_with_mode(folder, folders[i].mode, error))
            return -1;
    }
    return fd_steal(&lock);
}

#define WEBHOOK_SECRET_MIN 16
#define WEBHOOK_SECRET_MAX 4096

GBytes *
state_webhook_secret(const char *path, GError **error)
{
    gsize length;
    g_autofree char *text = file_read(path, WEBHOOK_SECRET_MAX + 1, &length, error);
    if (!text)
        return NULL;
    length -= length > 0 && text[length - 1] == '\n' ? 1 : 0;
    if (length < WEBHOOK_SECRET_MIN || length > WEBHOOK_SECRET_MAX) {
        arm_fail(error, ARM_INVALID_PARAMETER, "webhook-secret", "The secret in '%s' has %zu bytes; %d to %d are accepted.",
                 path, length, WEBHOOK_SECRET_MIN, WEBHOOK_SECRET_MAX);
        return NULL;
    }
    return g_bytes_new(text, length);
}

char *
state_token(const char *state_dir, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, "admin.token", NULL);
    struct stat st;

    if (stat(path, &st) != 0) {
        g_autofree char *secret = secret_new(), *line = g_strconcat(secret, "\n", NULL);
        if (!file_write(path, line, strlen(line), 0600, error))
            return NULL;
        return g_steal_pointer(&secret);
    }
    if ((st.st_mode & 077) != 0) {
        arm_fail(error, ARM_INVALID_PARAMETER, "admin.token", "'%s' can be read by others; make it private: chmod 600 '%s'.",
                 path, path);
        return NULL;
    }
    char *token = file_read(path, 4096, NULL, error);
    if (token && strlen(g_strstrip(token)) < 16) {
        arm_fail(error, ARM_INVALID_PARAMETER, "admin.token",
                 "'%s' holds fewer than 16 characters; remove it to have one made.", path);
        g_clear_pointer(&token, g_free);
    }
    return token;
}

/* The operator's copy of a shipped data file. */
static char *
data_file(const char *state_dir, const char *name, gsize *ret_length, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, name, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autofree char *resource = g_strconcat("/testudo/data/", name, NULL);
        g_autoptr(GBytes) shipped = g_resources_lookup_data(resource, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
        if (!shipped)
            return NULL;
        gsize length;
        const void *bytes = g_bytes_get_data(shipped, &length);
        if (!file_write(path, bytes, length, 0644, error))
            return NULL;
    }
    return file_read(path, DATA_FILE_MAX, ret_length, error);
}

SizeCatalogue *
state_sizes(const char *state_dir, GError **error)
{
    gsize length;
    g_autofree char *text = data_file(state_dir, "sizes.json", &length, error);
    SizeCatalogue *sizes = text ? size_catalogue_parse(text, length, error) : NULL;
    if (text && !sizes)
        g_prefix_error(error, "%s/sizes.json: ", state_dir);
    return sizes;
}

Quota *
state_quota(const char *state_dir, GError **error)
{
    gsize length;
    g_autofree char *text = data_file(state_dir, "quota.json", &length, error);
    Quota *quota = text ? quota_parse(text, length, error) : NULL;
    if (text && !quota)
        g_prefix_error(error, "%s/quota.json: ", state_dir);
    return quota;
}

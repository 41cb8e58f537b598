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

#define STATE_KEY_MAX    4096
#define STATE_KEY_STAMP  "state-key.check"
#define STATE_CREDENTIAL "testudo-state-key"

static StateKey *
state_key_read(const char *path, GError **error)
{
    gsize length;
    char *content = file_read(path, STATE_KEY_MAX, &length, error);
    if (!content)
        return NULL;
    StateKey *key = state_key_parse(content, length, error);
    explicit_bzero(content, length);
    g_free(content);
    if (!key)
        g_prefix_error(error, "%s: ", path);
    return key;
}

/* *ret_key: NULL without an error where nobody gave one. */
static gboolean
state_key_find(const char *file, StateKey **ret_key, GError **error)
{
    const char *credentials = g_getenv("CREDENTIALS_DIRECTORY");
    g_autofree char *credential = credentials ? g_build_filename(credentials, STATE_CREDENTIAL, NULL) : NULL;
    struct stat st;
    *ret_key = NULL;
    if (!file && (!credential || !g_file_test(credential, G_FILE_TEST_EXISTS)))
        return TRUE;
    /* Who may read a credential is systemd's to say: by other means than the mode, too. */
    if (file && stat(file, &st) == 0 && (st.st_mode & 077) != 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, "state-key",
                        "The state key '%s' can be read by others; make it private: chmod 600 '%s'.", file, file);
    *ret_key = state_key_read(file ? file : credential, error);
    return *ret_key != NULL;
}

static gboolean
stamp_compare(const StateKey *key, const char *path, const char *stamp, GError **error)
{
    if (!key)
        return arm_fail(
            error, ARM_INVALID_PARAMETER, "state-key",
            "The state folder is encrypted by a state key ('%s' says so), and none was given: start with --state-key "
            "FILE, or with the systemd credential " STATE_CREDENTIAL ".",
            path);
    switch (state_key_match(key, stamp)) {
    case STATE_KEY_RIGHT:
        return TRUE;
    case STATE_KEY_OTHER:
        return arm_fail(error, ARM_INVALID_PARAMETER, "state-key",
                        "This is not the state key that the state folder is encrypted by ('%s' says so).", path);
    case STATE_KEY_NO_STAMP:
        break;
    }
    return arm_fail(error, ARM_INVALID_PARAMETER, "state-key",
                    "'%s' does not say by which state key the folder is encrypted: put back the file.", path);
}

gboolean
state_key_settle(const char *state_dir, const char *file, StateKey **ret_key, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, STATE_KEY_STAMP, NULL);
    g_autoptr(StateKey) key = NULL;
    if (!state_key_find(file, &key, error))
        return FALSE;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autofree char *stamp = file_read(path, STATE_KEY_MAX, NULL, error);
        if (!stamp || !stamp_compare(key, path, stamp, error))
            return FALSE;
    } else if (key) {
        g_autofree char *stamp = state_key_stamp(key);
        if (!file_write(path, stamp, strlen(stamp), 0600, error))
            return FALSE;
        g_message(
            "vTPMs that are made from now on, the keys that sign tokens and the CA's keys are encrypted by the state key");
    } else {
        g_message("no --state-key: vTPM state and signing keys lie in the state folder unencrypted");
    }
    *ret_key = g_steal_pointer(&key);
    return TRUE;
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

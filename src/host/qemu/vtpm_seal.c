#include "host/qemu/vtpm_seal.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/guest_state.h"
#include "host/qemu/vtpm_control.h"
#include "host/qemu/vtpm_key.h"

#include <fcntl.h>
#include <stdio.h>

#define PLAIN           "vtpm"
#define SEALED          "vtpm.sealed"
#define STATE           "tpm2-00.permall"
#define CERTIFICATE_MAX 65536u

/* What is secret of it, for as long as it is in our memory. */
typedef struct {
    guint8 *bytes;
    gsize size;
} Secret;

static void
secret_clear(Secret *secret)
{
    vtpm_state_free(secret->bytes, secret->size);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Secret, secret_clear)

/* key_fd: taken; -1: it is plain. */
static gboolean
state_read(const VtpmSeal *seal, const char *vtpm, int key_fd, Secret *ret_state, GError **error)
{
    AUTO_FD key = key_fd;
    g_autoptr(VtpmControl) control = vtpm_control_open(seal->swtpm, vtpm, key, seal->uid, seal->gid, error);
    if (!control || !vtpm_control_init(control, error))
        return FALSE;
    ret_state->bytes = vtpm_control_state_get(control, &ret_state->size, error);
    return ret_state->bytes != NULL;
}

static gboolean
state_write(const VtpmSeal *seal, const char *vtpm, int key_fd, const Secret *state, GError **error)
{
    AUTO_FD key = key_fd;
    g_autoptr(VtpmControl) control = vtpm_control_open(seal->swtpm, vtpm, key, seal->uid, seal->gid, error);
    return control && vtpm_control_state_set(control, state->bytes, state->size, error) && vtpm_control_init(control, error);
}

static gboolean
certificates_copy(const char *from, const char *to, GError **error)
{
    static const char *const names[] = { "ek-rsa2048.crt", "ek-secp384r1.crt" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        gsize length;
        if (!folder_has(from, names[i]))
            continue;
        g_autofree char *bytes = folder_read(from, names[i], CERTIFICATE_MAX, &length, error);
        g_autofree char *path = folder_file(to, names[i]);
        if (!bytes || !file_write(path, bytes, length, 0600, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
state_sync(const char *vtpm, GError **error)
{
    g_autofree char *path = folder_file(vtpm, STATE);
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return ((fd >= 0 && fsync(fd) == 0) || io_fail(error, "sync", path)) && folder_sync(vtpm, error);
}

/* A vTPM whose keys cannot be had back would be worse than a plain one. The bytes may differ: of PCR banks, libtpms writes down
 * which are on, as they are after the next start. */
static gboolean
sealed_check(const VtpmSeal *seal, const char *sealed, const Secret *state, GError **error)
{
    g_auto(Secret) again = { 0 };
    int key_fd = -1;
    if (!vtpm_key_open(seal->key, sealed, &key_fd, error) || !state_read(seal, sealed, key_fd, &again, error))
        return FALSE;
    return again.size == state->size ||
           arm_fail(error, ARM_VTPM_FAILED, NULL, "What swtpm encrypted in '%s' is not what it was given.", sealed);
}

static gboolean
sealed_make(const VtpmSeal *seal, const char *plain, const char *sealed, GError **error)
{
    g_auto(Secret) state = { 0 };
    if (!state_read(seal, plain, /* key_fd= */ -1, &state, error) || !folder_make(sealed, error) ||
        !certificates_copy(plain, sealed, error))
        return FALSE;
    const int key_fd = vtpm_key_make(seal->key, sealed, error);
    if (key_fd < 0)
        return FALSE;
    if (!folder_give(sealed, seal->uid, seal->gid, error)) {
        close(key_fd);
        return FALSE;
    }
    return state_write(seal, sealed, key_fd, &state, error) && sealed_check(seal, sealed, &state, error) &&
           folder_give(sealed, seal->uid, seal->gid, error) && state_sync(sealed, error);
}

/* Until the two have changed places, either state is as it should be. */
static gboolean
places_change(const char *folder, const char *plain, const char *sealed, GError **error)
{
    return guest_state_expect_vtpm(folder, SEALED "/" STATE, error) &&
           (renameat2(AT_FDCWD, sealed, AT_FDCWD, plain, RENAME_EXCHANGE) == 0 || io_fail(error, "replace", plain)) &&
           folder_sync(folder, error);
}

gboolean
vtpm_seal(const VtpmSeal *seal, const char *folder, GError **error)
{
    g_autofree char *plain = folder_file(folder, PLAIN), *sealed = folder_file(folder, SEALED);
    /* Of one that was not completed, or the plain one that a crash left. */
    if (!folder_remove(sealed, error))
        return FALSE;
    if (!seal->key || !folder_has(plain, STATE) || vtpm_key_wanted(plain))
        return TRUE;
    const gboolean done = sealed_make(seal, plain, sealed, error) && places_change(folder, plain, sealed, error);
    folder_remove(sealed, NULL);
    return done;
}

#include "host/qemu/vtpm_key.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"

#include <string.h>
#include <sys/mman.h>

#define STAMP_FILE "state-key"
#define STAMP_MAX  256u
#define LABEL      "testudo vtpm state"

/* In memory, not a pipe: swtpm_setup starts swtpm, which reads it, more than once. */
static int
key_open(const StateKey *key, const char *stamp, GError **error)
{
    AUTO_FD fd = memfd_create("vtpm-key", MFD_CLOEXEC);
    char *digits = state_key_of_stamp(key, stamp, LABEL);
    const gboolean ok = digits && fd >= 0 && fd_write_all(fd, digits, strlen(digits)) && lseek(fd, 0, SEEK_SET) == 0;
    state_key_text_free(digits);
    if (ok)
        return fd_steal(&fd);
    io_fail(error, "hand on", "a vTPM's key");
    return -1;
}

gboolean
vtpm_key_wanted(const char *folder)
{
    return folder_has(folder, STAMP_FILE);
}

int
vtpm_key_make(const StateKey *key, const char *folder, GError **error)
{
    g_autofree char *path = folder_file(folder, STAMP_FILE), *stamp = state_key_stamp(key);
    return file_write(path, stamp, strlen(stamp), 0600, error) ? key_open(key, stamp, error) : -1;
}

gboolean
vtpm_key_open(const StateKey *key, const char *folder, int *ret_fd, GError **error)
{
    gsize length;
    if (!vtpm_key_wanted(folder)) {
        *ret_fd = -1;
        return TRUE;
    }
    g_autofree char *stamp = folder_read(folder, STAMP_FILE, STAMP_MAX, &length, error);
    if (!stamp)
        return FALSE;
    if (!key)
        return arm_fail(error, ARM_VTPM_FAILED, NULL,
                        "The vTPM's state in '%s' is encrypted, and testudod has no state key: start it with --state-key.",
                        folder);
    switch (state_key_match(key, stamp)) {
    case STATE_KEY_RIGHT:
        break;
    case STATE_KEY_OTHER:
        return arm_fail(error, ARM_VTPM_FAILED, NULL,
                        "The vTPM's state in '%s' is encrypted by another state key than testudod has.", folder);
    case STATE_KEY_NO_STAMP:
        return arm_fail(error, ARM_VTPM_FAILED, NULL,
                        "'%s/" STAMP_FILE "' does not say by which key the vTPM's state is encrypted: put back the file.",
                        folder);
    }
    const int fd = key_open(key, stamp, error);
    if (fd < 0)
        return FALSE;
    *ret_fd = fd;
    return TRUE;
}

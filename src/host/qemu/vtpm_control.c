#include "host/qemu/vtpm_control.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/process.h"
#include "host/qemu/vtpm_key.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ptm commands, PTM_BLOB_TYPE_PERMANENT and PTM_STATE_FLAG_DECRYPTED; all numbers are big-endian. */
#define CMD_INIT        2u
#define CMD_GET_STATE   12u
#define CMD_SET_STATE   13u
#define TYPE_PERMANENT  1u
#define STATE_DECRYPTED 1u
/* A TPM 2.0 of libtpms has about 5 KiB, and 176 KiB at most. */
#define STATE_MAX (1u << 20)
#define WAIT_S    30
#define WORDS_MAX 4u
#define LOG_FILE  "swtpm-control.log"

struct VtpmControl {
    pid_t pid;
    int fd;
    char *folder;
};

static gboolean
fail(const VtpmControl *control, const char *what, GError **error)
{
    return arm_fail(error, ARM_VTPM_FAILED, NULL, "swtpm does not %s the vTPM's state in '%s'.", what, control->folder);
}

static char **
arguments_of(const char *swtpm, const char *folder, int fd, int key_fd)
{
    GPtrArray *items = g_ptr_array_new();
    g_ptr_array_add(items, g_strdup(swtpm));
    g_ptr_array_add(items, g_strdup("socket"));
    g_ptr_array_add(items, g_strdup("--tpm2"));
    g_ptr_array_add(items, g_strdup("--tpmstate"));
    g_ptr_array_add(items, g_strdup_printf("dir=%s,mode=0600", folder));
    g_ptr_array_add(items, g_strdup("--ctrl"));
    g_ptr_array_add(items, g_strdup_printf("type=unixio,clientfd=%d", fd));
    if (key_fd >= 0) {
        g_ptr_array_add(items, g_strdup("--key"));
        g_ptr_array_add(items, g_strdup_printf("fd=%d," VTPM_KEY_MODE, key_fd));
    }
    g_ptr_array_add(items, g_strdup("--seccomp"));
    g_ptr_array_add(items, g_strdup("action=kill"));
    g_ptr_array_add(items, NULL);
    return (char **)g_ptr_array_free(items, FALSE);
}

VtpmControl *
vtpm_control_open(const char *swtpm, const char *folder, int key_fd, guint uid, guint gid, GError **error)
{
    const struct timeval wait = { .tv_sec = WAIT_S };
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        io_fail(error, "make a socket pair for", folder);
        return NULL;
    }
    AUTO_FD ours = pair[0], its = pair[1];
    setsockopt(ours, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(ours, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    g_auto(GStrv) argv = arguments_of(swtpm, folder, its, key_fd);
    g_autofree char *log = folder_file(folder, LOG_FILE);
    const int keep[] = { its, key_fd, -1 };
    const ProcessStart start = {
        .argv = (const char *const *)argv, .keep_fds = keep, .log_file = log, .uid = uid, .gid = gid, .ends_with_us = TRUE
    };
    unlink(log);
    const pid_t pid = process_start(&start, error);
    if (pid < 0)
        return NULL;
    VtpmControl *control = g_new0(VtpmControl, 1);
    control->pid = pid;
    control->fd = fd_steal(&ours);
    control->folder = g_strdup(folder);
    return control;
}

void
vtpm_control_close(VtpmControl *control)
{
    if (!control)
        return;
    g_autofree char *log = folder_file(control->folder, LOG_FILE);
    close(control->fd);
    /* It writes when it is told to, and not at its end. */
    kill(control->pid, SIGTERM);
    while (waitpid(control->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    unlink(log);
    g_free(control->folder);
    g_free(control);
}

/* One that has ended is an error, and no signal. */
static gboolean
bytes_send(const VtpmControl *control, const void *bytes, gsize size)
{
    const guint8 *at = bytes;
    while (size > 0) {
        const ssize_t sent = send(control->fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return FALSE;
        at += sent;
        size -= (gsize)sent;
    }
    return TRUE;
}

static gboolean
words_send(const VtpmControl *control, const guint32 *words, guint n)
{
    guint32 wire[WORDS_MAX];
    for (guint i = 0; i < n; i++)
        wire[i] = GUINT32_TO_BE(words[i]);
    return bytes_send(control, wire, n * sizeof wire[0]);
}

static gboolean
receive(const VtpmControl *control, void *bytes, gsize size)
{
    guint8 *at = bytes;
    while (size > 0) {
        const ssize_t got = recv(control->fd, at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FALSE;
        at += got;
        size -= (gsize)got;
    }
    return TRUE;
}

/* The first of them is a TPM result: 0 is success. */
static gboolean
words_receive(const VtpmControl *control, guint32 *ret_words, guint n)
{
    guint32 wire[WORDS_MAX];
    if (!receive(control, wire, sizeof wire[0]) || wire[0] != 0 || !receive(control, wire + 1, (n - 1) * sizeof wire[0]))
        return FALSE;
    for (guint i = 0; i < n; i++)
        ret_words[i] = GUINT32_FROM_BE(wire[i]);
    return TRUE;
}

gboolean
vtpm_control_init(VtpmControl *control, GError **error)
{
    const guint32 request[] = { CMD_INIT, 0 };
    guint32 result;
    return (words_send(control, request, G_N_ELEMENTS(request)) && words_receive(control, &result, 1)) ||
           fail(control, "take up", error);
}

guint8 *
vtpm_control_state_get(VtpmControl *control, gsize *ret_size, GError **error)
{
    const guint32 request[] = { CMD_GET_STATE, STATE_DECRYPTED, TYPE_PERMANENT, 0 };
    guint32 head[4] = { 0 }; /* result, flags, size of all, size of what comes now */
    if (!words_send(control, request, G_N_ELEMENTS(request)) || !words_receive(control, head, G_N_ELEMENTS(head)) ||
        head[3] == 0 || head[3] != head[2] || head[3] > STATE_MAX) {
        fail(control, "give away", error);
        return NULL;
    }
    guint8 *state = g_malloc(head[3]);
    *ret_size = head[3];
    if (receive(control, state, head[3]))
        return state;
    vtpm_state_free(state, head[3]);
    fail(control, "give away", error);
    return NULL;
}

gboolean
vtpm_control_state_set(VtpmControl *control, const guint8 *state, gsize size, GError **error)
{
    const guint32 request[] = { CMD_SET_STATE, STATE_DECRYPTED, TYPE_PERMANENT, (guint32)size };
    guint32 result;
    return (words_send(control, request, G_N_ELEMENTS(request)) && bytes_send(control, state, size) &&
            words_receive(control, &result, 1)) ||
           fail(control, "take in", error);
}

void
vtpm_state_free(guint8 *state, gsize size)
{
    if (!state)
        return;
    OPENSSL_cleanse(state, size);
    g_free(state);
}

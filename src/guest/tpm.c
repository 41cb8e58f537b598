#include "guest/tpm.h"

#include "base/guest_wire.h"
#include "guest/guest.h"
#include "guest/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DEVICE         "/dev/tpmrm0"
#define DEVICE_WITHOUT "/dev/tpm0"
#define ANSWER_MS      60000 /* a key of RSA may take a hardware TPM half of that */
#define TRIES          20
#define PAUSE_MS       50
#define HEADER_SIZE    10u

/* ---- open, close ---- */

static bool
fail(Tpm *tpm, TpmState state)
{
    tpm->state = state;
    return false;
}

static bool
fail_open(Tpm *tpm)
{
    switch (errno) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
    case ECONNREFUSED:
        return fail(tpm, TPM_MISSING);
    case EACCES:
    case EPERM:
        return fail(tpm, TPM_DENIED);
    case EBUSY:
        return fail(tpm, TPM_IN_USE);
    default:
        return fail(tpm, TPM_SILENT);
    }
}

static int
socket_open(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENOENT;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    const int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

bool
tpm_open(Tpm *tpm, const char *path)
{
    struct stat st;
    *tpm = (Tpm){ .fd = -1 };
    signal(SIGPIPE, SIG_IGN);
    if (path && stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        tpm->fd = socket_open(path);
    else
        tpm->fd = open(path ? path : DEVICE, O_RDWR | O_CLOEXEC);
    if (tpm->fd < 0 && errno == ENOENT && !path)
        tpm->fd = open(DEVICE_WITHOUT, O_RDWR | O_CLOEXEC);
    return tpm->fd >= 0 || fail_open(tpm);
}

void
tpm_close(Tpm *tpm)
{
    if (tpm->fd >= 0)
        close(tpm->fd);
    tpm->fd = -1;
}

/* ---- one command ---- */

/* A device takes a command in one write. */
static bool
send_command(const Tpm *tpm, const TpmOut *out)
{
    ssize_t n;
    do
        n = write(tpm->fd, out->at, out->length);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)out->length;
}

/* A device gives a response in one read, a socket maybe in pieces. false: it ended, or took too long. */
static bool
receive_response(Tpm *tpm, size_t *ret_length)
{
    size_t have = 0, size = HEADER_SIZE;
    while (have < size) {
        struct pollfd waits = { .fd = tpm->fd, .events = POLLIN };
        const int ready = poll(&waits, 1, ANSWER_MS);
        const ssize_t n = ready > 0 ? read(tpm->fd, tpm->response + have, sizeof tpm->response - have) : ready;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        have += (size_t)n;
        if (have >= HEADER_SIZE) {
            Cursor header = cursor_over(tpm->response + 2, 4);
            size = cursor_u32be(&header);
        }
        if (size > sizeof tpm->response)
            break; /* which is no response */
    }
    *ret_length = have;
    return true;
}

static bool
ask_once(Tpm *tpm, const TpmOut *out, TpmResponse *ret_response)
{
    size_t length;
    if (out->full)
        return fail(tpm, TPM_GARBLED); /* a handle or a size that a TPM gave made it so long */
    if (!send_command(tpm, out) || !receive_response(tpm, &length))
        return fail(tpm, TPM_SILENT);
    return tpm_response_read(tpm->command, tpm->response, length, ret_response) || tpm_garbled(tpm);
}

static bool
is_busy(uint32_t code)
{
    return code == TPM_RC_RETRY || code == TPM_RC_YIELDED || code == TPM_RC_TESTING || code == TPM_RC_NV_RATE;
}

bool
tpm_ask(Tpm *tpm, TpmCommand command, const TpmOut *out, TpmResponse *ret_response)
{
    tpm->command = command;
    for (unsigned tries = 0; tries < TRIES; tries++) {
        if (tries > 0)
            poll(NULL, 0, PAUSE_MS);
        if (!ask_once(tpm, out, ret_response))
            return false;
        if (!is_busy(ret_response->code))
            break;
    }
    tpm->code = ret_response->code;
    return tpm->code == 0 || fail(tpm, TPM_REFUSED);
}

bool
tpm_garbled(Tpm *tpm)
{
    return fail(tpm, TPM_GARBLED);
}

bool
tpm_forgive(Tpm *tpm, uint32_t code)
{
    if (tpm->state != TPM_REFUSED || tpm_code_base(tpm->code) != code)
        return false;
    tpm->state = TPM_FINE;
    return true;
}

/* ---- what went wrong ---- */

static int
say_refused(const Tpm *tpm)
{
    char buffer[128];
    Text text = TEXT_IN(buffer);
    const char *name = tpm_code_name(tpm->code);
    unsigned number;
    const char *subject = tpm_code_subject(tpm->code, &number);
    const bool locked = tpm->code == TPM_RC_LOCKOUT, busy = is_busy(tpm->code);
    text_add_all(&text, "failed ",
                 locked ? WIRE_TPM_LOCKED_OUT
                 : busy ? WIRE_TPM_BUSY
                        : WIRE_TPM_ERROR,
                 " ", tpm_command_name(tpm->command), name ? " TPM_RC_" : " unknown", name ? name : "", " ", NULL);
    text_add_hex(&text, tpm->code);
    if (subject) {
        text_add_all(&text, " ", subject, " ", NULL);
        text_add_number(&text, number, 1);
    }
    text_add(&text, "\n");
    say_text(buffer);
    return locked ? GUEST_TPM_LOCKED_OUT : busy ? GUEST_TPM_BUSY : GUEST_TPM_ERROR;
}

int
tpm_say_failure(const Tpm *tpm)
{
    switch (tpm->state) {
    case TPM_MISSING:
        say_text("failed " WIRE_NO_TPM "\n");
        return GUEST_NO_TPM;
    case TPM_DENIED:
        say_text("failed " WIRE_TPM_DENIED "\n");
        return GUEST_FAILED;
    case TPM_IN_USE:
        say_text("failed " WIRE_TPM_BUSY "\n");
        return GUEST_TPM_BUSY;
    case TPM_SILENT:
        say_text("failed " WIRE_TPM_SILENT "\n");
        return GUEST_TPM_BROKEN;
    case TPM_GARBLED:
        say_text("failed " WIRE_TPM_GARBLED "\n");
        return GUEST_TPM_BROKEN;
    case TPM_NO_BANK:
        say_text("failed " WIRE_TPM_NO_BANK "\n");
        return GUEST_TPM_ERROR;
    case TPM_REFUSED:
        return say_refused(tpm);
    case TPM_FINE:
        break;
    }
    return GUEST_OK;
}

/* What proves this boot: a quote, the key that signed it, whose TPM that is, and the log that explains it. */
#include "base/guest_wire.h"
#include "guest/guest.h"
#include "guest/refused.h"
#include "guest/text.h"
#include "guest/tpm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LOG_PATH     "/sys/kernel/security/tpm0/binary_bios_measurements"
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE 36u
#define KMSG_PATH    "/dev/kmsg"
/* A record is never longer (kernel/printk: CONSOLE_EXT_LOG_MAX). */
#define KMSG_RECORD 8192u
/* More than any buffer of the kernel holds: who writes into it as fast as it is read ends nothing. */
#define KMSG_READS_MAX 200000u
#define LOG_BLOCK      16384u
#define LOG_MAX        16777216u   /* the agent gives no more than this */
#define EK_CERT        0x01c00002u /* of the RSA key: EK Credential Profile, section 2.2.1.4 */
#define EK_CERT_MAX    4096u

typedef struct {
    const char *tpm, *log, *kmsg;
    TpmBlob nonce;
    unsigned log_from, log_max;
} Request;

typedef struct {
    TpmBlob attest, signature;
    TpmKey ak, ek;
    uint8_t certificate[EK_CERT_MAX];
    size_t certificate_length;
    uint8_t pcrs[TPM_PCRS][TPM_SHA256_SIZE];
} Quoted;

static bool
options_read(char **at, bool quotes, Request *request)
{
    for (; *at; at += 2) {
        if (strcmp(*at, "--log") == 0 && at[1])
            request->log = at[1];
        else if (strcmp(*at, "--tpm") == 0 && at[1] && quotes)
            request->tpm = at[1];
        else if (strcmp(*at, "--kmsg") == 0 && at[1] && quotes)
            request->kmsg = at[1];
        else if (strcmp(*at, "--log-max") != 0 || !number_read(at[1], LOG_MAX, &request->log_max))
            return false;
    }
    return true;
}

/* ---- from the TPM ---- */

static bool
quote(Tpm *tpm, const TpmBlob *nonce, Quoted *quoted)
{
    uint8_t buffer[TPM_COMMAND_MAX];
    TpmOut out = tpm_out_in(buffer, sizeof buffer);
    TpmResponse response;
    Cursor attest, signature;
    tpm_put_quote(&out, quoted->ak.handle, nonce->bytes, nonce->length, WIRE_QUOTED_PCRS);
    if (!tpm_ask(tpm, TPM_QUOTE, &out, &response))
        return false;
    return (tpm_read_quote(response.parameters, &attest, &signature) &&
            tpm_blob_keep(&quoted->attest, attest.at, attest.left) &&
            tpm_blob_keep(&quoted->signature, signature.at, signature.left)) ||
           tpm_garbled(tpm);
}

/* One key at a time: a TPM without resource manager may have room for no more than three objects, other people's among them. */
static bool
quoted_get(Tpm *tpm, const Request *request, Quoted *quoted)
{
    bool done = tpm_ak_make(tpm, &quoted->ak) && quote(tpm, &request->nonce, quoted);
    tpm_key_flush(tpm, &quoted->ak);
    done = done && tpm_pcrs_read(tpm, WIRE_QUOTED_PCRS, quoted->pcrs) && tpm_ek_find(tpm, &quoted->ek);
    tpm_key_flush(tpm, &quoted->ek);
    return done && tpm_nv_read(tpm, EK_CERT, quoted->certificate, sizeof quoted->certificate, &quoted->certificate_length);
}

/* ---- to standard output ---- */

static bool
say_line(const char *word, size_t number)
{
    char buffer[64];
    Text line = TEXT_IN(buffer);
    text_add_all(&line, word, " ", NULL);
    text_add_number(&line, (unsigned)number, 1);
    text_add(&line, "\n");
    return say_text(buffer);
}

static bool
say_part(const char *name, const void *bytes, size_t length)
{
    return length == 0 || (say_line(name, length) && say(bytes, length));
}

/* What it is now may be asked for at any time: one that cannot be read is left out. */
static bool
say_boot_id(void)
{
    char id[BOOT_ID_SIZE];
    const int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, id, sizeof id) : 0;
    if (fd >= 0)
        close(fd);
    return n != sizeof id || say_part(WIRE_BOOT_ID, id, sizeof id);
}

/* Line by line; what a block ends with is kept for the next one. */
static size_t
lines_take(Refused *refused, char *block, size_t length)
{
    char *at = block, *end;
    while ((end = memchr(at, '\n', length - (size_t)(at - block)))) {
        refused_take(refused, at, (size_t)(end - at));
        at = end + 1;
    }
    const size_t left = length - (size_t)(at - block);
    memmove(block, at, left);
    return left < KMSG_RECORD ? left : 0;
}

/* One record a read(); EPIPE: some were overwritten before they were read. What cannot be read is left out: it proves nothing.
 */
static bool
say_refused(const char *path)
{
    static char block[2 * KMSG_RECORD];
    static Refused refused;
    size_t kept = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    for (unsigned left = KMSG_READS_MAX; fd >= 0 && left > 0; left--) {
        const ssize_t n = read(fd, block + kept, KMSG_RECORD);
        if (n > 0)
            kept = lines_take(&refused, block, kept + (size_t)n);
        else if (n == 0 || (errno != EPIPE && errno != EINTR))
            break;
    }
    if (fd >= 0)
        close(fd);
    return say_part(WIRE_REFUSED_MODULES, refused.text, refused.length);
}

static bool
say_quoted(const Quoted *quoted, const char *kmsg)
{
    uint8_t values[TPM_PCRS * TPM_SHA256_SIZE];
    size_t length = 0;
    for (unsigned pcr = 0; pcr < TPM_PCRS; pcr++) {
        if (!(WIRE_QUOTED_PCRS >> pcr & 1))
            continue;
        memcpy(values + length, quoted->pcrs[pcr], TPM_SHA256_SIZE);
        length += TPM_SHA256_SIZE;
    }
    return say_text(WIRE_EVIDENCE "\n") && say_part(WIRE_ATTEST, quoted->attest.bytes, quoted->attest.length) &&
           say_part(WIRE_SIGNATURE, quoted->signature.bytes, quoted->signature.length) &&
           say_part(WIRE_AK, quoted->ak.public.bytes, quoted->ak.public.length) &&
           say_part(WIRE_EK, quoted->ek.public.bytes, quoted->ek.public.length) &&
           say_part(WIRE_EK_CERT, quoted->certificate, quoted->certificate_length) && say_part(WIRE_PCRS, values, length) &&
           say_boot_id() && say_refused(kmsg);
}

static int
could_not_say(void)
{
    return GUEST_FAILED;
}

/* Up to the limit, block by block: how long a log is shows at its end alone. The lines that end it come with it. A document
 * that ends without them was cut short. */
static int
say_log(int fd, const Request *request)
{
    uint8_t block[LOG_BLOCK];
    size_t said = 0;
    for (;;) {
        /* One byte more than may be said tells whether it goes on. */
        const size_t room = request->log_max - said, want = room < sizeof block ? room + 1 : sizeof block;
        ssize_t n = read(fd, block, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return could_not_say();
        if (n == 0)
            return say_text(WIRE_END "\n") ? GUEST_OK : could_not_say();
        const size_t more = (size_t)n < room ? (size_t)n : room;
        if (!say_part(WIRE_LOG, block, more))
            return could_not_say();
        said += more;
        if ((size_t)n > more)
            return say_line(WIRE_MORE, request->log_from + said) ? GUEST_OK : could_not_say();
    }
}

static int
log_open(const Request *request)
{
    const int fd = open(request->log, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || lseek(fd, request->log_from, SEEK_SET) == (off_t)request->log_from)
        return fd;
    close(fd);
    errno = EIO;
    return -1;
}

static int
failed(const char *words, int code)
{
    say_text(words);
    return code;
}

/* ---- commands ---- */

int
quote_main(char **argv)
{
    static Tpm tpm;
    static Quoted quoted;
    Request request = { .log = LOG_PATH, .kmsg = KMSG_PATH, .log_max = LOG_MAX };
    if (!tpm_blob_from_hex(&request.nonce, argv[1], TPM_NONCE_MIN, TPM_NONCE_MAX) ||
        !options_read(argv + 2, /* quotes= */ true, &request))
        return say_usage("quote NONCE [--log-max BYTES] [--tpm DEVICE|SOCKET] [--log FILE] [--kmsg FILE]; NONCE is 16 to 32 "
                         "bytes in hexadecimal");
    if (tpm_open(&tpm, request.tpm))
        quoted_get(&tpm, &request, &quoted);
    tpm_close(&tpm);
    if (tpm.state != TPM_FINE)
        return tpm_say_failure(&tpm);
    const int log = log_open(&request);
    if (log < 0 && errno != ENOENT && errno != ENOTDIR)
        return failed("failed " WIRE_LOG_UNREADABLE "\n", GUEST_FAILED);
    if (!say_quoted(&quoted, request.kmsg))
        return could_not_say();
    if (log < 0) /* a quote tells something all the same: whoever judges it says what that is worth */
        return say_text(WIRE_END "\n") ? GUEST_NO_LOG : could_not_say();
    const int code = say_log(log, &request);
    close(log);
    return code;
}

int
eventlog_main(char **argv)
{
    Request request = { .log = LOG_PATH, .log_max = LOG_MAX };
    if (!number_read(argv[1], LOG_MAX, &request.log_from) || !options_read(argv + 2, /* quotes= */ false, &request))
        return say_usage("eventlog FROM [--log-max BYTES] [--log FILE]");
    const int log = log_open(&request);
    if (log < 0)
        return errno == ENOENT || errno == ENOTDIR ? failed("failed " WIRE_NO_LOG "\n", GUEST_NO_LOG)
                                                   : failed("failed " WIRE_LOG_UNREADABLE "\n", GUEST_FAILED);
    const int code = say_log(log, &request);
    close(log);
    return code;
}

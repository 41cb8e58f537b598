/* Verifies one boot's evidence over and over, as the daemon does: keys, quote, signature and log are read each time, the log is
 * replayed and compared with the reference, which is parsed once. Prints how many times that was in a second of processor time,
 * as JSON. */
#include "attest/verdict.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FILE_MAX (1u << 20)

static GBytes *
part(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    gsize size;
    g_autoptr(GError) error = NULL;
    char *text = file_read(path, FILE_MAX, &size, &error);
    if (!text)
        g_error("%s", error->message);
    return g_bytes_new_take(text, size);
}

static double
processor_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static gboolean
verify(const Evidence *evidence, GBytes *nonce, const EventLog *reference)
{
    g_auto(Evidenced) seen = { 0 };
    g_auto(Judgement) judgement = { 0 };
    evidence_check(evidence, nonce, &seen);
    judge(&seen, reference, "the reference", BASELINE_EXACT_DIGESTS, &judgement);
    return judgement.verdict == VERDICT_HEALTHY;
}

int
main(int argc, char **argv)
{
    if (argc != 8) {
        fputs("usage: verify FOLDER QUOTE SIGNATURE AK EK REFERENCE-FOLDER SECONDS\n", stderr);
        return 2;
    }
    const char *folder = argv[1];
    const Evidence evidence = { .attest = part(folder, argv[2]),
                                .signature = part(folder, argv[3]),
                                .ak = part(folder, argv[4]),
                                .ek = part(folder, argv[5]),
                                .log = part(folder, "eventlog.bin") };
    g_autoptr(GBytes) nonce = part(folder, "nonce.bin");
    g_autoptr(GBytes) reference_bytes = part(argv[6], "eventlog.bin");
    g_autoptr(EventLog) reference = event_log_parse(reference_bytes, NULL);
    const double seconds = strtod(argv[7], NULL), began = processor_s();
    guint64 times = 0;
    do {
        for (guint i = 0; i < 64; i++, times++) {
            if (!verify(&evidence, nonce, reference))
                g_error("%s: the evidence is not healthy", folder);
        }
    } while (processor_s() - began < seconds);
    printf("{\"per_s\": %.1f}\n", (double)times / (processor_s() - began));
    return 0;
}

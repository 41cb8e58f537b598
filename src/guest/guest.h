/* guest/guest.h: testudo-guest, the part of Testudo that runs inside guests: put there and run by the host through the guest's
 * QEMU guest agent, one short command at a time. Static, on musl and nothing else but BearSSL, under 115 KB; no shell, no
 * configuration, nothing that stays. What it prints: base/guest_wire.h.
 *
 *   main.c      which command               http.c          an HTTP/1 response, byte by byte (pure)
 *   health.c    health                      stream.c        a connection with a time limit
 *   event.c     terminate-…, approve        tls.c           TLS 1.2 over it
 *   evidence.c  quote, eventlog             tpm_commands.c  what a TPM takes and gives (pure); tpm_bytes.c: field by field;
 *   activate.c  activate                                    tpm_names.c: what its codes are called
 *   token.c     token
 *   refused.c   what the kernel refused (pure)
 *   assess.c    assess; assess_boot.c,     inspect.c       what signatures and bindings files have (pure)
 *               assess_bound.c: its halves
 *   say.c       what is printed             tpm.c           one command at a time; tpm_steps.c: several of them
 *   text.c      texts put together */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Exit codes. */
enum {
    GUEST_OK = 0,
    GUEST_FAILED = 1,
    GUEST_USAGE = 2,
    GUEST_NO_TPM = 3,
    GUEST_TPM_LOCKED_OUT = 4,
    GUEST_TPM_BUSY = 5,
    GUEST_TPM_ERROR = 6,  /* any other code of its own */
    GUEST_TPM_BROKEN = 7, /* no answer, or what is none */
    GUEST_NO_LOG = 8,     /* there is a quote, and no event log */
};

/* argv[0] is the command's own name; NULL-terminated. */
int health_main(char **argv);
int notice_main(char **argv);
int ack_main(char **argv);
int approve_main(char **argv);
int quote_main(char **argv);
int eventlog_main(char **argv);
int activate_main(char **argv);
int token_main(char **argv);
int assess_main(char **argv);

/* say.c: to standard output. false: nobody listens. */
bool say(const void *bytes, size_t length);
bool say_text(const char *text);
/* A line to standard error, for whoever runs it by hand. */
void say_aside(const char *text);
/* The same; gives GUEST_USAGE. */
int say_usage(const char *usage);

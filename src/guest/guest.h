/* guest/guest.h: testudo-guest, the part of Testudo that runs inside guests: put there and run by the host through the guest's
 * QEMU guest agent, one short command at a time. Static, on musl and nothing else but BearSSL, under 100 KB; no shell, no
 * configuration, nothing that stays. What it prints: base/guest_wire.h.
 *
 *   main.c     which command               http.c    an HTTP/1 response, byte by byte (pure)
 *   health.c   health                      stream.c  a connection with a time limit
 *   event.c    terminate-…, approve        tls.c     TLS 1.2 over it
 *   say.c      what is printed              text.c    texts put together */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Exit codes. */
enum { GUEST_OK = 0, GUEST_FAILED = 1, GUEST_USAGE = 2 };

/* argv[0] is the command's own name; NULL-terminated. */
int health_main(char **argv);
int notice_main(char **argv);
int ack_main(char **argv);
int approve_main(char **argv);

/* say.c: to standard output. false: nobody listens. */
bool say(const void *bytes, size_t length);
bool say_text(const char *text);
/* To standard error, for whoever runs it by hand; gives GUEST_USAGE. */
int say_usage(const char *usage);

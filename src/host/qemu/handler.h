/* host/qemu/handler.h: testudo-guest inside one guest: put there through its agent when it is first needed in a boot, and run,
 * one command after the other.
 *
 * It goes to the first of these places where it can be run (many systems mount /run so that nothing can be): both are root's
 * own. The agent makes files that everybody may write; so the folder around it is made first, with mode 0700. What lies there
 * from before (another daemon's, or another boot's on a disk) is compared byte by byte, and written anew where it differs; what
 * was written is read back before it is made executable. Where it does not run any more, because the guest was restarted or
 * somebody removed it, it is put there again. */
#pragma once

#include "host/host.h"
#include "host/qemu/qga.h"

#define HANDLER_PLACES                                                                                                         \
    {                                                                                                                          \
        "/run/testudo/bin", "/var/lib/testudo/bin"                                                                             \
    }
#define HANDLER_NAME "testudo-guest"

typedef struct Handler Handler;

/* All borrowed; qga and clock outlive it. */
Handler *handler_new(Qga *qga, Clock *clock, GBytes *program);
/* Accepts NULL. Whoever waits is told that the VM ended. */
void handler_free(Handler *handler);
/* As guest_run() in host/host.h; a refusal is told from inside the call. */
void handler_run(Handler *handler, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data);

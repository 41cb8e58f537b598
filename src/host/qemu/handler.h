/* host/qemu/handler.h: testudo-guest inside one guest: put there (host/qemu/placer.h) when it is first needed in a boot, and
 * run, one command after the other. Where it does not run any more, because the guest was restarted or somebody removed it, it
 * is put there again. */
#pragma once

#include "host/host.h"
#include "host/qemu/qga.h"

typedef struct Handler Handler;

/* All borrowed; qga and clock outlive it. */
Handler *handler_new(Qga *qga, Clock *clock, GBytes *program);
/* Accepts NULL. Whoever waits is told that the VM ended. */
void handler_free(Handler *handler);
/* As guest_run() in host/host.h; a refusal is told from inside the call. */
void handler_run(Handler *handler, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data);

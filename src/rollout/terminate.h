/* rollout/terminate.h: telling a guest that its instance is to be deleted, and hearing whether it agrees. Pure.
 * The guest finds the notice in /run/testudo/scheduled-events.json (docs/guest.md); it approves, or lets its time run out. */
#pragma once

#include "base/clock.h"

/* What a guest is given at most, whatever the clock did meanwhile. */
#define TERMINATE_MAX (900 * USEC_PER_SEC)
/* From one answer to the next question, and what an answer may take. */
#define TERMINATE_ASK_EVERY   (5 * USEC_PER_SEC)
#define TERMINATE_RUN_TIMEOUT (30 * USEC_PER_SEC)

typedef enum {
    TERMINATE_WAITING,  /* the guest has the notice */
    TERMINATE_APPROVED, /* and needs no more time */
    TERMINATE_UNKNOWN,  /* it has no such notice, as after a reboot, or could not be asked: tell it (again) */
    TERMINATE_N
} TerminateAnswer;

/* Arguments for host_guest_run(); free with g_strfreev(). event: letters, digits and dashes, at most 64 of them (a UUID).
 * Telling it twice is telling it once. */
char **terminate_notice_arguments(const char *event, UnixTime not_before, const char *resource);
char **terminate_ack_arguments(const char *event);
/* Of either question: "noticed" is TERMINATE_WAITING. Every input is an answer. */
TerminateAnswer terminate_answer_parse(int exit_code, const char *out, gsize length);

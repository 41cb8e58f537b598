/* rollout/health.h: what an instance's application says of itself, and what its health is after it. Pure.
 *
 * The question is put inside the guest, by `testudo-guest health …` (host_guest_run()) to its own loopback. What it printed
 * (base/guest_wire.h) is parsed here and moves a track: the health that counts, and what it takes to change it. Rules: Azure
 * Compute, "Application Health extension", versions 1.0 (binary) and 2.0 (rich); where its text leaves a choice, what the
 * extension does.
 *
 * | asked by      | healthy                                 | unhealthy        | unknown                        |
 * | tcp           | a connection                            | everything else  | never                          |
 * | http(s)       | status 200                              | everything else  | never                          |
 * | http(s), rich | 2xx, "ApplicationHealthState":"Healthy" | 2xx, "Unhealthy" | everything else, silence too   | */
#pragma once

#include "base/clock.h"
#include "base/guest_wire.h"
#include "model/health_extension.h"
#include "model/instance.h"

/* One question in the guest may take this long, as it may on Azure. */
#define HEALTH_TIMEOUT_S 30u
/* For host_guest_run(): the question's own time, and what the way there and back takes on a slow machine. */
#define HEALTH_RUN_TIMEOUT ((gint64)(HEALTH_TIMEOUT_S + 30) * USEC_PER_SEC)

/* Why an answer does not say healthy. */
typedef enum {
    HEALTH_WHY_NOTHING,      /* it does */
    HEALTH_WHY_REFUSED,      /* nothing listens there */
    HEALTH_WHY_TIMED_OUT,    /* no answer within HEALTH_TIMEOUT_S */
    HEALTH_WHY_CLOSED,       /* the connection ended before there was a status line and its headers */
    HEALTH_WHY_NOT_HTTP,     /* what came is no HTTP/1 */
    HEALTH_WHY_TLS_FAILED,   /* https: no common version or cipher, or no TLS at all */
    HEALTH_WHY_NO_TLS,       /* https: this testudo-guest was built without TLS */
    HEALTH_WHY_GUEST_FAILED, /* the guest's own resources: no loopback, no memory, no descriptors */
    HEALTH_WHY_STATUS,       /* another status than the one that is healthy */
    HEALTH_WHY_CUT,          /* rich: a body of more than WIRE_BODY_MAX bytes, or one that did not come whole */
    HEALTH_WHY_BODY,         /* rich: no JSON object with an ApplicationHealthState of Healthy or Unhealthy */
    HEALTH_WHY_SAID,         /* rich: the application says Unhealthy */
    HEALTH_WHY_GARBLED,      /* what came back from the guest is none of testudo-guest's answers */
    HEALTH_WHY_NOT_ASKED,    /* the question could not be put: host_guest_run() failed */
    HEALTH_WHY_N
} HealthWhy;

/* What one answer stands for. */
typedef struct {
    Health said; /* HEALTH_HEALTHY, HEALTH_UNHEALTHY or HEALTH_UNKNOWN */
    HealthWhy why;
    guint status; /* HTTP; 0: there was none */

    /* Custom metrics, of a rich answer that says healthy or unhealthy ("rollingUpgrade" in the JSON text "customMetrics"). */
    gboolean has_phase;
    guint phase; /* PhaseOrderingNumber; without one an instance is in the last phase */
    gboolean skip_upgrade;
    gboolean metrics_invalid; /* there were some, and they are not as they should be: as if there were none */
} HealthAnswer;

/* The arguments for host_guest_run(); free with g_strfreev(). */
char **health_arguments(const HealthExtension *asked);

/* Every input gives an answer: the bytes are a guest's. */
HealthAnswer health_answer_parse(const HealthExtension *asked, int exit_code, const char *out, gsize length);
/* Where host_guest_run() failed: silence is never green. */
HealthAnswer health_answer_none(const HealthExtension *asked);
/* A sentence for people: "http://localhost:8080/health answered with status 503." Newly allocated. */
char *health_answer_text(const HealthExtension *asked, const HealthAnswer *answer);

/* Where an instance is between two answers. Plain data: copied by value. */
typedef struct {
    Health health;        /* what counts */
    gboolean settled;     /* `health` was made by an answer or by the end of the grace period */
    Health said;          /* what was said last */
    guint in_row;         /* how often in a row, at most so often as is needed; 0: nothing was said yet */
    UnixTime grace_until; /* HEALTH_INITIALIZING at most until then */

    gboolean has_phase; /* custom metrics of the last answer that said healthy or unhealthy */
    guint phase;
    gboolean skip_upgrade;
} HealthTrack;

/* From here on it is asked: its guest's agent answered for the first time in this boot, or what is asked for has changed.
 * Rich with a grace period: HEALTH_INITIALIZING; else HEALTH_UNKNOWN until the first answer, which counts at once. */
HealthTrack health_begin(const HealthExtension *asked, UnixTime now);
/* The same after the daemon's restart: `health` is what the store has, `began` is when health_begin() was called, or a guess
 * that is not later (the boot's end). What was said in a row before counts no more; custom metrics come with the next answer.
 * Initializing lasts for as many answers as it takes, also where its time went by while nobody asked. */
HealthTrack health_resume(const HealthExtension *asked, Health health, UnixTime began, UnixTime now);

/* The track after an answer.
 * - `probes` answers of one kind in a row change the health; until then it stays as it was.
 * - Initializing ends with as many in a row that say healthy or unhealthy, or when its time is over: then it is unknown (tcp:
 *   unhealthy). With tcp a connection that fails does not end it: that is what the time is given for.
 * - Unknown counts as unhealthy for roll and repair; Initializing for neither, and they wait. */
HealthTrack health_next(const HealthExtension *asked, const HealthTrack *track, const HealthAnswer *answer, UnixTime now);

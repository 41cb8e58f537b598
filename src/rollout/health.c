/* From answer to health. */
#include "rollout/health.h"

HealthTrack
health_begin(const HealthExtension *asked, UnixTime now)
{
    const gboolean waits = asked->rich && asked->grace_s > 0;
    return (HealthTrack){
        .health = waits ? HEALTH_INITIALIZING : HEALTH_UNKNOWN,
        .grace_until = waits ? now + asked->grace_s * USEC_PER_SEC : now,
    };
}

/* Nobody asked meanwhile: the time that went by says nothing of those that would have answered in it. */
static UnixTime
answers_until(const HealthExtension *asked, UnixTime now)
{
    return now + MIN((gint64)asked->probes * asked->interval_s, (gint64)asked->grace_s) * USEC_PER_SEC;
}

HealthTrack
health_resume(const HealthExtension *asked, Health health, UnixTime began, UnixTime now)
{
    HealthTrack track = health_begin(asked, MIN(began, now));
    if (track.health == HEALTH_INITIALIZING)
        track.grace_until = MAX(track.grace_until, answers_until(asked, now));
    if (health == HEALTH_HEALTHY || health == HEALTH_UNHEALTHY || (health == HEALTH_UNKNOWN && asked->rich)) {
        track.health = health;
        track.settled = TRUE;
    }
    return track;
}

static HealthTrack
count(const HealthExtension *asked, const HealthTrack *track, const HealthAnswer *answer)
{
    HealthTrack next = *track;
    next.in_row = track->in_row > 0 && track->said == answer->said ? MIN(track->in_row + 1, asked->probes) : 1;
    next.said = answer->said;
    /* A moment without an answer is no reason to upgrade what asked to be left out. */
    if (answer->said != HEALTH_UNKNOWN) {
        next.has_phase = answer->has_phase;
        next.phase = answer->phase;
        next.skip_upgrade = answer->skip_upgrade;
    }
    return next;
}

static void
settle(HealthTrack *track, Health health)
{
    track->health = health;
    track->settled = TRUE;
}

HealthTrack
health_next(const HealthExtension *asked, const HealthTrack *track, const HealthAnswer *answer, UnixTime now)
{
    HealthTrack next = count(asked, track, answer);
    const gboolean enough = next.in_row >= asked->probes;
    const Health failed = health_answer_none(asked).said;

    if (track->health == HEALTH_INITIALIZING) {
        /* A clock that went back must not make the time longer. */
        next.grace_until = MIN(track->grace_until, now + asked->grace_s * USEC_PER_SEC);
        if (enough && next.said != failed)
            settle(&next, next.said);
        else if (now >= next.grace_until)
            settle(&next, failed);
    } else if (enough || !track->settled) {
        settle(&next, next.said);
    }
    return next;
}

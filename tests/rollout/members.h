/* tests/rollout/members.h: a fleet in one line, for tables.
 *
 * One word a member, separated by blanks; the first has id 0. A word is letters, in any order; '.' is one that says nothing:
 *   n     on target (revision 2); otherwise old (revision 1)
 *   u ? i unhealthy, unknown, initializing; otherwise healthy
 *   p b r f k z l   protected, busy, resting, failed, skip, undoable, leaving
 *   q R N W         protected from scaling in alone, in repair, never came up, died and is started again
 *   w     dead when it was taken, and waits for its next start
 *   +     surplus
 *   H D F U X L     its mark: in hand, done, failed, undoing, undone, leaving
 *   1…9   its phase
 *   @N    since second N, in both ways; at the end (1)
 * The word "!" is no member: ill ones come first. */
#pragma once

#include "rollout/fleet.h"

#define MEMBERS_OLD    1u
#define MEMBERS_TARGET 2u

/* Aimed at MEMBERS_TARGET. */
Fleet *members_fleet(const char *text);
Member members_member(guint id, const char *word);
void members_letter(Member *member, char letter);
/* For fleet_aim(): data is a guint, the revision aimed at. */
gboolean members_on_target(guint revision, void *data);

/* The ids of a queue in its order, "3 0 1"; newly allocated. They are taken out of the fleet. */
char *members_queue(Fleet *fleet, FleetQueue queue);

/* engine/health.h: guests that are asked how their application is, every interval, for as long as they run. What they say
 * moves a track (rollout/health.h) in memory; the store hears of it when the health changes. */
#pragma once

#include "engine/pass.h"

typedef struct Asked Asked;

/* Begins or ends asking, by what the row in hand says. After a restart of the daemon it goes on from the stored health. */
gboolean health_follow(Pass *pass, Held *held, GError **error);
/* The same for all rows in hand. */
gboolean health_follow_all(Pass *pass, GError **error);
/* What was answered since the last pass. */
gboolean health_take(Pass *pass, GError **error);
void health_stop(Tracked *tracked);
/* Nothing of the pass was kept. A guest that is asked since then is asked from the beginning by the next one: its row would be
 * without a health, which is what those have that nobody asks, or with a former one. */
void health_pass_lost(const Pass *pass, Tracked *tracked);
/* Answers that are still under way come to nobody. */
void health_abandon(Engine *engine);

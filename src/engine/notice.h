/* engine/notice.h: guests that are told of their end, and asked whether they agree to it, for as long as they have. When that
 * is over stands in the row (terminate_at), and what a guest said is asked again after a restart of the daemon: nothing is lost
 * with it. */
#pragma once

#include "engine/pass.h"

typedef struct Noticed Noticed;

/* The deletion of an instance was just decided, and it served until now: its row says until when its guest has time, as the
 * newest model says that makes the same of it. */
gboolean notice_give(Pass *pass, SetTracked *set, StoreInstance *instance, GError **error);
/* Begins or ends telling, by what the row in hand says. */
void notice_follow(Pass *pass, Held *held);
/* The same for all rows in hand. */
void notice_follow_all(Pass *pass);
/* The guest has agreed: there is nothing to wait for. */
gboolean notice_approved(const Tracked *tracked);
void notice_stop(Tracked *tracked);
/* Answers that are still under way come to nobody. */
void notice_abandon(Engine *engine);

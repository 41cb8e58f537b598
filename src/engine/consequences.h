/* engine/consequences.h: what follows from how an instance booted, as its model has it (DeviationPolicy). Level-triggered, from
 * the row alone: a verdict, a change of the policy and a restart of the daemon all come to the same.
 *
 * In quarantine an instance stands still without network, and nothing is done with it: no plan, probe, repair or revival.
 * Another one comes in its place; but not in that of one that came so itself: what deviates again would go on for ever. What a
 * rolling upgrade has in hand is the upgrade's until it lets go of it, and protected instances are kept out of health alone. */
#pragma once

#include "engine/pass.h"
#include "model/model.h"

/* The row in hand runs this model, whose extension attests it. */
gboolean consequences_follow(Pass *pass, Held *held, const Model *model, GError **error);
/* Nobody attests it. */
void consequences_end(Held *held);
/* The host is to be told after the commit where what it was told last is not what the row says. */
void isolation_follow(Held *held);
void isolation_tell(const Pass *pass);

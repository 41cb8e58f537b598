/* tests/rollout/rolls.h: where a rolling upgrade stands, its policy and the planner's answer, each in one line, for tables. */
#pragma once

#include "rollout/roll.h"

typedef struct {
    RollState roll;
    RollingPolicy policy;
    ArmCode code;
    UnixTime now;
} Given;

/* Words, separated by blanks; what is not said is Azure's default, phase check, batch 1, room for 100.
 *   check batch pause undo                                      the phase
 *   cancel surge only-surge put-back                            RollState (put-back: `undo`)
 *   no=N left=N until=S removed=N room=N patience=S now=S       RollState (patience: `health_wait`), the clock; seconds
 *   b=N i=N u=N wait=S first max-surge rollback                 RollingPolicy: batch, ill, upgraded and ill in percent; pause
 */
Given rolls_given(const char *text);

/* "take 3", "begin 2 surge short", "retire 0 for 5", "wait", "wait 300", "stop Code", "end Faulted Code", …; newly allocated.
 */
char *rolls_act(const RollAct *act);

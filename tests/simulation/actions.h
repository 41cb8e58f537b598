/* tests/simulation/actions.h: what actions have in common. */
#pragma once

#include "sim.h"

typedef enum { EXPECT_ACCEPTED, EXPECT_REFUSED, EXPECT_EITHER } Expected;

typedef struct {
    const char *name;
    guint weight; /* of all together 100 */
    void (*act)(Sim *sim, SimSet *set);
    gboolean needs_set;
} Action;

/* Breaks where the answer is none that was to be expected. */
void sim_expect(Sim *sim, const Answer *answer, Expected expected, const char *what);

/* repairs.c */
void act_service(Sim *sim, SimSet *set);

/* data_disks.c */
void act_disk(Sim *sim, SimSet *set);

/* attested.c */
void act_approve(Sim *sim, SimSet *set);

/* quarantined.c */
void act_quarantine(Sim *sim, SimSet *set);

/* os_upgrades.c */
void act_import(Sim *sim, SimSet *set);

/* act_model.c: what changes a set's model */
void act_create(Sim *sim, SimSet *none);
void act_scale(Sim *sim, SimSet *set);
void act_change(Sim *sim, SimSet *set);
void act_delete_set(Sim *sim, SimSet *set);
void act_what_if(Sim *sim, SimSet *set);
/* What is to be answered, and what follows from the answer. */
Expected change_expected(Sim *sim, const SimSet *set, const SimModel *after);
void change_accepted(Sim *sim, SimSet *set, const SimModel *after, const Answer *answer);

/* act_rolls.c: rolling upgrades */
void act_roll_start(Sim *sim, SimSet *set);
void act_roll_cancel(Sim *sim, SimSet *set);
void act_roll_back(Sim *sim, SimSet *set);
void act_feature(Sim *sim, SimSet *none);

/* act_instances.c: what is asked of instances */
void act_upgrade(Sim *sim, SimSet *set);
void act_power(Sim *sim, SimSet *set);
void act_delete_instances(Sim *sim, SimSet *set);
void act_protect(Sim *sim, SimSet *set);
/* This one, by name. */
void instance_delete(Sim *sim, SimSet *set, guint id);

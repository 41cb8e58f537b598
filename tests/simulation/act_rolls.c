/* Rolling upgrades: begun, joined, canceled; and models that are gone back to. */
#include "actions.h"

void
act_roll_start(Sim *sim, SimSet *set)
{
    gboolean of_extension = random_chance(&sim->actions, 20), under_way = set->roll.id != 0;
    gboolean room_may_lack = sim->quota_is_cut && sim_model(set)->policy.rolling.surge;
    g_autofree char *target =
        g_strdup_printf("@/%s/%s", set->name, of_extension ? "extensionRollingUpgrade" : "osRollingUpgrade");
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, NULL);
    sim_expect(sim, answer,
               set->deleting   ? EXPECT_REFUSED
               : room_may_lack ? EXPECT_EITHER
                               : EXPECT_ACCEPTED,
               "starting a rolling upgrade");
    if (answer->response->status >= 300)
        return;
    if (!under_way)
        promise_operation(sim, answer, OPERATION_ROLLING_UPGRADE, set);
    set->roll_may_begin = TRUE;
    set->roll_cancel = FALSE;
}

void
act_roll_cancel(Sim *sim, SimSet *set)
{
    g_autofree char *target = g_strdup_printf("@/%s/rollingUpgrades/cancel", set->name);
    gboolean under_way = set->roll.id != 0 && !set->deleting;
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, NULL);
    sim_expect(sim, answer, under_way ? EXPECT_ACCEPTED : EXPECT_REFUSED, "canceling a rolling upgrade");
    /* Whoever cancels it once more waits for the same operation. */
    if (answer->response->status < 300 && !set->roll_cancel)
        promise_operation(sim, answer, OPERATION_CANCEL_ROLLING_UPGRADE, set);
    set->roll_cancel = set->roll_cancel || answer->response->status < 300;
}

/* Size, image, security profile, disks and extension of an earlier model; all else stays. */
void
act_roll_back(Sim *sim, SimSet *set)
{
    guint first = set->revision < STORE_REVISIONS_KEPT ? 1 : set->revision - STORE_REVISIONS_KEPT + 1;
    guint revision = random_between(&sim->actions, first, set->revision);
    const SimModel *earlier = &g_array_index(set->models, SimModel, revision - 1), *present = sim_model(set);
    SimModel after = *earlier;
    after.capacity = present->capacity;
    after.tag = present->tag;
    after.policy = present->policy;
    g_autofree char *target = g_strdup_printf("@/%s/rollback", set->name);
    g_autofree char *body = g_strdup_printf("{\"revision\":%u}", revision);
    Expected expected = change_expected(sim, set, &after);
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, body);
    sim_expect(sim, answer, expected, "going back to an earlier model");
    if (answer->response->status < 300)
        change_accepted(sim, set, &after, answer);
}

/* Flexible sets may go to Trusted launch, or may no more. */
void
act_feature(Sim *sim, SimSet *none G_GNUC_UNUSED)
{
    gboolean on = random_chance(&sim->actions, 60);
    g_autofree char *target = g_strdup_printf("~/providers/Microsoft.Features/providers/Microsoft.Compute/features/"
                                              "TrustedLaunchUpgradeFlexPreview/%s",
                                              on ? "register" : "unregister");
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, NULL);
    sim_expect(sim, answer, EXPECT_ACCEPTED, "a feature");
    sim->flexible_feature = on;
}

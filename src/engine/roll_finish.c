/* How a rolling upgrade ends. */
#include "engine/os_upgrade.h"
#include "engine/roll_internal.h"
#include "store/roll_steps.h"

static const char *
reason_text(ArmCode code)
{
    switch (code) {
    case ARM_ROLL_UNHEALTHY_BEFORE:
        return "More instances were unhealthy before the rolling upgrade than maxUnhealthyInstancePercent allows.";
    case ARM_ROLL_UNHEALTHY:
        return "More instances are unhealthy than maxUnhealthyInstancePercent allows.";
    case ARM_ROLL_UNHEALTHY_UPGRADED:
        return "More of the upgraded instances are unhealthy than maxUnhealthyUpgradedInstancePercent allows.";
    case ARM_ROLL_CANCELED:
        return "The rolling upgrade was canceled.";
    case ARM_OPERATION_NOT_ALLOWED:
        return "The next instance cannot be upgraded in place: quota has no room for its new size, or it has data disks and "
               "goes to Trusted launch by maxSurge only; and maxSurge is off, or quota has no room for a new instance.";
    default:
        return "";
    }
}

/* The model of a newer image that failed is not left for new instances to come from. */
static gboolean
image_go_back(RollRun *run, const RollAct *act, GString *message, GError **error)
{
    const StoreRoll *roll = run->roll;
    gboolean back = FALSE;
    if (act->status != ROLL_FAULTED || !roll->image_before || !run->target->policy.os_upgrade.rollback)
        return TRUE;
    if (!os_upgrade_go_back(run->pass, run->set, run->row, roll, &back, error))
        return FALSE;
    if (back)
        g_string_append_printf(message, " The scale set's image is version %s again; %s is not tried again by itself.",
                               roll->image_before, run->target->image.exact_version);
    return TRUE;
}

gboolean
roll_run_finish(RollRun *run, const RollAct *act, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (act->code != ARM_N_CODES)
        g_string_append_printf(text, "%s%s%s", reason_text(act->code), run->roll->message ? " " : "",
                               run->roll->message ? run->roll->message : "");
    run->over = TRUE;
    /* Rows first: the marks are counted in the store. */
    if (!roll_run_write(run, error) || !roll_run_forget_all(run, error) || !image_go_back(run, act, text, error))
        return FALSE;
    const char *message = text->len > 0 ? text->str : NULL;
    if (!roll_end(run->pass->tx, run->roll, act->status, act->code, message, run->pass->now, error))
        return FALSE;
    engine_set_drop_aim(run->set);
    /* A newer image may wait for this end, or repairs. */
    engine_set_mark_dirty(run->set);
    return store_set_update(run->pass->tx, run->row, 0, error);
}

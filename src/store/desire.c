#include "store/desire.h"

/* Azure's names: prefix and six digits in base 36. */
static char *
computer_name(const char *prefix, guint id)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char text[7] = "000000";
    for (int i = 5; i >= 0 && id > 0; i--, id /= 36)
        text[i] = digits[id % 36];
    return g_strconcat(prefix, text, NULL);
}

StoreInstance *
instance_new(const StoreSet *set, const Model *model, guint id, UnixTime now)
{
    StoreInstance *instance = g_new0(StoreInstance, 1);
    instance->set_id = set->id;
    instance->id = id;
    instance->vm_id = g_uuid_string_random();
    instance->computer_name = computer_name(model->computer_name_prefix, id);
    instance->created = now;
    instance->state_since = now;
    instance->want_revision = set->revision;
    instance->want_power = POWER_RUNNING;
    instance->want_epoch = 1;
    instance->disk_gen = 1;
    instance->vars_gen = 1;
    instance->vtpm_gen = model->vtpm ? 1 : 0;
    instance->data_gen = 1;
    return instance;
}

static void
launch_again(StoreInstance *instance)
{
    if (instance->want_power == POWER_RUNNING)
        instance->want_epoch++;
}

static gboolean
is_left_behind(const StoreInstance *instance)
{
    return !instance->operation && instance->run_disk_gen > 0 && instance->revision > 0 &&
           instance->revision != instance->want_revision;
}

guint
desire_base(const StoreInstance *instance)
{
    return is_left_behind(instance) ? instance->revision : instance->want_revision;
}

void
desire_update(StoreInstance *instance, guint revision, const Change *change, const Model *after)
{
    guint64 generation = instance->want_epoch + 1;
    if (is_left_behind(instance)) {
        instance->disk_gen = instance->run_disk_gen;
        instance->vars_gen = instance->run_vars_gen;
        instance->vtpm_gen = instance->run_vtpm_gen;
    }
    instance->want_revision = revision;
    /* A reimage before this may have left it set, and what the guest has not written out yet would be lost. */
    instance->skip_shutdown = FALSE;
    if (instance->run_disk_gen == 0) {
        /* It never ran: there is nothing to replace. */
        instance->vtpm_gen = after->vtpm ? instance->disk_gen : 0;
        return;
    }
    if (change->new_os_disk)
        instance->disk_gen = generation;
    if (change->new_variables)
        instance->vars_gen = generation;
    if (!after->vtpm)
        instance->vtpm_gen = 0;
    else if (change->new_vtpm)
        instance->vtpm_gen = generation;
    if (change->kind >= CHANGE_RESTART)
        launch_again(instance);
}

gboolean
desire_check(const StoreInstance *instance, Desire desire, GError **error)
{
    if ((desire != DESIRE_RESTART && desire != DESIRE_REDEPLOY) || instance->want_power == POWER_RUNNING)
        return TRUE;
    return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "instanceIds",
                    "Instance %u is %s: only a running instance can be restarted; start it instead.", instance->id,
                    instance->want_power == POWER_DEALLOCATED ? "deallocated" : "stopped");
}

static void
disk_renew(StoreInstance *instance)
{
    guint64 generation = instance->want_epoch + 1;
    instance->disk_gen = generation;
    instance->vars_gen = generation;
    if (instance->vtpm_gen)
        instance->vtpm_gen = generation;
}

static gboolean
power_apply(StoreInstance *instance, DesiredPower power, gboolean skip_shutdown)
{
    InstanceState rest = power == POWER_DEALLOCATED ? INSTANCE_DEALLOCATED : INSTANCE_STOPPED;
    instance->skip_shutdown = skip_shutdown;
    if (instance->want_power == power && instance->state == rest && !instance->alive)
        return FALSE;
    instance->want_power = power;
    return TRUE;
}

gboolean
desire_apply(StoreInstance *instance, Desire desire, gboolean skip_shutdown)
{
    switch (desire) {
    case DESIRE_START:
        instance->skip_shutdown = FALSE;
        if (instance->want_power == POWER_RUNNING && instance->state == INSTANCE_RUNNING)
            return FALSE;
        instance->want_power = POWER_RUNNING;
        instance->want_epoch++;
        return TRUE;
    case DESIRE_POWER_OFF:
        return power_apply(instance, POWER_STOPPED, skip_shutdown);
    case DESIRE_DEALLOCATE:
        return power_apply(instance, POWER_DEALLOCATED, skip_shutdown);
    case DESIRE_RESTART:
    case DESIRE_REDEPLOY:
        instance->skip_shutdown = FALSE;
        instance->want_epoch++;
        return TRUE;
    case DESIRE_REIMAGE_ALL:
        instance->data_gen = instance->want_epoch + 1;
        G_GNUC_FALLTHROUGH;
    case DESIRE_REIMAGE:
        disk_renew(instance);
        instance->skip_shutdown = TRUE;
        launch_again(instance);
        return TRUE;
    case DESIRE_DELETE:
        desire_deletion(instance, skip_shutdown);
        return TRUE;
    }
    g_assert_not_reached();
}

void
desire_deletion(StoreInstance *instance, gboolean forced)
{
    instance->want_deleted = TRUE;
    instance->skip_shutdown = forced;
    instance->terminate_at = 0;
}

void
desire_notice(StoreInstance *instance, const Policy *policy, UnixTime now)
{
    gboolean hears = instance->state == INSTANCE_RUNNING && instance->alive && instance->agent && instance->quarantined == 0;
    if (policy->terminate_usec > 0 && hears && !instance->skip_shutdown)
        instance->terminate_at = now + policy->terminate_usec;
}

gboolean
desire_notice_end(StoreInstance *instance)
{
    if (instance->terminate_at == 0)
        return FALSE;
    desire_deletion(instance, /* forced= */ TRUE);
    return TRUE;
}

/* Neither running nor on its way to. */
static gboolean
is_out_of_service(const StoreInstance *instance)
{
    return instance->state == INSTANCE_FAILED || instance->health == HEALTH_UNHEALTHY || instance->out_of_health ||
           instance->want_power != POWER_RUNNING ||
           (instance->state == INSTANCE_STOPPED && instance->epoch == instance->want_epoch);
}

GPtrArray *
desire_scale_in(const GPtrArray *instances, const ScaleInPolicy *policy, guint count, GError **error)
{
    g_autofree ScaleInCandidate *candidates = g_new0(ScaleInCandidate, instances->len);
    g_autofree gboolean *goes = g_new0(gboolean, instances->len);
    for (guint i = 0; i < instances->len; i++) {
        const StoreInstance *instance = g_ptr_array_index(instances, i);
        candidates[i] = (ScaleInCandidate){
            .id = instance->id,
            .protected = instance->protect_scale_in || instance->protect_scale_set_actions,
            /* What a rolling upgrade has beyond the capacity is not part of it, and what is in quarantine is kept. */
            .leaving = instance->want_deleted || instance->surge || instance->quarantined,
            .out_of_service = is_out_of_service(instance),
        };
    }
    guint found = scale_in_choose(candidates, instances->len, policy, count, goes);
    if (found < count) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "sku.capacity",
                 "The scale set cannot be scaled in that far: %u more instance(s) would have to go, and the rest are protected "
                 "(protectionPolicy).",
                 count - found);
        return NULL;
    }
    GPtrArray *chosen = g_ptr_array_new();
    for (guint i = 0; i < instances->len; i++) {
        if (goes[i])
            g_ptr_array_add(chosen, g_ptr_array_index(instances, i));
    }
    return chosen;
}

gboolean
integrity_is_against(const StoreInstance *instance)
{
    return integrity_fails(instance->integrity) && !instance->integrity_by_model;
}

/* What is asked of instances, by the set's routes and by their own. */
#include "actions.h"

#include "base/json.h"

#include <string.h>

typedef struct {
    const char *path;
    OperationKind kind;
    DesiredPower power; /* afterwards; POWER_N_STATES: as it is */
    gboolean new_disk, new_data;
    gboolean only_running;
    gboolean protection_holds; /* an instance may be protected from it */
} Deed;

enum { START = 0, RESTART = 4 };
static const Deed deeds[] = {
    [START] = { "start", OPERATION_START, POWER_RUNNING, .only_running = FALSE },
    { "poweroff", OPERATION_POWER_OFF, POWER_STOPPED, .only_running = FALSE },
    { "poweroff?skipShutdown=true", OPERATION_POWER_OFF, POWER_STOPPED, .only_running = FALSE },
    { "deallocate", OPERATION_DEALLOCATE, POWER_DEALLOCATED, .protection_holds = TRUE },
    [RESTART] = { "restart", OPERATION_RESTART, POWER_N_STATES, .only_running = TRUE },
    { "redeploy", OPERATION_REDEPLOY, POWER_N_STATES, .only_running = TRUE },
    { "reimage", OPERATION_REIMAGE, POWER_N_STATES, .new_disk = TRUE, .protection_holds = TRUE },
    { "reimageall", OPERATION_REIMAGE_ALL, POWER_N_STATES, .new_disk = TRUE, .new_data = TRUE, .protection_holds = TRUE },
};

static const Deed upgrade = { "manualupgrade", OPERATION_UPDATE_INSTANCES, POWER_N_STATES, .protection_holds = TRUE };

/* Of whom it is asked. */
typedef enum { ALL, NAMED, OWN_ROUTE } Whom;

typedef struct {
    Whom whom;
    GArray *ids; /* of guint */
} Asked;

static Asked
asked_draw(Sim *sim, const SimSet *set)
{
    Asked asked = { ALL, g_array_new(FALSE, FALSE, sizeof(guint)) };
    guint drawn = random_below(&sim->actions, 10);
    if (drawn < 4 || set->present->len == 0) {
        for (guint i = 0; i < set->present->len; i++)
            g_array_append_val(asked.ids, ((SimInstance *)g_ptr_array_index(set->present, i))->id);
        return asked;
    }
    asked.whom = drawn < 7 ? NAMED : OWN_ROUTE;
    guint first = random_below(&sim->actions, set->present->len);
    guint count = asked.whom == OWN_ROUTE ? 1 : random_between(&sim->actions, 1, 4);
    for (guint i = first; i < set->present->len && i < first + count; i++)
        g_array_append_val(asked.ids, ((SimInstance *)g_ptr_array_index(set->present, i))->id);
    return asked;
}

static char *
ids_body(const Asked *asked)
{
    g_autoptr(json_t) body = json_object();
    json_t *list = json_array();
    for (guint i = 0; asked->whom == NAMED && i < asked->ids->len; i++) {
        g_autofree char *id = g_strdup_printf("%u", g_array_index(asked->ids, guint, i));
        json_array_append_new(list, json_string(id));
    }
    if (asked->whom == ALL)
        json_array_append_new(list, json_string("*"));
    json_object_set_new(body, "instanceIds", list);
    return json_dumps(body, JSON_COMPACT);
}

/* Is the instance one that this is not done to, and what is the answer then? */
typedef enum { IT_IS_DONE, IT_IS_LEFT_OUT, IT_IS_REFUSED } Lot;

/* With data disks an instance never goes to Trusted launch in place. */
static gboolean
needs_surge(const SimSet *set, const SimInstance *instance)
{
    const SimModel *present = sim_model(set);
    return present->trusted && present->disks > 0 && !g_array_index(set->models, SimModel, instance->want - 1).trusted;
}

static Lot
lot_of(const SimSet *set, const Deed *deed, const Asked *asked, const SimInstance *instance)
{
    if (instance->leaving || instance->quarantined)
        return asked->whom == ALL ? IT_IS_LEFT_OUT : IT_IS_REFUSED;
    if (asked->whom != OWN_ROUTE && deed->protection_holds && instance->protect_actions)
        return asked->whom == ALL ? IT_IS_LEFT_OUT : IT_IS_REFUSED;
    if (deed == &upgrade && needs_surge(set, instance))
        return IT_IS_REFUSED;
    if (deed->only_running && instance->power != POWER_RUNNING)
        return asked->whom == ALL ? IT_IS_LEFT_OUT : IT_IS_REFUSED;
    return IT_IS_DONE;
}

/* Where other operations are under way, or nobody can say what came of one, either answer is right. */
static Expected
expected_of(Sim *sim, const SimSet *set, const Deed *deed, const Asked *asked)
{
    gboolean unsure = !set_is_quiet(sim, set) || (deed == &upgrade && sim->quota_is_cut);
    if (set->deleting)
        return EXPECT_REFUSED;
    for (guint i = 0; i < asked->ids->len; i++) {
        const SimInstance *instance = sim_instance(set, g_array_index(asked->ids, guint, i));
        if (instance && lot_of(set, deed, asked, instance) == IT_IS_REFUSED)
            return unsure || instance->unsure ? EXPECT_EITHER : EXPECT_REFUSED;
        unsure = unsure || !instance || instance->unsure;
    }
    return unsure ? EXPECT_EITHER : EXPECT_ACCEPTED;
}

/* What the request entitles the host to replace. */
static void
entitle(Sim *sim, const SimSet *set, const Deed *deed, guint id)
{
    Vm *vm = vm_of(sim, set, id);
    if (deed == &upgrade) {
        sim_instance(set, id)->taken_back = TRUE;
        vm_entitle(vm, sim_model(set), set->revision);
        return;
    }
    vm->may_disk = vm->may_disk || deed->new_disk;
    vm->may_data = vm->may_data || deed->new_data;
    /* Guest state lives and dies with the OS disk. */
    vm->may_vars = vm->may_vars || vm->may_disk;
    vm->may_vtpm = vm->may_vtpm || vm->may_disk;
}

static void
accepted(Sim *sim, SimSet *set, const Deed *deed, const Asked *asked, const Answer *answer)
{
    SimOperation *operation = promise_operation(sim, answer, deed->kind, set);
    for (guint i = 0; i < asked->ids->len; i++) {
        SimInstance *instance = sim_instance(set, g_array_index(asked->ids, guint, i));
        /* Whoever is named, and not refused what is for running ones alone, is one of them. */
        if (instance && instance->unsure && deed->only_running && asked->whom != ALL && !instance->leaving)
            instance->power = POWER_RUNNING;
        if (!instance)
            continue;
        /* Of all of them those that run: who of those of whom nobody knows whether they are to is one of them? */
        gboolean perhaps = instance->unsure && deed->only_running && asked->whom == ALL && !instance->leaving;
        if (!perhaps && lot_of(set, deed, asked, instance) != IT_IS_DONE)
            continue;
        if (operation)
            operation_cover(sim, operation, set, instance->id)->perhaps = perhaps;
        if (deed->power != POWER_N_STATES) {
            instance->power = deed->power;
            instance->unsure = FALSE;
        }
        entitle(sim, set, deed, instance->id);
    }
}

static void
deed_ask(Sim *sim, SimSet *set, const Deed *deed, Asked asked)
{
    g_autofree char *body = asked.whom == OWN_ROUTE ? NULL : ids_body(&asked);
    g_autofree char *target = asked.whom == OWN_ROUTE ? g_strdup_printf("@/%s/virtualMachines/%u/%s", set->name,
                                                                        g_array_index(asked.ids, guint, 0), deed->path)
                                                      : g_strdup_printf("@/%s/%s", set->name, deed->path);
    Expected expected = expected_of(sim, set, deed, &asked);
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, body);
    sim_expect(sim, answer, expected, deed->path);
    if (answer->response->status < 300)
        accepted(sim, set, deed, &asked, answer);
    g_array_unref(asked.ids);
}

void
act_upgrade(Sim *sim, SimSet *set)
{
    Asked asked = asked_draw(sim, set);
    if (asked.whom == OWN_ROUTE)
        asked.whom = NAMED;
    deed_ask(sim, set, &upgrade, asked);
}

void
act_power(Sim *sim, SimSet *set)
{
    deed_ask(sim, set, &deeds[random_below(&sim->actions, G_N_ELEMENTS(deeds))], asked_draw(sim, set));
}

/* By force they go at once, those too whose guests have been given time. */
static void
leaving_add(const SimSet *set, Asked *asked)
{
    for (guint i = 0; i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        gboolean named = FALSE;
        for (guint k = 0; k < asked->ids->len; k++)
            named = named || g_array_index(asked->ids, guint, k) == instance->id;
        if (instance->leaving && !named)
            g_array_append_val(asked->ids, instance->id);
    }
}

static void
deletion_ask(Sim *sim, SimSet *set, Asked asked, gboolean forced)
{
    asked.whom = NAMED;
    if (forced)
        leaving_add(set, &asked);
    g_autofree char *body = ids_body(&asked),
                    *target = g_strdup_printf("@/%s/delete%s", set->name, forced ? "?forceDeletion=true" : "");
    Expected expected = set->deleting ? EXPECT_REFUSED : set_is_quiet(sim, set) ? EXPECT_ACCEPTED : EXPECT_EITHER;
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, body);
    sim_expect(sim, answer, expected, "deleting instances");
    guint leaving = 0, part = 0;
    for (guint i = 0; answer->response->status < 300 && i < asked.ids->len; i++) {
        Vm *vm = vm_of(sim, set, g_array_index(asked.ids, guint, i));
        vm->named = TRUE;
        if (forced)
            notice_forced(sim, vm);
    }
    for (guint i = 0; answer->response->status < 300 && i < asked.ids->len; i++) {
        const SimInstance *instance = sim_instance(set, g_array_index(asked.ids, guint, i));
        leaving += instance->leaving ? 0 : 1;
        part += instance->leaving || instance->surge || instance->replaced ? 0 : 1;
    }
    if (leaving > 0) {
        SimModel after = *sim_model(set);
        after.capacity -= MIN(after.capacity, part);
        SimOperation *operation = promise_operation(sim, answer, OPERATION_DELETE_INSTANCES, set);
        for (guint i = 0; i < asked.ids->len; i++) {
            SimInstance *instance = sim_instance(set, g_array_index(asked.ids, guint, i));
            if (!instance->leaving && operation)
                operation_cover(sim, operation, set, instance->id);
            instance->leaving = TRUE;
        }
        if (part > 0)
            promise_model(sim, set, set->revision + 1, &after);
    }
    g_array_unref(asked.ids);
}

void
act_delete_instances(Sim *sim, SimSet *set)
{
    Asked asked = asked_draw(sim, set);
    if (asked.whom == ALL || asked.ids->len == 0) {
        g_array_unref(asked.ids);
        return;
    }
    gboolean forced = random_chance(&sim->actions, 30);
    deletion_ask(sim, set, asked, forced);
}

void
instance_delete(Sim *sim, SimSet *set, guint id)
{
    Asked asked = { NAMED, g_array_new(FALSE, FALSE, sizeof(guint)) };
    g_array_append_val(asked.ids, id);
    deletion_ask(sim, set, asked, /* forced= */ FALSE);
}

void
act_protect(Sim *sim, SimSet *set)
{
    if (set->present->len == 0)
        return;
    SimInstance *instance = g_ptr_array_index(set->present, random_below(&sim->actions, set->present->len));
    gboolean of_actions = random_chance(&sim->actions, 30), of_scale_in = of_actions || random_chance(&sim->actions, 40);
    g_autofree char *target = g_strdup_printf("@/%s/virtualMachines/%u", set->name, instance->id);
    g_autofree char *body =
        g_strdup_printf("{\"properties\":{\"protectionPolicy\":{\"protectFromScaleIn\":%s,\"protectFromScaleSetActions\":%s}}}",
                        of_scale_in ? "true" : "false", of_actions ? "true" : "false");
    /* What has not taken an old one's place yet is promised nothing. */
    gboolean refused = set->deleting || (instance->surge && of_scale_in);
    g_autoptr(Answer) answer = sim_ask(sim, "PUT", target, body);
    sim_expect(sim, answer, refused ? EXPECT_REFUSED : instance->leaving ? EXPECT_EITHER : EXPECT_ACCEPTED, "protection");
    if (answer->response->status >= 300)
        return;
    instance->protect_scale_in = of_scale_in;
    instance->protect_actions = of_actions;
}

static Asked
asked_all(const SimSet *set)
{
    Asked asked = { ALL, g_array_new(FALSE, FALSE, sizeof(guint)) };
    for (guint i = 0; i < set->present->len; i++)
        g_array_append_val(asked.ids, ((SimInstance *)g_ptr_array_index(set->present, i))->id);
    return asked;
}

static Asked
asked_tampered(Sim *sim, const SimSet *set)
{
    Asked asked = { NAMED, g_array_new(FALSE, FALSE, sizeof(guint)) };
    for (guint i = 0; i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        if (vm_of(sim, set, instance->id)->tampered != SIMULATED_OK && !instance->leaving && !instance->quarantined)
            g_array_append_val(asked.ids, instance->id);
    }
    return asked;
}

static gboolean
somebody(const SimSet *set, gboolean (*is)(const SimSet *set, const SimInstance *instance))
{
    for (guint i = 0; i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        if (!instance->quarantined && is(set, instance))
            return TRUE;
    }
    return FALSE;
}

/* Is it on a model whose instances do not become well? */
static gboolean
is_on_ill_model(const SimSet *set, const SimInstance *instance)
{
    return !model_is_well(&g_array_index(set->models, SimModel, instance->want - 1));
}

/* Where nothing goes wrong any more, a rolling upgrade brings everybody to the model. */
static void
roll_at_the_end(Sim *sim, SimSet *set)
{
    gboolean in_its_way = !sim_model(set)->policy.rolling.surge && somebody(set, needs_surge);
    gboolean is_well = model_is_well(sim_model(set)) && !somebody(set, is_on_ill_model) && !in_its_way;
    act_roll_start(sim, set);
    check_step(sim);
    sim_settle(sim);
    /* A newer image may have come after it. */
    if (!sim->broken && is_well && !sim_model(set)->policy.os_enabled && set->roll_ended_as != ROLL_COMPLETED)
        sim_break(sim, "once faults stop, a rolling upgrade reaches its set's model", "%s: %s", set->name,
                  roll_status_text(set->roll_ended_as));
}

/* It is not proven until it boots as it should, and a rolling upgrade that does not launch it leaves it as it is. */
static void
restart_tampered(Sim *sim, SimSet *set)
{
    Asked asked = asked_tampered(sim, set);
    if (asked.ids->len == 0) {
        g_array_unref(asked.ids);
        return;
    }
    deed_ask(sim, set, &deeds[RESTART], asked);
    sim_settle(sim);
}

void
action_heal(Sim *sim)
{
    for (guint i = 0; i < sim->sets->len && !sim->broken; i++) {
        SimSet *set = g_ptr_array_index(sim->sets, i);
        if (set->gone)
            continue;
        quarantine_end(sim, set);
        deed_ask(sim, set, &deeds[START], asked_all(set));
        sim_settle(sim);
        restart_tampered(sim, set);
        roll_at_the_end(sim, set);
        set->left_behind = somebody(set, needs_surge);
        if (set->left_behind)
            continue;
        deed_ask(sim, set, &upgrade, asked_all(set));
        sim_settle(sim);
    }
}

/* Forward to a newer image and back from it, and once more by hand. */
#define UPGRADES_AT_THE_END 3

void
action_follow(Sim *sim)
{
    act_import_last(sim);
    sim_settle(sim);
    /* Applications are asked for their health until all are known to be well. */
    sim_wait(sim, 600 * USEC_PER_SEC);
    sim_settle(sim);
    if (!sim->broken)
        check_followed(sim);
    for (guint i = 0; i < sim->sets->len && !sim->broken; i++) {
        SimSet *set = g_ptr_array_index(sim->sets, i);
        guint revision = 0;
        if (set->gone || set->left_behind)
            continue;
        /* Who is well by that may let the set take the newer image, which makes another revision. */
        for (guint n = 0; n < UPGRADES_AT_THE_END && set->revision != revision && !sim->broken; n++) {
            revision = set->revision;
            deed_ask(sim, set, &upgrade, asked_all(set));
            sim_settle(sim);
        }
    }
}

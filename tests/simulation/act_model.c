/* What changes a scale set's model. */
#include "actions.h"

#include "base/json.h"

#include <string.h>

#define SETS_MAX 3

/* Somebody has another size than the model, by an earlier one of its revisions. */
static gboolean
somebody_changes_size(const SimSet *set, const SimModel *after)
{
    for (guint i = 0; set && i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        if (g_array_index(set->models, SimModel, instance->want - 1).size != after->size)
            return TRUE;
    }
    return FALSE;
}

/* The same of one that was never launched. */
static gboolean
somebody_unborn_changes_size(Sim *sim, const SimSet *set, const SimModel *after)
{
    for (guint i = 0; i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        if (vm_of(sim, set, instance->id)->launches == 0 &&
            g_array_index(set->models, SimModel, instance->want - 1).size != after->size)
            return TRUE;
    }
    return FALSE;
}

/* Whoever takes no more than before is never refused for the quota's sake; others may be while it is cut, and whether they are
 * rightly let through is seen by what is in use afterwards. */
static gboolean
quota_may_refuse(Sim *sim, const SimSet *set, const SimModel *after)
{
    const SimSize *size = &sim_sizes[after->size], *before = set ? &sim_sizes[sim_model(set)->size] : NULL;
    if (!sim->quota_is_cut)
        return FALSE;
    /* A rolling upgrade that it begins may want for room. */
    if (after->policy.mode == UPGRADE_ROLLING && after->policy.rolling.surge)
        return TRUE;
    /* In mode Automatic everybody is brought to it now. */
    if (after->policy.mode == UPGRADE_AUTOMATIC && somebody_changes_size(set, after))
        return TRUE;
    /* And who never ran takes it in any mode. */
    if (set && somebody_unborn_changes_size(sim, set, after))
        return TRUE;
    return !before || strcmp(before->family, size->family) != 0 ||
           after->capacity * size->vcpus > sim_model(set)->capacity * before->vcpus;
}

static gboolean
is_removable(const SimInstance *instance)
{
    return !instance->leaving && !instance->surge && !instance->quarantined && !instance->protect_scale_in &&
           !instance->protect_actions;
}

static guint
removable(const SimSet *set)
{
    guint count = 0;
    for (guint i = 0; i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        count += is_removable(instance) ? 1 : 0;
    }
    return count;
}

/* In mode Automatic everybody is brought to the model in place, which data disks do not allow on the way to Trusted launch. A
 * step on that way that has not begun is taken back by the change. */
static gboolean
somebody_needs_surge(Sim *sim, const SimSet *set, const SimModel *after)
{
    for (guint i = 0; after->trusted && after->disks > 0 && i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        const LaunchSpec *last = vm_of(sim, set, instance->id)->last;
        if (!g_array_index(set->models, SimModel, instance->want - 1).trusted || (last && !last->trusted_launch))
            return TRUE;
    }
    return FALSE;
}

Expected
change_expected(Sim *sim, const SimSet *set, const SimModel *after)
{
    const SimModel *before = sim_model(set);
    guint staying = sim_staying(set);
    if (set->deleting || !model_is_valid(after))
        return EXPECT_REFUSED;
    if (after->policy.mode == UPGRADE_AUTOMATIC && after->flexible)
        return EXPECT_REFUSED;
    if (!before->trusted && after->trusted && after->disks > 0 &&
        (after->policy.mode != UPGRADE_ROLLING || !after->policy.rolling.surge))
        return EXPECT_REFUSED;
    if (!before->trusted && after->trusted && after->flexible && !sim->flexible_feature)
        return EXPECT_REFUSED;
    if (after->policy.mode == UPGRADE_AUTOMATIC && somebody_needs_surge(sim, set, after))
        return EXPECT_EITHER;
    if (after->capacity < staying && staying - after->capacity > removable(set))
        return EXPECT_REFUSED;
    /* What is attached to somebody needs room too. */
    if (set->has_attached && (after->size != before->size || after->disks != before->disks))
        return EXPECT_EITHER;
    return quota_may_refuse(sim, set, after) ? EXPECT_EITHER : EXPECT_ACCEPTED;
}

static gboolean
model_same(const SimModel *a, const SimModel *b, gboolean *ret_same_effect)
{
    *ret_same_effect = model_same_effect(a, b) && a->capacity == b->capacity;
    return *ret_same_effect && a->latest == b->latest && a->tag == b->tag && a->says_standard == b->says_standard &&
           policy_same(&a->policy, &b->policy);
}

static void
leave(Sim *sim, SimSet *set, SimInstance *instance, SimOperation *operation)
{
    instance->leaving = TRUE;
    if (operation)
        operation_cover(sim, operation, set, instance->id);
}

/* Scaling in: those that nothing protects, by the policy's rule; present is by id, which rises with age. */
static guint
shrink_round(Sim *sim, SimSet *set, guint count, gboolean out_of_service, SimOperation *operation)
{
    gboolean oldest = sim_model(set)->policy.scale_in == SCALE_IN_OLDEST_VM;
    for (guint i = 0; i < set->present->len && count > 0; i++) {
        SimInstance *instance = g_ptr_array_index(set->present, oldest ? i : set->present->len - 1 - i);
        if (!is_removable(instance) || (out_of_service && !instance->out_of_service))
            continue;
        leave(sim, set, instance, operation);
        count--;
    }
    return count;
}

static void
shrink(Sim *sim, SimSet *set, guint count, SimOperation *operation)
{
    if (sim_model(set)->policy.scale_in_ill_first)
        count = shrink_round(sim, set, count, /* out_of_service= */ TRUE, operation);
    shrink_round(sim, set, count, /* out_of_service= */ FALSE, operation);
}

static gboolean
changes_power(OperationKind kind)
{
    return kind == OPERATION_START || kind == OPERATION_POWER_OFF || kind == OPERATION_DEALLOCATE;
}

/* Whoever had a step in hand may go on under the newer operation, or be given back what is. */
static void
supersede(Sim *sim, SimSet *set, SimOperation *successor, gboolean deletes_all)
{
    for (guint i = 0; i < sim->operations->len; i++) {
        const SimOperation *operation = g_ptr_array_index(sim->operations, i);
        if (operation == successor || operation->status != OPERATION_IN_PROGRESS || strcmp(operation->set, set->uid) != 0)
            continue;
        if (operation->kind == OPERATION_DELETE_INSTANCES && !deletes_all)
            continue;
        for (guint k = 0; k < operation->covers->len; k++) {
            guint id = g_array_index(operation->covers, SimCover, k).id;
            SimInstance *instance = sim_instance(set, id);
            if (!instance)
                continue;
            instance->unsure = instance->unsure || changes_power(operation->kind);
            if (successor)
                operation_cover(sim, successor, set, id);
        }
    }
}

/* What never ran takes the newest model, as new ones do. */
static void
unborn_update(Sim *sim, SimSet *set)
{
    for (guint i = 0; i < set->present->len; i++) {
        Vm *vm = vm_of(sim, set, ((const SimInstance *)g_ptr_array_index(set->present, i))->id);
        if (vm->launches == 0)
            vm->revision_max = set->revision;
    }
}

/* Everybody is brought to the newest model at once. */
static void
all_update(Sim *sim, SimSet *set, SimOperation *operation)
{
    for (guint i = 0; i < set->present->len; i++) {
        const SimInstance *instance = g_ptr_array_index(set->present, i);
        if (instance->leaving || instance->protect_actions || instance->quarantined)
            continue;
        vm_entitle(vm_of(sim, set, instance->id), sim_model(set), set->revision);
        if (operation)
            operation_cover(sim, operation, set, instance->id);
    }
}

static guint
answer_number(const Answer *answer, const char *path)
{
    return (guint)json_integer_value(answer_at(answer, path));
}

void
change_accepted(Sim *sim, SimSet *set, const SimModel *after, const Answer *answer)
{
    const SimModel before = *sim_model(set);
    gboolean same_effect, same = model_same(&before, after, &same_effect);
    guint revision = answer_number(answer, "properties.revision"), staying = sim_staying(set);
    /* A change of nothing makes the set look for who is out of date in mode Rolling only. */
    if (after->policy.mode == UPGRADE_ROLLING || (set->roll.id != 0 && !same)) {
        set->roll_may_begin = TRUE;
        set->roll_cancel = FALSE;
    }
    if (same) {
        if (revision != set->revision)
            sim_break(sim, "a change that changes nothing makes no revision", "set %s: %u after %u", set->name, revision,
                      set->revision);
        return;
    }
    promise_model(sim, set, revision, after);
    image_back_note(set, &before, after);
    SimOperation *operation = promise_operation(sim, answer, OPERATION_PUT_SCALE_SET, set);
    if (after->policy.mode == UPGRADE_AUTOMATIC)
        all_update(sim, set, operation);
    if (same_effect)
        return;
    supersede(sim, set, operation, /* deletes_all= */ FALSE);
    unborn_update(sim, set);
    if (after->capacity > staying) {
        guint first = set->next_id;
        promise_grow(sim, set, after->capacity - staying);
        for (guint id = first; operation && id < set->next_id; id++)
            operation_cover(sim, operation, set, id);
    } else {
        shrink(sim, set, staying - after->capacity, operation);
    }
}

static void
change_ask(Sim *sim, SimSet *set, const SimModel *after)
{
    g_autofree char *target = g_strdup_printf("@/%s", set->name), *body = model_body(after, sim_model(set));
    Expected expected = change_expected(sim, set, after);
    g_autoptr(Answer) answer = sim_ask(sim, "PATCH", target, body);
    sim_expect(sim, answer, expected, "a change of the model");
    if (answer->response->status < 300)
        change_accepted(sim, set, after, answer);
}

void
act_create(Sim *sim, SimSet *none)
{
    (void)none;
    guint there = 0;
    for (guint i = 0; i < sim->sets->len; i++)
        there += ((const SimSet *)g_ptr_array_index(sim->sets, i))->gone ? 0 : 1;
    if (there >= SETS_MAX)
        return;
    SimModel model = model_random(sim);
    g_autofree char *name = g_strdup_printf("s%u", sim->sets->len), *target = g_strconcat("@/", name, NULL);
    g_autofree char *body = model_body(&model, NULL);
    g_autoptr(Answer) answer = sim_ask(sim, "PUT", target, body);
    sim_expect(sim, answer, quota_may_refuse(sim, NULL, &model) ? EXPECT_EITHER : EXPECT_ACCEPTED, "a new scale set");
    if (answer->response->status >= 300)
        return;
    g_autofree char *uid = answer_text(answer, "properties.uniqueId");
    SimSet *set = promise_create(sim, name, uid, &model);
    SimOperation *operation = promise_operation(sim, answer, OPERATION_PUT_SCALE_SET, set);
    for (guint id = 0; operation && id < set->next_id; id++)
        operation_cover(sim, operation, set, id);
}

void
act_scale(Sim *sim, SimSet *set)
{
    SimModel after = *sim_model(set);
    guint up_to = after.capacity + 6;
    after.capacity = random_between(&sim->actions, 0, up_to);
    change_ask(sim, set, &after);
}

static void
security_draw(Sim *sim, SimModel *model)
{
    gboolean was_trusted = model->trusted;
    model->trusted = random_chance(&sim->actions, 65);
    model->secure_boot = model->trusted && random_chance(&sim->actions, 60);
    model->vtpm = model->trusted && random_chance(&sim->actions, 70);
    model->says_standard = !model->trusted && (was_trusted || model->says_standard);
}

static SimModel
changed(Sim *sim, const SimModel *before)
{
    SimModel after = *before;
    guint what = random_between(&sim->actions, 1, 31);
    if (what & 1)
        after.size = random_below(&sim->actions, sim_n_sizes);
    if (what & 2) {
        after.image = random_below(&sim->actions, sim->kind.faults ? sim_n_images : sim_n_images - 1);
        after.latest = FALSE;
    }
    if (what & 4)
        security_draw(sim, &after);
    if ((what & 8) && random_chance(&sim->actions, 30))
        after.disks = after.disks + random_below(&sim->actions, 2);
    if (what & 16)
        after.tag = after.tag + 1;
    if (random_chance(&sim->actions, 25)) {
        after.policy = policy_random(sim, &sim->actions, after.flexible);
        policy_keep_os(&after.policy, &before->policy);
    }
    if (random_chance(&sim->actions, 10))
        after.health = health_random(&sim->actions);
    if (sim->kind.attested && random_chance(&sim->actions, 40))
        after.attested = before->attested ? random_chance(&sim->actions, 70) : model_attestable(&after);
    if (!after.attested)
        after.deviation = DEVIATION_REPORTED;
    else if (!before->attested || random_chance(&sim->actions, 25))
        after.deviation = deviation_random(&sim->actions);
    if (sim->kind.images && ((what & 2) || random_chance(&sim->actions, 20)))
        follow_draw(sim, &sim->actions, &after);
    return after;
}

/* Mostly one that is to be accepted: refusals are soon told. */
void
act_change(Sim *sim, SimSet *set)
{
    SimModel after = changed(sim, sim_model(set));
    for (guint i = 0; i < 6 && change_expected(sim, set, &after) != EXPECT_ACCEPTED; i++)
        after = changed(sim, sim_model(set));
    change_ask(sim, set, &after);
}

void
act_delete_set(Sim *sim, SimSet *set)
{
    g_autofree char *target = g_strdup_printf("@/%s", set->name);
    g_autoptr(Answer) answer = sim_ask(sim, "DELETE", target, NULL);
    sim_expect(sim, answer, EXPECT_ACCEPTED, "deleting a scale set");
    if (answer->response->status >= 300 || set->deleting)
        return;
    SimOperation *operation = promise_operation(sim, answer, OPERATION_DELETE_SCALE_SET, set);
    set->deleting = TRUE;
    supersede(sim, set, operation, /* deletes_all= */ TRUE);
    for (guint i = 0; i < set->present->len; i++)
        leave(sim, set, g_ptr_array_index(set->present, i), operation);
}

/* What it says would be accepted is accepted, and the other way round; it changes nothing. */
void
act_what_if(Sim *sim, SimSet *set)
{
    SimModel after = changed(sim, sim_model(set));
    g_autofree char *target = g_strdup_printf("@/%s/whatIf", set->name), *body = model_body(&after, sim_model(set));
    Expected expected = change_expected(sim, set, &after);
    guint64 revision = store_revision(sim->world->store);
    g_autoptr(Answer) answer = sim_ask(sim, "POST", target, body);
    sim_expect(sim, answer, set->deleting ? EXPECT_REFUSED : EXPECT_ACCEPTED, "what-if");
    if (store_revision(sim->world->store) != revision)
        sim_break(sim, "what-if changes nothing", "set %s", set->name);
    if (answer->response->status >= 300)
        return;
    const char *says = json_string_value(answer_at(answer, "status"));
    if (expected != EXPECT_EITHER && g_strcmp0(says, expected == EXPECT_ACCEPTED ? "Accepted" : "Refused") != 0)
        sim_break(sim, "what-if foresees the answer", "set %s: %s", set->name, says ? says : "(nothing)");
}

/* Automatic OS image upgrade: images that are imported, who follows `latest`, and each revision that the engine makes for it,
 * judged without the planner. */
#include "actions.h"
#include "rows.h"

#include <string.h>

#define PERCENT_DEFAULT 20

static const char *const name = "an image is taken by itself only where it is wanted";

static const SimModel *
model_at(const SimSet *set, guint revision)
{
    return &g_array_index(set->models, SimModel, revision - 1);
}

/* ---- images ---- */

gboolean
image_is_there(const Sim *sim, guint image)
{
    return image < sim_n_images || sim->imported[image];
}

static gboolean
is_later(const SimImage *image, const SimImage *than)
{
    return image->pre_release != than->pre_release ? than->pre_release : image->rank > than->rank;
}

guint
image_newest(const Sim *sim, guint image)
{
    guint newest = image;
    for (guint i = 0; i < sim_n_all_images; i++) {
        if (image_is_there(sim, i) && strcmp(sim_images[i].sku, sim_images[image].sku) == 0 &&
            is_later(&sim_images[i], &sim_images[newest]))
            newest = i;
    }
    return newest;
}

static void
import(Sim *sim, guint index)
{
    const SimImage *from = &sim_images[index];
    ImageInfo image = {
        .publisher = (char *)"Testudo",
        .offer = (char *)"mini",
        .sku = (char *)from->sku,
        .version = (char *)from->version,
        .generation = from->generation,
        .architecture = (char *)"x64",
        .os_type = (char *)"Linux",
        .security_type = (char *)(from->generation == 2 ? "TrustedLaunchSupported" : "Standard"),
        .guest_agent = from->agent,
        .format = IMAGE_QCOW2,
        .sha256 = (char *)"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        .virtual_size = 1u << 30,
    };
    trace_act(sim, "image %s %s is imported", image.sku, image.version);
    /* As the import's own thread does it when its file is there; whoever is told that the store failed tries again. */
    for (gboolean done = FALSE; !done;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(StoreTx) tx = store_write(sim->world->store, &error);
        done = tx && store_image_put(tx, &image, &error) && store_commit(g_steal_pointer(&tx), &error);
    }
    sim->imported[index] = TRUE;
}

static gboolean
may_be_imported(const Sim *sim, guint image)
{
    return image >= sim_n_images && !sim->imported[image] && sim_images[image].rank < SIM_RANK_LAST;
}

/* Rather the older ones first, of the set's sku. */
void
act_import(Sim *sim, SimSet *set)
{
    guint drawn = sim_n_all_images;
    for (guint i = 0; i < 8; i++) {
        guint image = random_between(&sim->actions, sim_n_images, sim_n_all_images - 1);
        if (may_be_imported(sim, image) && strcmp(sim_images[image].sku, sim_images[sim_model(set)->image].sku) == 0)
            drawn = MIN(drawn, image);
    }
    if (drawn < sim_n_all_images)
        import(sim, drawn);
}

void
act_import_last(Sim *sim)
{
    for (guint i = sim_n_images; i < sim_n_all_images; i++) {
        if (sim_images[i].rank == SIM_RANK_LAST)
            import(sim, i);
    }
}

/* ---- who follows ---- */

/* The image is named `latest`, once more or for the first time, or a version that was imported. */
void
follow_draw(const Sim *sim, Random *random, SimModel *model)
{
    static const guint of_skus[] = { 0, 1, 1, 1 };
    gboolean other = !model->latest || random_chance(random, 25);
    guint sku = other ? of_skus[random_below(random, G_N_ELEMENTS(of_skus))] : model->image;
    model->latest = random_chance(random, 90);
    model->image = image_newest(sim, sku);
    if (!model->latest)
        do
            model->image = random_below(random, sim_n_all_images);
        while (!image_is_there(sim, model->image) || !sim_images[model->image].bootable);
    if (model->health == 0)
        model->health = health_random(random);
    model->policy.os_enabled = model->latest && random_chance(random, 85);
    model->policy.os_own_rolling = random_chance(random, 50);
    model->policy.os_no_rollback = random_chance(random, 15);
}

SimRolling
roll_policy(const SimModel *target, guint os_before)
{
    SimRolling rolling = target->policy.rolling;
    if (os_before == 0)
        return rolling;
    if (!target->policy.os_own_rolling)
        rolling = (SimRolling){ .batch = PERCENT_DEFAULT, .unhealthy = PERCENT_DEFAULT, .unhealthy_upgraded = PERCENT_DEFAULT };
    rolling.rollback = rolling.rollback || !target->policy.os_no_rollback;
    return rolling;
}

/* Who goes back to an older version does not want the newer one by itself again. */
void
image_back_note(SimSet *set, const SimModel *before, const SimModel *after)
{
    const SimImage *from = &sim_images[before->image], *to = &sim_images[after->image];
    if (strcmp(from->sku, to->sku) != 0)
        set->avoided = 0;
    else if (from->rank > to->rank && (set->avoided == 0 || from->rank > sim_images[set->avoided - 1].rank))
        set->avoided = before->image + 1;
    if (!model_same_effect(before, after))
        set->roll.os_before = 0;
}

static SimModel
on_image(const SimModel *model, guint image)
{
    SimModel moved = *model;
    moved.image = image;
    return moved;
}

static gboolean
is_avoided(const SimSet *set, guint image)
{
    return set->avoided != 0 && sim_images[image].rank <= sim_images[set->avoided - 1].rank;
}

/* *ret_newest: that it would take. */
static gboolean
is_wanted(const Sim *sim, const SimSet *set, guint *ret_newest)
{
    const SimModel *model = sim_model(set);
    *ret_newest = image_newest(sim, model->image);
    return model->policy.os_enabled && model->latest && sim_images[*ret_newest].rank > sim_images[model->image].rank &&
           !is_avoided(set, *ret_newest);
}

/* ---- the engine's own revisions ---- */

static void
forward_judge(Sim *sim, SimSet *set, const StoreRoll *roll)
{
    const SimModel *model = sim_model(set);
    guint newest = image_newest(sim, model->image);
    SimModel after = on_image(model, newest);
    const char *why = NULL;
    if (!model->policy.os_enabled || !model->latest)
        why = "nobody asked for it";
    else if (sim_images[newest].rank <= sim_images[model->image].rank)
        why = "there is no newer one";
    else if (is_avoided(set, newest))
        why = "it failed, or somebody went back from it";
    else if (!model_is_valid(&after))
        why = "it does not fit";
    else if (roll->id == set->roll.id)
        why = "another rolling upgrade is under way";
    if (why)
        sim_break(sim, name, "%s goes from %s to %s: %s", set->name, sim_images[model->image].version,
                  sim_images[newest].version, why);
    trace_step(sim, "%s takes image %s", set->name, sim_images[newest].version);
    set->os_before = model->image + 1;
    set->os_roll = roll->id;
    set->roll_may_begin = TRUE;
    set->roll_cancel = FALSE;
    promise_model(sim, set, set->revision + 1, &after);
    operation_add(sim, g_strdup(roll->operation), OPERATION_ROLLING_UPGRADE, set);
}

static void
back_judge(Sim *sim, SimSet *set, const StoreRoll *failed)
{
    const SimModel *model = sim_model(set);
    guint before = !failed                      ? 0
                   : failed->id == set->roll.id ? set->roll.os_before
                   : failed->id == set->os_roll ? set->os_before
                                                : 0;
    if (before == 0 || failed->status != ROLL_FAULTED || model_at(set, failed->target)->policy.os_no_rollback) {
        sim_break(sim, "only a newer image that failed is put back", "%s from %s", set->name, sim_images[model->image].version);
        return;
    }
    SimModel after = on_image(model, before - 1);
    trace_step(sim, "%s goes back to image %s", set->name, sim_images[before - 1].version);
    set->avoided = model->image + 1;
    promise_model(sim, set, set->revision + 1, &after);
}

/* The newest one that goes so far; NULL: none goes there. exact: to that revision itself. */
static const StoreRoll *
roll_to(const GPtrArray *rolls, guint target, gboolean exact)
{
    for (guint i = 0; i < rolls->len; i++) {
        const StoreRoll *roll = g_ptr_array_index(rolls, i);
        if (roll->target == target || (!exact && roll->target < target))
            return roll;
    }
    return NULL;
}

static void
avoided_judge(Sim *sim, SimSet *set, const RowSet *row)
{
    guint newest;
    if (is_wanted(sim, set, &newest) && g_strcmp0(row->set->image_avoided, sim_images[newest].version) == 0) {
        SimModel after = on_image(sim_model(set), newest);
        if (!model_is_valid(&after))
            set->avoided = newest + 1;
    }
    const char *avoided = set->avoided ? sim_images[set->avoided - 1].version : NULL;
    if (g_strcmp0(row->set->image_avoided, avoided) != 0)
        sim_break(sim, "a version that failed, and no other, is left alone", "%s: %s, not %s", set->name,
                  row->set->image_avoided ? row->set->image_avoided : "(none)", avoided ? avoided : "(none)");
}

void
images_follow(Sim *sim, SimSet *set, const RowSet *row)
{
    if (row->set->revision > set->revision && sim->kind.images) {
        g_autoptr(GError) error = NULL;
        g_autoptr(StoreTx) tx = store_read(sim->world->store, &error);
        g_autoptr(GPtrArray) rolls = tx ? store_roll_list(tx, row->set->id, &error) : NULL;
        g_assert_no_error(error);
        while (row->set->revision > set->revision && !sim->broken) {
            const StoreRoll *begun = roll_to(rolls, set->revision + 1, /* exact= */ TRUE);
            if (begun)
                forward_judge(sim, set, begun);
            else
                back_judge(sim, set, roll_to(rolls, set->revision, /* exact= */ FALSE));
        }
    }
    if (!sim->broken)
        avoided_judge(sim, set, row);
}

/* ---- at rest, and in the end ---- */

void
newer_images_are_taken(Sim *sim, const Rows *rows, const char *invariant)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        guint newest, part = 0, ill = 0;
        if (set->deleting || row->roll || !is_wanted(sim, set, &newest))
            continue;
        for (guint k = 0; k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            const gboolean counts = !instance->want_deleted && !instance->surge && !instance->quarantined;
            part += counts ? 1 : 0;
            ill += counts && row_is_ill(instance) ? 1 : 0;
        }
        if (ill * 100 <= part * roll_policy(sim_model(set), /* os_before= */ 1).unhealthy)
            sim_break(sim, invariant, "%s is on %s, and %s is there; %u of %u are ill", set->name,
                      sim_images[sim_model(set)->image].version, sim_images[newest].version, ill, part);
    }
}

static gboolean
all_are_well(const SimSet *set)
{
    for (guint i = 0; i < set->present->len; i++) {
        if (!model_is_well(model_at(set, ((const SimInstance *)g_ptr_array_index(set->present, i))->want)))
            return FALSE;
    }
    return model_is_well(sim_model(set));
}

void
newest_images_run(Sim *sim, const Rows *rows, const char *invariant)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        const SimSet *set = sim_set_by_uid(sim, row->set->uid);
        const SimModel *model = sim_model(set);
        guint newest = image_newest(sim, model->image);
        SimModel after = on_image(model, newest);
        if (row->instances->len == 0 || !model->policy.os_enabled || !model_is_valid(&after) || set->left_behind ||
            !all_are_well(set))
            continue;
        if (model->image != newest)
            sim_break(sim, invariant, "%s is on %s, and %s is there", set->name, sim_images[model->image].version,
                      sim_images[newest].version);
        for (guint k = 0; k < row->instances->len; k++) {
            guint id = ((const StoreInstance *)g_ptr_array_index(row->instances, k))->id;
            const Vm *vm = vm_of(sim, set, id);
            if (quarantine_lets(sim_instance(set, id)) && !sim_instance(set, id)->protect_actions &&
                (!vm->alive || model_at(set, vm->last->revision)->image != newest))
                sim_break(sim, invariant, "%s/%u %s", set->name, id, vm->alive ? "is on another one" : "does not run");
        }
    }
}

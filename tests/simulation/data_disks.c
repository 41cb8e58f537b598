/* Data disks: those that are kept from instances, attached to others and taken off again; and where each of them is. */
#include "data_disks.h"
#include "actions.h"

#include "base/json.h"
#include "host/simulated/simulated.h"

#include <string.h>

/* Above those of models. */
#define LUN_FIRST 20
#define LUNS      40
/* A disk that nobody has may be gone after it; world.c has the time. */
#define KEPT_FOR (6 * G_GINT64_CONSTANT(86400) * USEC_PER_SEC)

/* ---- what is asked ---- */

static gboolean
is_attached(const json_t *disk)
{
    const char *option = json_string_value(json_object_get(disk, "createOption"));
    return option && strcmp(option, "Attach") == 0;
}

static guint
attached_count(const json_t *disks)
{
    guint count = 0;
    for (size_t i = 0; i < json_array_size(disks); i++)
        count += is_attached(json_array_get(disks, i)) ? 1 : 0;
    return count;
}

/* FALSE: none is attached. */
static gboolean
one_taken_off(Sim *sim, json_t *disks)
{
    const guint n = attached_count(disks);
    if (n == 0)
        return FALSE;
    guint which = random_below(&sim->actions, n);
    for (size_t i = 0; i < json_array_size(disks); i++) {
        if (is_attached(json_array_get(disks, i)) && which-- == 0) {
            json_array_remove(disks, i);
            return TRUE;
        }
    }
    return FALSE;
}

/* Any of those that there are: one that is attached elsewhere is refused. FALSE: there is none, and somebody has to go first.
 */
static gboolean
one_added(Sim *sim, json_t *disks, gboolean *ret_free)
{
    g_autoptr(Answer) kept = sim_ask(sim, "GET", "~/providers/Microsoft.Compute/disks", NULL);
    const json_t *value = answer_at(kept, "value");
    if (json_array_size(value) == 0)
        return FALSE;
    json_t *disk = json_array_get(value, random_below(&sim->actions, (guint)json_array_size(value)));
    *ret_free = g_strcmp0(json_string_value(json_path(disk, "properties.diskState")), "Unattached") == 0;
    json_array_append_new(disks, json_pack("{si ss s{ss}}", "lun", (int)(LUN_FIRST + sim->luns_given++ % LUNS), "createOption",
                                           "Attach", "managedDisk", "id", json_string_value(json_object_get(disk, "id"))));
    return TRUE;
}

static gboolean
has_room(const SimSet *set, const SimInstance *instance, const Vm *vm, guint attached)
{
    const guint revisions[] = { set->revision, instance->want, vm->last ? vm->last->revision : set->revision };
    for (guint i = 0; i < G_N_ELEMENTS(revisions); i++) {
        const SimModel *model = &g_array_index(set->models, SimModel, revisions[i] - 1);
        if (model->disks + attached > sim_sizes[model->size].disks_max)
            return FALSE;
    }
    return TRUE;
}

void
act_disk(Sim *sim, SimSet *set)
{
    if (set->present->len == 0)
        return;
    SimInstance *instance = g_ptr_array_index(set->present, random_below(&sim->actions, set->present->len));
    const Vm *vm = vm_of(sim, set, instance->id);
    g_autofree char *target = g_strdup_printf("@/%s/virtualMachines/%u", set->name, instance->id);
    g_autoptr(Answer) shown = sim_ask(sim, "GET", target, NULL);
    const json_t *list = shown->response->status == 200 ? answer_at(shown, "properties.storageProfile.dataDisks") : NULL;
    json_t *disks = list ? json_deep_copy(list) : json_array();
    g_autoptr(json_t) body = json_pack("{s{s{so}}}", "properties", "storageProfile", "dataDisks", disks);
    gboolean is_free = TRUE, leaves = random_chance(&sim->actions, 40) && one_taken_off(sim, disks);
    if (!leaves && !one_added(sim, disks, &is_free)) {
        act_delete_instances(sim, set);
        return;
    }
    gboolean quiet = set_is_quiet(sim, set) && !instance->unsure && (!leaves || vm->alive);
    Expected expected = set->deleting || instance->leaving || instance->quarantined || !is_free   ? EXPECT_REFUSED
                        : quiet && (leaves || has_room(set, instance, vm, attached_count(disks))) ? EXPECT_ACCEPTED
                                                                                                  : EXPECT_EITHER;
    g_autofree char *text = json_text(body);
    g_autoptr(Answer) answer = sim_ask(sim, "PUT", target, text);
    sim_expect(sim, answer, expected, leaves ? "detaching a disk" : "attaching a disk");
    if (answer->response->status >= 300)
        return;
    set->has_attached = TRUE;
    SimOperation *operation = promise_operation(sim, answer, OPERATION_PUT_INSTANCE, set);
    if (operation)
        operation_cover(sim, operation, set, instance->id);
}

/* ---- where they are ---- */

typedef struct {
    char *key; /* of the VM that has it; NULL: it is kept, and nobody's */
    guint64 data_generation;
    gboolean was_kept; /* once: it is no VM's own any more */
    UnixTime seen;
} Place;

static void
place_free(void *data)
{
    Place *place = data;
    g_free(place->key);
    g_free(place);
}

GHashTable *
data_disks_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, place_free);
}

typedef struct {
    Sim *sim;
    const char *name;
    GHashTable *places; /* as they are now */
    GHashTable *files;  /* of those that are kept */
} Census;

static void
census_add(Census *census, const SimulatedDisk *disk, const char *key, guint64 data_generation)
{
    Sim *sim = census->sim;
    const Place *before = g_hash_table_lookup(sim->data_disks, &disk->id);
    const Place *other = g_hash_table_lookup(census->places, &disk->id);
    if (other)
        sim_break(sim, census->name, "disk %" G_GUINT64_FORMAT " is in %s and in %s", disk->id,
                  other->key ? other->key : "none", key ? key : "none");
    Place *place = g_new0(Place, 1);
    place->key = g_strdup(key);
    place->data_generation = data_generation;
    place->was_kept = !key || (before && before->was_kept);
    place->seen = sim->world->clock->now(sim->world->clock);
    g_hash_table_replace(census->places, g_memdup2(&disk->id, sizeof disk->id), place);
}

static void
census_take(Census *census)
{
    Host *host = census->sim->world->simulated;
    g_autoptr(GPtrArray) keys = host_simulated_keys(host);
    g_autoptr(GArray) kept = host_simulated_kept_disks(host);
    for (guint i = 0; i < kept->len; i++) {
        const SimulatedDisk *disk = &g_array_index(kept, SimulatedDisk, i);
        census_add(census, disk, NULL, 0);
        g_hash_table_add(census->files, g_strdup(disk->file));
    }
    for (guint i = 0; i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);
        g_autoptr(SimulatedParts) parts = host_simulated_parts(host, key);
        for (guint k = 0; k < parts->disks->len; k++)
            census_add(census, &g_array_index(parts->disks, SimulatedDisk, k), key, parts->data_generation);
    }
}

/* A VM's own disks are made afresh where a request says so; what was kept once stays until its time is over. */
static void
lost_look(Census *census)
{
    Sim *sim = census->sim;
    GHashTableIter iter;
    gpointer id, value;
    g_hash_table_iter_init(&iter, sim->data_disks);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const Place *before = value;
        if (g_hash_table_contains(census->places, id))
            continue;
        if (!before->key && sim->world->clock->now(sim->world->clock) > before->seen + KEPT_FOR)
            continue;
        const Vm *vm = before->key && !before->was_kept ? vm_get(sim, before->key) : NULL;
        if (!vm || vm->last->data_gen == before->data_generation)
            sim_break(sim, census->name, "disk %" G_GUINT64_FORMAT ", which %s had, is nowhere", *(guint64 *)id,
                      before->key ? before->key : "nobody");
    }
}

static gboolean
vm_has_lun(Sim *sim, const char *key, guint lun)
{
    g_autoptr(SimulatedParts) parts = host_simulated_parts(sim->world->simulated, key);
    for (guint i = 0; parts && i < parts->disks->len; i++) {
        if (g_array_index(parts->disks, SimulatedDisk, i).lun == lun)
            return TRUE;
    }
    return FALSE;
}

static const StoreInstance *
holder_of(const Rows *rows, const StoreDisk *disk)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        for (guint k = 0; row->set->id == disk->set_id && k < row->instances->len; k++) {
            const StoreInstance *instance = g_ptr_array_index(row->instances, k);
            if (instance->id == disk->instance)
                return instance;
        }
    }
    return NULL;
}

static const char *
set_uid(const Rows *rows, gint64 id)
{
    for (guint i = 0; i < rows->sets->len; i++) {
        const RowSet *row = g_ptr_array_index(rows->sets, i);
        if (row->set->id == id)
            return row->set->uid;
    }
    return NULL;
}

/* A disk that no launch has taken yet, or that has left its VM, lies where the book says; and so does one whose launch failed
 * before it took it. */
static void
row_look(const Census *census, const Rows *rows, const StoreDisk *disk)
{
    const StoreInstance *holder = disk->set_id ? holder_of(rows, disk) : NULL;
    if (disk->set_id && !holder) {
        sim_break(census->sim, census->name, "disk %s is an instance's that is gone", disk->id);
        return;
    }
    if (!holder || !store_instance_has_lun(holder, disk->lun)) {
        if (!g_hash_table_remove(census->files, disk->file))
            sim_break(census->sim, census->name, "disk %s is not where the book says: %s", disk->id, disk->file);
        return;
    }
    g_autofree char *key = g_strdup_printf("%s.%u", set_uid(rows, disk->set_id), disk->instance);
    if (!vm_has_lun(census->sim, key, disk->lun) && !g_hash_table_remove(census->files, disk->file))
        sim_break(census->sim, census->name, "disk %s is neither at LUN %u of %s nor at %s", disk->id, disk->lun, key,
                  disk->file);
}

void
data_disks_are_somewhere(Sim *sim, const Rows *rows, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(sim->world->store, &error);
    g_autoptr(GPtrArray) disks = tx ? store_disk_list(tx, &error) : NULL;
    g_assert_no_error(error);
    g_autoptr(GHashTable) files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Census census = { .sim = sim, .name = name, .places = data_disks_new(), .files = files };
    census_take(&census);
    lost_look(&census);
    for (guint i = 0; i < disks->len && !sim->broken; i++)
        row_look(&census, rows, g_ptr_array_index(disks, i));
    if (!sim->broken && g_hash_table_size(files) > 0)
        sim_break(sim, name, "%u kept disks are in nobody's books", g_hash_table_size(files));
    g_hash_table_unref(sim->data_disks);
    sim->data_disks = census.places;
}

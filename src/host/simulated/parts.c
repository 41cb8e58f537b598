/* The disks and keys that a real VM would have, as numbers: made, put aside, put back and kept as real ones are. */
#include "host/simulated/fleet.h"

#include "base/error.h"

#include <string.h>

#define LUNS 64u

static SimKept *
kept_find(const Sim *sim, Part part, guint64 generation)
{
    for (guint i = 0; i < sim->n_previous; i++) {
        if (sim->previous[i].part == part && sim->previous[i].made.generation == generation)
            return &sim->previous[i];
    }
    return NULL;
}

/* Arrays are as long as what is in them, and most VMs have none. */
static void
kept_resize(Sim *sim, guint n)
{
    sim->previous = n > 0 ? g_renew(SimKept, sim->previous, n) : (g_free(sim->previous), NULL);
    sim->n_previous = n;
}

static void
kept_remove(Sim *sim, SimKept *kept)
{
    *kept = sim->previous[sim->n_previous - 1];
    kept_resize(sim, sim->n_previous - 1);
}

static SimDisk *
disk_find(const Sim *sim, guint lun)
{
    for (guint i = 0; i < sim->n_disks; i++) {
        if (sim->disks[i].lun == lun)
            return &sim->disks[i];
    }
    return NULL;
}

static gint64
now_s(const Sim *sim)
{
    Clock *clock = sim->host->clock;
    return clock->now(clock) / USEC_PER_SEC;
}

/* The real driver looks each hour; whoever comes after the retention time has to expect that nothing is left. */
static void
previous_prune(Sim *sim)
{
    for (guint i = sim->hold ? 0 : sim->n_previous; i > 0; i--) {
        SimKept *kept = &sim->previous[i - 1];
        if (kept->retired + sim->host->retention_s > now_s(sim))
            continue;
        if (kept->part == PART_VTPM)
            simulated_tpm_forget(sim->host, kept->made.id);
        kept_remove(sim, kept);
    }
}

/* ---- may it be done? ---- */

static PartPast
past_of(const Sim *sim, Part part)
{
    return (PartPast){ .highest = sim->past[part].highest, .skipped = sim->past[part].skipped };
}

static void
past_add(Sim *sim, Part part, guint64 generation)
{
    const PartPast past = part_past_with(past_of(sim, part), generation);
    sim->past[part] = (SimPast){ (guint32)past.highest, (guint32)past.skipped };
}

static Source
source_of(const Sim *sim, const LaunchSpec *spec, Part part)
{
    guint64 wanted = part_wanted(spec, part);
    return part_source(wanted, sim->parts[part].generation, past_of(sim, part), kept_find(sim, part, wanted) != NULL);
}

static gboolean
disks_check(const Sim *sim, const LaunchSpec *spec, GError **error)
{
    for (guint i = 0; i < spec->data_disks->len; i++) {
        const LaunchDisk *disk = g_ptr_array_index(spec->data_disks, i);
        gboolean is_here = disk_find(sim, disk->lun) != NULL;
        gboolean is_kept = disk->file && g_hash_table_contains(sim->host->kept_disks, disk->file);
        if (disk->file && is_here == is_kept)
            return arm_fail(error, ARM_VM_START_FAILED, NULL,
                            is_here ? "There is a data disk at LUN %u already, so '%s' cannot be put there."
                                    : "The data disk for LUN %u, '%s', is missing.",
                            disk->lun, disk->file);
    }
    return TRUE;
}

static gboolean
parts_check(const Sim *sim, const LaunchSpec *spec, GError **error)
{
    for (Part part = 0; part < N_PARTS; part++) {
        if (source_of(sim, spec, part) == SOURCE_LOST)
            return part_lost_fail(part, part_wanted(spec, part), error);
    }
    return disks_check(sim, spec, error);
}

/* ---- it is done ---- */

static guint32
id_new(Simulated *self)
{
    return ++self->made;
}

static void
put_aside(Sim *sim, Part part)
{
    if (sim->parts[part].generation == 0)
        return;
    kept_resize(sim, sim->n_previous + 1);
    sim->previous[sim->n_previous - 1] = (SimKept){ sim->parts[part], (guint32)now_s(sim), part };
    sim->parts[part] = (SimPart){ 0 };
}

static void
part_converge(Sim *sim, const LaunchSpec *spec, Part part)
{
    guint64 wanted = part_wanted(spec, part);
    Source source = source_of(sim, spec, part);
    if (source == SOURCE_PRESENT)
        return;
    put_aside(sim, part);
    if (source == SOURCE_FRESH) {
        sim->parts[part] = (SimPart){ (guint32)wanted, id_new(sim->host) };
        past_add(sim, part, wanted);
    } else if (source == SOURCE_PREVIOUS) {
        SimKept *kept = kept_find(sim, part, wanted);
        sim->parts[part] = kept->made;
        kept_remove(sim, kept);
    }
}

static void
disk_attach(Sim *sim, const LaunchDisk *wanted)
{
    GHashTable *kept_disks = sim->host->kept_disks;
    const SimDisk *kept = wanted->file ? g_hash_table_lookup(kept_disks, wanted->file) : NULL;
    sim->disks = g_renew(SimDisk, sim->disks, sim->n_disks + 1);
    sim->disks[sim->n_disks++] = (SimDisk){
        .lun = wanted->lun,
        .size_gib = kept ? MAX(kept->size_gib, wanted->size_gib) : wanted->size_gib,
        .id = kept ? kept->id : id_new(sim->host),
    };
    if (kept)
        g_hash_table_remove(kept_disks, wanted->file);
}

/* One that lies where it was kept has gone already. */
static void
disk_leave(Sim *sim, const LaunchDisk *leaving)
{
    SimDisk *disk = disk_find(sim, leaving->lun);
    if (!disk || g_hash_table_contains(sim->host->kept_disks, leaving->file))
        return;
    g_hash_table_replace(sim->host->kept_disks, g_strdup(leaving->file), g_memdup2(disk, sizeof *disk));
    *disk = sim->disks[--sim->n_disks];
}

static void
disk_converge(Sim *sim, const LaunchDisk *wanted, gboolean afresh)
{
    SimDisk *disk = disk_find(sim, wanted->lun);
    if (!disk)
        disk_attach(sim, wanted);
    else if (afresh && !wanted->file)
        *disk = (SimDisk){ wanted->lun, wanted->size_gib, id_new(sim->host) };
    else
        disk->size_gib = MAX(disk->size_gib, wanted->size_gib);
}

gboolean
sim_parts_converge(Sim *sim, const LaunchSpec *spec, GError **error)
{
    previous_prune(sim);
    for (guint i = 0; i < spec->leaving->len; i++)
        disk_leave(sim, g_ptr_array_index(spec->leaving, i));
    if (!parts_check(sim, spec, error))
        return FALSE;
    for (Part part = 0; part < N_PARTS; part++)
        part_converge(sim, spec, part);
    for (guint i = 0; i < spec->data_disks->len; i++)
        disk_converge(sim, g_ptr_array_index(spec->data_disks, i), sim->data_gen != 0 && spec->data_gen > sim->data_gen);
    sim->data_gen = MAX(sim->data_gen, (guint32)spec->data_gen);
    return TRUE;
}

static char *
kept_file(const Sim *sim, guint lun)
{
    return g_strdup_printf("%s/%s-lun%u.qcow2", sim->keep_dir, sim->key, lun);
}

/* Of a VM that is gone already, what was kept then. */
static void
kept_before(const Sim *sim, GPtrArray *kept)
{
    for (guint lun = 0; lun < LUNS && g_hash_table_size(sim->host->kept_disks) > 0; lun++) {
        g_autofree char *file = kept_file(sim, lun);
        const SimDisk *disk = g_hash_table_lookup(sim->host->kept_disks, file);
        if (disk)
            g_ptr_array_add(kept, host_kept_disk_new(lun, disk->size_gib, file));
    }
}

GPtrArray *
sim_parts_destroy(Sim *sim)
{
    if (!sim->keep_dir || (sim->epoch != 0 && sim->n_disks == 0))
        return NULL;
    GPtrArray *kept = g_ptr_array_new_with_free_func((GDestroyNotify)host_kept_disk_free);
    for (guint i = 0; i < sim->n_disks; i++) {
        char *file = kept_file(sim, sim->disks[i].lun);
        g_ptr_array_add(kept, host_kept_disk_new(sim->disks[i].lun, sim->disks[i].size_gib, file));
        g_hash_table_replace(sim->host->kept_disks, file, g_memdup2(&sim->disks[i], sizeof(SimDisk)));
    }
    if (sim->epoch == 0)
        kept_before(sim, kept);
    return kept;
}

/* ---- looked at ---- */

static SimulatedPart
part_shown(Part part, SimPart made, gboolean present)
{
    return (SimulatedPart){ part, made.generation, made.id, present };
}

SimulatedParts *
host_simulated_parts(Host *host, const char *key)
{
    const Sim *sim = g_hash_table_lookup(((Simulated *)host)->sims, key);
    if (!sim)
        return NULL;
    SimulatedParts *shown = g_new0(SimulatedParts, 1);
    shown->data_generation = sim->data_gen;
    shown->held = sim->hold;
    shown->parts = g_array_new(FALSE, FALSE, sizeof(SimulatedPart));
    shown->disks = g_array_new(FALSE, FALSE, sizeof(SimulatedDisk));
    for (Part part = 0; part < N_PARTS; part++) {
        const SimulatedPart item = part_shown(part, sim->parts[part], TRUE);
        if (item.generation)
            g_array_append_val(shown->parts, item);
    }
    for (guint i = 0; i < sim->n_previous; i++) {
        const SimulatedPart item = part_shown(sim->previous[i].part, sim->previous[i].made, FALSE);
        g_array_append_val(shown->parts, item);
    }
    for (guint i = 0; i < sim->n_disks; i++) {
        const SimDisk *disk = &sim->disks[i];
        const SimulatedDisk item = { disk->lun, disk->size_gib, disk->id, NULL };
        g_array_append_val(shown->disks, item);
    }
    return shown;
}

void
host_simulated_parts_free(SimulatedParts *parts)
{
    if (!parts)
        return;
    g_array_unref(parts->parts);
    g_array_unref(parts->disks);
    g_free(parts);
}

GArray *
host_simulated_kept_disks(Host *host)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(SimulatedDisk));
    GHashTableIter iter;
    gpointer file, value;
    g_hash_table_iter_init(&iter, ((Simulated *)host)->kept_disks);
    while (g_hash_table_iter_next(&iter, &file, &value)) {
        const SimDisk *disk = value;
        const SimulatedDisk item = { disk->lun, disk->size_gib, disk->id, file };
        g_array_append_val(list, item);
    }
    return list;
}

gboolean
host_simulated_kept_disk_removed(Host *host, const char *file)
{
    return g_hash_table_remove(((Simulated *)host)->kept_disks, file);
}

GPtrArray *
host_simulated_keys(Host *host)
{
    GPtrArray *keys = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, ((Simulated *)host)->sims);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(keys, key);
    return keys;
}

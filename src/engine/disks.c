#include "engine/disks.h"

#include "base/resource_id.h"
#include "engine/revisions.h"
#include "host/kept_file.h"

#include <string.h>

/* Of what a disk was kept from, where nobody can tell. */
#define UNKNOWN "unknown"

static guint64
bit_of(guint lun)
{
    return G_GUINT64_CONSTANT(1) << lun;
}

/* ---- a launch ---- */

static gint
lun_order(gconstpointer a, gconstpointer b)
{
    const LaunchDisk *x = *(const LaunchDisk *const *)a, *y = *(const LaunchDisk *const *)b;
    return (gint)x->lun - (gint)y->lun;
}

gboolean
engine_disks_fill(Pass *pass, const StoreInstance *instance, LaunchSpec *spec, GError **error)
{
    if (instance->attached == 0)
        return TRUE;
    g_autoptr(GPtrArray) disks = store_disk_list_of_instance(pass->tx, instance->set_id, instance->id, error);
    for (guint i = 0; disks && i < disks->len; i++) {
        const StoreDisk *disk = g_ptr_array_index(disks, i);
        gboolean leaves = disk->leaves != 0 && disk->leaves <= instance->want_epoch;
        g_ptr_array_add(leaves ? spec->leaving : spec->data_disks, launch_disk_new(disk->lun, disk->size_gib, disk->file));
    }
    g_ptr_array_sort(spec->data_disks, lun_order);
    return disks != NULL;
}

void
engine_disks_noted(StoreInstance *instance, const LaunchSpec *spec)
{
    for (guint i = 0; i < spec->data_disks->len; i++)
        instance->luns |= bit_of(((const LaunchDisk *)g_ptr_array_index(spec->data_disks, i))->lun);
}

/* ---- kept again ---- */

static gboolean
keep_again(Pass *pass, StoreDisk *disk, GError **error)
{
    disk->set_id = 0;
    disk->leaves = 0;
    disk->kept_until = pass->now + pass->engine->config.disk_retention_usec;
    return store_disk_put(pass->tx, disk, error);
}

gboolean
engine_disks_left(Pass *pass, StoreInstance *instance, GError **error)
{
    if (instance->attached == 0)
        return TRUE;
    g_autoptr(GPtrArray) disks = store_disk_list_of_instance(pass->tx, instance->set_id, instance->id, error);
    if (!disks)
        return FALSE;
    for (guint i = 0; i < disks->len; i++) {
        StoreDisk *disk = g_ptr_array_index(disks, i);
        if (disk->leaves == 0 || disk->leaves > instance->epoch)
            continue;
        instance->luns &= ~bit_of(disk->lun);
        instance->attached--;
        if (!keep_again(pass, disk, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- the end of an instance ---- */

static gboolean
keep_new(Pass *pass, const HostKeptDisk *kept, const char *group, const char *set_name, guint instance, GError **error)
{
    g_autofree char *id = g_uuid_string_random();
    const StoreDisk disk = {
        .id = id,
        .group = (char *)group,
        .set_name = (char *)set_name,
        .instance = instance,
        .lun = kept->lun,
        .size_gib = MAX(kept->size_gib, 1),
        .file = kept->file,
        .kept_until = pass->now + pass->engine->config.disk_retention_usec,
        .created = pass->now,
    };
    return store_disk_put(pass->tx, &disk, error);
}

static const HostKeptDisk *
kept_find(const GPtrArray *kept, guint lun)
{
    for (guint i = 0; kept && i < kept->len; i++) {
        const HostKeptDisk *disk = g_ptr_array_index(kept, i);
        if (disk->lun == lun)
            return disk;
    }
    return NULL;
}

/* What was attached: where a launch may have taken it, it lies with the instance's other disks now; else, or where it
 * had left already, where it lay before. `accounted` gets the LUNs that it explains. */
static gboolean
attached_settle(Pass *pass, const StoreInstance *instance, const GPtrArray *kept, guint64 *accounted, GError **error)
{
    g_autoptr(GPtrArray) disks = NULL;
    if (instance->attached > 0 && !(disks = store_disk_list_of_instance(pass->tx, instance->set_id, instance->id, error)))
        return FALSE;
    for (guint i = 0; disks && i < disks->len; i++) {
        StoreDisk *disk = g_ptr_array_index(disks, i);
        const HostKeptDisk *moved = store_instance_has_lun(instance, disk->lun) ? kept_find(kept, disk->lun) : NULL;
        if (moved) {
            *accounted |= bit_of(disk->lun);
            g_free(disk->file);
            disk->file = g_strdup(moved->file);
            disk->size_gib = MAX(disk->size_gib, moved->size_gib);
        }
        if (!keep_again(pass, disk, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_to_go(const Model *model, guint lun)
{
    for (guint i = 0; i < model->data_disks->len; i++) {
        const DataDisk *disk = g_ptr_array_index(model->data_disks, i);
        if (disk->lun == lun)
            return disk->delete_with_vm;
    }
    return FALSE;
}

/* A file that cannot be removed is kept in the books, so that it is tried again when its time is over. */
static gboolean
own_settle(Pass *pass, const Held *held, const HostKeptDisk *kept, const Model *model, GError **error)
{
    const SetTracked *set = held->tracked->set;
    g_autoptr(GError) stuck = NULL;
    if (is_to_go(model, kept->lun) && host_disk_remove(pass->engine->host, kept->file, &stuck))
        return TRUE;
    if (stuck)
        g_warning("%s", stuck->message);
    return keep_new(pass, kept, set->group, set->name, held->row->id, error);
}

gboolean
engine_disks_settle(Pass *pass, const Held *held, const GPtrArray *kept, GError **error)
{
    const StoreInstance *instance = held->row;
    guint64 accounted = 0;
    if (!attached_settle(pass, instance, kept, &accounted, error))
        return FALSE;
    if (!kept || kept->len == 0)
        return TRUE;
    const Revision *revision =
        revision_get(pass, held->tracked->set, instance->revision ? instance->revision : instance->want_revision, error);
    for (guint i = 0; revision && i < kept->len; i++) {
        const HostKeptDisk *disk = g_ptr_array_index(kept, i);
        if (!(accounted & bit_of(disk->lun)) && !own_settle(pass, held, disk, revision->model, error))
            return FALSE;
    }
    return revision != NULL;
}

/* ---- whose they were is not in the store ---- */

/* "<set uid>.<instance id>" */
static gboolean
key_read(const char *key, char **ret_uid, guint *ret_instance)
{
    const char *dot = strrchr(key, '.');
    guint64 number;
    if (!dot || !g_ascii_string_to_unsigned(dot + 1, 10, 0, G_MAXUINT32, &number, NULL))
        return FALSE;
    *ret_uid = g_strndup(key, (gsize)(dot - key));
    *ret_instance = (guint)number;
    return TRUE;
}

/* `named`: files that rows have already. */
static gboolean
strand(Pass *pass, const char *key, const char *owner, const GPtrArray *kept, GHashTable *named, GError **error)
{
    g_autoptr(ResourceId) id = owner ? resource_id_parse(owner, NULL) : NULL;
    g_autofree char *uid = NULL;
    guint instance = 0;
    GError *lookup = NULL;
    if (!key_read(key, &uid, &instance))
        return TRUE;
    g_autoptr(StoreSet) set = store_set_get_by_uid(pass->tx, uid, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    const char *group = set ? set->group : id && id->group ? id->group : UNKNOWN;
    const char *name = set ? set->name : id && id->name ? id->name : uid;
    for (guint i = 0; i < kept->len; i++) {
        const HostKeptDisk *disk = g_ptr_array_index(kept, i);
        if (!g_hash_table_contains(named, disk->file) && !keep_new(pass, disk, group, name, instance, error))
            return FALSE;
    }
    return TRUE;
}

/* The files of all rows, borrowed from *ret_disks; NULL sets *error. */
static GHashTable *
files_named(Pass *pass, GPtrArray **ret_disks, GError **error)
{
    GPtrArray *disks = *ret_disks = store_disk_list(pass->tx, error);
    if (!disks)
        return NULL;
    GHashTable *named = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < disks->len; i++)
        g_hash_table_add(named, ((const StoreDisk *)g_ptr_array_index(disks, i))->file);
    return named;
}

gboolean
engine_disks_stranded(Pass *pass, const char *key, const char *owner, const GPtrArray *kept, GError **error)
{
    g_autoptr(GPtrArray) disks = NULL;
    if (!kept || kept->len == 0)
        return TRUE;
    g_autoptr(GHashTable) named = files_named(pass, &disks, error);
    return named && strand(pass, key, owner, kept, named, error);
}

/* ---- files that no row names ---- */

/* "<key>-lunN.qcow2", as the driver names what it keeps; NULL: another file. */
static char *
file_key(const char *name, guint *ret_lun)
{
    g_autoptr(GRegex) form =
        g_regex_new("^([0-9A-Fa-f-]+\\.[0-9]+)-lun([0-9]|[1-5][0-9]|6[0-3])\\.qcow2$", G_REGEX_DOLLAR_ENDONLY, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(form, name, 0, &match))
        return NULL;
    g_autofree char *lun = g_match_info_fetch(match, 2);
    *ret_lun = (guint)g_ascii_strtoull(lun, NULL, 10);
    return g_match_info_fetch(match, 1);
}

static gboolean
file_sweep(Pass *pass, const char *path, const char *name, GHashTable *named, GError **error)
{
    guint lun;
    g_autofree char *key = file_key(name, &lun);
    if (!key || g_hash_table_contains(named, path) || engine_find(pass->engine, key))
        return TRUE;
    g_message("the kept disk '%s' has no entry in the store, and gets one", path);
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify)host_kept_disk_free);
    g_ptr_array_add(kept, host_kept_disk_new(lun, kept_file_size(path), path));
    return strand(pass, key, /* owner= */ NULL, kept, named, error);
}

gboolean
engine_disks_sweep(Pass *pass, GError **error)
{
    g_autofree char *folder = g_build_filename(pass->engine->config.state_dir, "disks", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) disks = NULL;
    if (!dir)
        return TRUE;
    g_autoptr(GHashTable) named = files_named(pass, &disks, error);
    for (const char *name; named && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (!file_sweep(pass, path, name, named, error))
            return FALSE;
    }
    return named != NULL;
}

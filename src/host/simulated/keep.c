/* What outlives the daemon, as processes outlive the one that runs real VMs. */
#include "host/simulated/fleet.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#include <string.h>

#define STATE_FILE "simulated.json"
#define FILE_MAX   (64u << 20)
/* A small fleet is written at every change, a large one this long after the first of many. */
#define SMALL_FLEET 64u
#define WRITE_AFTER (50 * USEC_PER_MSEC)

static json_t *
parts_json(const Sim *sim)
{
    json_t *list = json_array();
    for (Part part = 0; part < N_PARTS; part++)
        json_array_append_new(list, json_pack("[iiII]", (int)sim->parts[part].generation, (int)sim->parts[part].id,
                                              (json_int_t)sim->past[part].highest, (json_int_t)sim->past[part].skipped));
    return list;
}

static json_t *
previous_json(const Sim *sim)
{
    json_t *list = json_array();
    for (guint i = 0; i < sim->n_previous; i++) {
        const SimKept *kept = &sim->previous[i];
        json_array_append_new(list, json_pack("[iiiI]", (int)kept->part, (int)kept->made.generation, (int)kept->made.id,
                                              (json_int_t)kept->retired));
    }
    return list;
}

static json_t *
disk_json(const SimDisk *disk)
{
    return json_pack("[iii]", (int)disk->lun, (int)disk->size_gib, (int)disk->id);
}

static json_t *
disks_json(const Sim *sim)
{
    json_t *list = json_array();
    for (guint i = 0; i < sim->n_disks; i++)
        json_array_append_new(list, disk_json(&sim->disks[i]));
    return list;
}

static json_t *
sim_json(const Sim *sim)
{
    return json_pack("{ss sI sb sb sb sb sb sb sb sb ss si si si si sI so so so}", "key", sim->key, "epoch",
                     (json_int_t)sim->epoch, "alive", sim->alive, "agent", sim->agent, "refused", sim->refused, "hasAgent",
                     sim->has_agent, "hold", sim->hold, "unhealthy", sim->unhealthy, "secureBoot", sim->secure_boot, "isolated",
                     sim->isolated, "image", sim->image, "vcpus", (int)sim->vcpus, "memoryMib", (int)sim->memory_mib,
                     "tampered", (int)sim->tampered, "reboots", (int)sim->reboots, "dataGeneration", (json_int_t)sim->data_gen,
                     "parts", parts_json(sim), "previous", previous_json(sim), "disks", disks_json(sim));
}

static json_t *
notices_json(const Simulated *self)
{
    json_t *notices = json_object();
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, self->notices);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const SimNotice *notice = value;
        json_object_set_new(notices, key, json_pack("[IIs]", (json_int_t)notice->epoch, (json_int_t)notice->at, notice->event));
    }
    return notices;
}

static void
save_now(void *data)
{
    Simulated *self = data;
    GHashTableIter iter;
    gpointer file, value;
    json_t *vms = json_array(), *kept = json_object();
    g_autoptr(json_t) all = json_pack("{si so so so so}", "made", (int)self->made, "keptDisks", kept, "notices",
                                      notices_json(self), "tpms", simulated_tpms_json(self), "vms", vms);
    g_autoptr(GError) error = NULL;

    self->save_timer = 0;
    g_hash_table_iter_init(&iter, self->sims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        /* One that was only ever stopped or destroyed is nothing to find again. */
        if (((const Sim *)value)->epoch != 0)
            json_array_append_new(vms, sim_json(value));
    }
    g_hash_table_iter_init(&iter, self->kept_disks);
    while (g_hash_table_iter_next(&iter, &file, &value))
        json_object_set_new(kept, file, disk_json(value));
    g_autofree char *text = json_text(all);
    if (!file_write(self->state_file, text, strlen(text), 0600, &error))
        g_warning("%s", error->message);
}

/* A real VM is there the moment it runs; one in memory has to be written down before anybody hears of it. */
void
simulated_keep(Simulated *self)
{
    if (!self->state_file || self->save_timer)
        return;
    if (g_hash_table_size(self->sims) <= SMALL_FLEET) {
        save_now(self);
        return;
    }
    UnixTime at = self->clock->now(self->clock) + WRITE_AFTER;
    self->save_timer = self->clock->timer_add(self->clock, at, save_now, self);
}

/* ---- read ---- */

static gboolean
flag(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

static gboolean
number_read(const json_t *value, guint32 *ret_number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > G_MAXUINT32)
        return FALSE;
    *ret_number = (guint32)json_integer_value(value);
    return TRUE;
}

/* [number, …], exactly n of them. */
static gboolean
numbers_read(const json_t *list, guint32 *ret_numbers, guint n)
{
    if (json_array_size(list) != n)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        if (!number_read(json_array_get(list, i), &ret_numbers[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean
parts_read(Sim *sim, const json_t *list)
{
    guint32 numbers[4];
    for (Part part = 0; part < N_PARTS; part++) {
        if (!numbers_read(json_array_get(list, part), numbers, 4))
            return FALSE;
        sim->parts[part] = (SimPart){ numbers[0], numbers[1] };
        sim->past[part] = (SimPast){ numbers[2], numbers[3] };
    }
    return TRUE;
}

static gboolean
previous_read(Sim *sim, const json_t *list)
{
    guint32 numbers[4];
    if (json_array_size(list) > G_MAXUINT16)
        return FALSE;
    sim->previous = g_new(SimKept, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!numbers_read(json_array_get(list, i), numbers, 4) || numbers[0] >= N_PARTS)
            return FALSE;
        sim->previous[sim->n_previous++] = (SimKept){ { numbers[1], numbers[2] }, numbers[3], (Part)numbers[0] };
    }
    return TRUE;
}

static gboolean
disk_read(SimDisk *disk, const json_t *item)
{
    guint32 numbers[3];
    if (!numbers_read(item, numbers, 3))
        return FALSE;
    *disk = (SimDisk){ numbers[0], numbers[1], numbers[2] };
    return TRUE;
}

static gboolean
disks_read(Sim *sim, const json_t *list)
{
    if (json_array_size(list) > G_MAXUINT8)
        return FALSE;
    sim->disks = g_new(SimDisk, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!disk_read(&sim->disks[sim->n_disks++], json_array_get(list, i)))
            return FALSE;
    }
    return TRUE;
}

/* Of the last launch. */
static gboolean
boot_read(Sim *sim, const json_t *item)
{
    guint32 tampered, vcpus, reboots;
    const char *image = json_member_text(item, "image");
    if (!image || !number_read(json_object_get(item, "vcpus"), &vcpus) || vcpus > G_MAXUINT16 ||
        !number_read(json_object_get(item, "memoryMib"), &sim->memory_mib) ||
        !number_read(json_object_get(item, "reboots"), &reboots) || reboots > G_MAXUINT16 ||
        !number_read(json_object_get(item, "tampered"), &tampered) || tampered >= SIMULATED_N_FAULTS)
        return FALSE;
    sim->image = g_string_chunk_insert_const(sim->host->texts, image);
    sim->vcpus = (guint16)vcpus;
    sim->reboots = (guint16)reboots;
    sim->tampered = tampered & 0xff;
    sim->secure_boot = flag(item, "secureBoot");
    return TRUE;
}

static gboolean
sim_read(Simulated *self, const json_t *item)
{
    const char *key = json_member_text(item, "key");
    json_int_t epoch = json_integer_value(json_object_get(item, "epoch"));
    if (!key || epoch <= 0)
        return FALSE;
    Sim *sim = sim_new(self, key);
    g_hash_table_replace(self->sims, sim->key, sim);
    sim->epoch = (guint64)epoch;
    sim->alive = flag(item, "alive");
    sim->agent = flag(item, "agent");
    sim->refused = flag(item, "refused");
    sim->has_agent = flag(item, "hasAgent");
    sim->hold = flag(item, "hold");
    sim->unhealthy = flag(item, "unhealthy");
    sim->isolated = flag(item, "isolated");
    return boot_read(sim, item) && number_read(json_object_get(item, "dataGeneration"), &sim->data_gen) &&
           parts_read(sim, json_object_get(item, "parts")) && previous_read(sim, json_object_get(item, "previous")) &&
           disks_read(sim, json_object_get(item, "disks"));
}

static gboolean
notices_read(Simulated *self, const json_t *notices)
{
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)notices, key, item)
    {
        const char *event = json_string_value(json_array_get(item, 2));
        if (!event)
            return FALSE;
        simulated_notice_put(self, key, (guint64)json_integer_value(json_array_get(item, 0)),
                             json_integer_value(json_array_get(item, 1)), event);
    }
    return TRUE;
}

static gboolean
all_read(Simulated *self, const json_t *all)
{
    const json_t *vms = json_object_get(all, "vms");
    const char *file;
    json_t *item;
    if (!json_is_array(vms) || !number_read(json_object_get(all, "made"), &self->made))
        return FALSE;
    for (size_t i = 0; i < json_array_size(vms); i++) {
        if (!sim_read(self, json_array_get(vms, i)))
            return FALSE;
    }
    json_object_foreach(json_object_get(all, "keptDisks"), file, item)
    {
        SimDisk disk;
        if (!disk_read(&disk, item))
            return FALSE;
        g_hash_table_replace(self->kept_disks, g_strdup(file), g_memdup2(&disk, sizeof disk));
    }
    return notices_read(self, json_object_get(all, "notices")) && simulated_tpms_read(self, json_object_get(all, "tpms"));
}

gboolean
simulated_keep_load(Simulated *self, const char *state_dir, GError **error)
{
    gsize length;
    self->state_file = g_build_filename(state_dir, STATE_FILE, NULL);
    if (!g_file_test(self->state_file, G_FILE_TEST_EXISTS))
        return TRUE;
    g_autofree char *text = file_read(self->state_file, FILE_MAX, &length, error);
    g_autoptr(json_t) all = text ? json_parse(text, length, error) : NULL;
    if (!all)
        return FALSE;
    return all_read(self, all) ||
           arm_fail(error, ARM_INTERNAL, NULL,
                    "'%s' does not say what VMs there are in the way that is known here; remove it, and all of them are gone.",
                    self->state_file);
}

void
simulated_keep_close(Simulated *self)
{
    if (self->save_timer) {
        self->clock->timer_remove(self->clock, self->save_timer);
        save_now(self);
    }
    g_free(self->state_file);
}

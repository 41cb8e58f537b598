/* What outlives the daemon, as processes outlive the one that runs real VMs. */
#include "host/simulated/fleet.h"

#include "base/file.h"
#include "base/json.h"

#include <string.h>

#define STATE_FILE "simulated.json"
#define FILE_MAX   (64u << 20)
/* A small fleet is written at every change, a large one this long after the first of many. */
#define SMALL_FLEET 64u
#define WRITE_AFTER (50 * USEC_PER_MSEC)

static void
save_now(void *data)
{
    Simulated *self = data;
    GHashTableIter iter;
    gpointer value;
    g_autoptr(json_t) list = json_array();
    g_autoptr(GError) error = NULL;

    self->save_timer = 0;
    g_hash_table_iter_init(&iter, self->sims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Sim *sim = value;
        /* One that was only ever stopped or destroyed is nothing to find again. */
        if (!sim->spec->name)
            continue;
        json_array_append_new(list, json_pack("{sb sb sb so}", "alive", sim->alive, "agent", sim->agent, "refused",
                                              sim->refused, "spec", launch_spec_json(sim->spec)));
    }
    g_autofree char *text = json_text(list);
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

gboolean
simulated_keep_load(Simulated *self, const char *state_dir, GError **error)
{
    gsize length;
    self->state_file = g_build_filename(state_dir, STATE_FILE, NULL);
    if (!g_file_test(self->state_file, G_FILE_TEST_EXISTS))
        return TRUE;
    g_autofree char *text = file_read(self->state_file, FILE_MAX, &length, error);
    g_autoptr(json_t) list = text ? json_parse(text, length, error) : NULL;
    if (!list)
        return FALSE;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        g_autofree char *spec_text = json_text(json_object_get(item, "spec"));
        LaunchSpec *spec = spec_text ? launch_spec_parse(spec_text, strlen(spec_text), error) : NULL;
        if (!spec)
            return FALSE;
        Sim *sim = g_new0(Sim, 1);
        sim->host = self;
        sim->spec = spec;
        sim->alive = json_is_true(json_object_get(item, "alive"));
        sim->agent = json_is_true(json_object_get(item, "agent"));
        sim->refused = json_is_true(json_object_get(item, "refused"));
        sim->phase = sim->alive ? SIM_RUNNING : SIM_NONE;
        g_hash_table_insert(self->sims, sim->spec->key, sim);
    }
    return TRUE;
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

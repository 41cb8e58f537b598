/* Kept data disks when the control plane dies: killed at each of its steps, a disk is in one place and ends where it should;
 * what nobody has in his books gets an entry. */
#include "world.h"

#include "base/file.h"
#include "base/json.h"

#include <string.h>

#define STEPS_AT_MOST 200
#define DISKS         "~/providers/Microsoft.Compute/disks"
#define ALL           "{\"instanceIds\":[\"*\"]}"

/* Sets s0, which leaves a kept disk of LUN 0, and s1 with two instances. */
static World *
world_with_disk(void)
{
    World *world = world_new();
    world_create(world, "s0", 1, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s0",
                           "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"dataDisks\":[{\"lun\":0,"
                           "\"diskSizeGB\":4}]}}}}"));
    answer_free(world_must(world, 202, "POST", "@/s0/manualupgrade", ALL));
    world_settle(world);
    answer_free(world_must(world, 202, "DELETE", "@/s0", NULL));
    world_settle(world);
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", NULL);
    return world;
}

static void
disks_ask(World *world, const char *instance, const char *disk_id)
{
    g_autofree char *body =
        disk_id ? g_strdup_printf("{\"properties\":{\"storageProfile\":{\"dataDisks\":[{\"lun\":5,\"createOption\":\"Attach\","
                                  "\"managedDisk\":{\"id\":\"%s\"}}]}}}",
                                  disk_id)
                : g_strdup("{\"properties\":{\"storageProfile\":{\"dataDisks\":[]}}}");
    answer_free(world_must(world, 200, "PUT", instance, body));
}

static void
disks_put(World *world, const char *instance, const char *disk_id)
{
    disks_ask(world, instance, disk_id);
    world_settle(world);
}

/* In how many places the host has a data disk; `ret_key` gets where, "kept" for where none has it. */
static guint
places_count(World *world, char **ret_where)
{
    g_autoptr(GPtrArray) keys = host_simulated_keys(world->simulated);
    g_autoptr(GArray) kept = host_simulated_kept_disks(world->simulated);
    guint count = kept->len;
    *ret_where = g_strdup(kept->len > 0 ? "kept" : "nowhere");
    for (guint i = 0; i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);
        g_autoptr(SimulatedParts) parts = host_simulated_parts(world->simulated, key);
        if (parts->disks->len == 0)
            continue;
        count += parts->disks->len;
        g_free(*ret_where);
        *ret_where = g_strdup_printf("instance%s", strrchr(key, '.'));
    }
    return count;
}

static char *
disk_state(World *world)
{
    g_autofree char *where = NULL;
    g_assert_cmpuint(places_count(world, &where), ==, 1);
    g_autoptr(Answer) list = world_must(world, 200, "GET", DISKS, NULL);
    g_assert_cmpuint(json_array_size(json_object_get(list->body, "value")), ==, 1);
    g_autofree char *state = answer_text(list, "value.0.properties.diskState"),
                    *holder = answer_text(list, "value.0.managedBy");
    return g_strdup_printf("%s %s %s", where, state, holder ? strrchr(holder, '/') : "-");
}

static const struct {
    const char *name;
    const char *expect;
    gboolean detach; /* it was attached, and is taken off */
    const char *then_method, *then_target, *then_body;
} scenarios[] = {
    { "attach", "instance.0 Attached /0", FALSE, NULL, NULL, NULL },
    { "detach", "kept Unattached -", TRUE, NULL, NULL, NULL },
    { "delete-the-instance", "kept Unattached -", FALSE, "POST", "@/s1/delete", "{\"instanceIds\":[\"0\"]}" },
    { "delete-the-set", "kept Unattached -", FALSE, "DELETE", "@/s1", NULL },
    { "reimage-all", "instance.0 Attached /0", FALSE, "POST", "@/s1/reimageall", NULL },
};

static guint
scenario_run(guint i, guint crash_at)
{
    g_autoptr(World) world = world_with_disk();
    g_autoptr(Answer) list = world_must(world, 200, "GET", DISKS, NULL);
    g_autofree char *id = answer_text(list, "value.0.id");
    gboolean attached_before = scenarios[i].detach || scenarios[i].then_method;
    if (attached_before)
        disks_put(world, "@/s1/virtualMachines/0", id);
    world->steps = 0;
    world->crash_at = crash_at;
    if (scenarios[i].then_method)
        answer_free(world_must(world, 202, scenarios[i].then_method, scenarios[i].then_target, scenarios[i].then_body));
    else
        disks_put(world, "@/s1/virtualMachines/0", scenarios[i].detach ? NULL : id);
    world_settle(world);
    g_autofree char *state = disk_state(world);
    if (strcmp(state, scenarios[i].expect) != 0)
        g_error("killed at step %u of %s: '%s' in place of '%s'", crash_at, scenarios[i].name, state, scenarios[i].expect);
    return world->steps;
}

static void
test_every_step(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_assert_cmpuint(scenario_run(i, 0), >, 2);
    for (guint crash_at = 1; crash_at <= STEPS_AT_MOST; crash_at++) {
        if (scenario_run(i, crash_at) < crash_at)
            return;
    }
    g_error("%s does not end within %d steps", scenarios[i].name, STEPS_AT_MOST);
}

/* A start that was begun before it was asked to leave is not the one with which it leaves. */
static void
test_a_start_under_way_lets_nothing_go(void)
{
    g_autoptr(World) world = world_with_disk();
    g_autoptr(GError) error = NULL;
    g_autoptr(Answer) list = world_must(world, 200, "GET", DISKS, NULL);
    g_autofree char *id = answer_text(list, "value.0.id");
    disks_put(world, "@/s1/virtualMachines/0", id);
    StoreTx *tx = store_write(world->store, &error);
    g_autoptr(GPtrArray) disks = store_disk_list(tx, &error);
    StoreDisk *disk = g_ptr_array_index(disks, 0);
    g_autoptr(StoreInstance) before = store_instance_get(tx, disk->set_id, 0, &error);
    disk->leaves = before->epoch + 2;
    g_assert_true(store_disk_put(tx, disk, &error));
    g_assert_true(store_commit(tx, &error));
    static const char *const states[] = { "instance.0 Attached /0", "kept Unattached -" };
    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        answer_free(world_must(world, 202, "POST", "@/s1/restart", "{\"instanceIds\":[\"0\"]}"));
        world_settle(world);
        g_autofree char *state = disk_state(world);
        g_assert_cmpstr(state, ==, states[i]);
    }
}

static guint64
epoch_read(World *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(GPtrArray) disks = tx ? store_disk_list(tx, &error) : NULL;
    g_assert_no_error(error);
    const StoreDisk *disk = g_ptr_array_index(disks, 0);
    g_autoptr(StoreInstance) instance = store_instance_get(tx, disk->set_id, 0, &error);
    g_assert_no_error(error);
    return instance->epoch;
}

/* Whether the start that takes it has taken it nobody knows when the control plane dies in the middle of it; and then its
 * instance is to go. */
static void
test_a_start_that_takes_it_is_not_heard_of(void)
{
    g_autoptr(World) world = world_with_disk();
    g_autoptr(Answer) list = world_must(world, 200, "GET", DISKS, NULL);
    g_autofree char *id = answer_text(list, "value.0.id");
    disks_ask(world, "@/s1/virtualMachines/0", id);
    const guint64 before = epoch_read(world);
    for (world_run_ready(world); epoch_read(world) == before; world_run_ready(world))
        g_assert_true(clock_virtual_fire_next(world->clock));
    answer_free(world_must(world, 202, "DELETE", "@/s1", NULL));
    world_restart(world);
    world_settle(world);
    g_autofree char *state = disk_state(world);
    g_assert_cmpstr(state, ==, "kept Unattached -");
    g_autoptr(Answer) after = world_must(world, 200, "GET", DISKS, NULL);
    g_assert_cmpstr(json_string_value(answer_at(after, "value.0.id")), ==, id);
    g_autoptr(GArray) kept = host_simulated_kept_disks(world->simulated);
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(GPtrArray) disks = store_disk_list(tx, &error);
    g_assert_cmpstr(((const StoreDisk *)g_ptr_array_index(disks, 0))->file, ==, g_array_index(kept, SimulatedDisk, 0).file);
}

static SimulatedFault
refuse(const LaunchSpec *spec G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
    return SIMULATED_REFUSED;
}

/* The start with which it left was refused by Secure Boot while the control plane was dead. */
static void
test_a_start_that_it_leaves_with_is_refused_unheard(void)
{
    g_autoptr(World) world = world_with_disk();
    g_autoptr(Answer) list = world_must(world, 200, "GET", DISKS, NULL);
    g_autofree char *id = answer_text(list, "value.0.id");
    disks_put(world, "@/s1/virtualMachines/0", id);
    host_simulated_set_faults(world->simulated, refuse, NULL);
    const guint64 before = epoch_read(world);
    disks_ask(world, "@/s1/virtualMachines/0", /* disk_id= */ NULL);
    for (world_run_ready(world); epoch_read(world) == before; world_run_ready(world))
        g_assert_true(clock_virtual_fire_next(world->clock));
    clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + 100 * USEC_PER_SEC);
    world_restart(world);
    world_settle(world);
    g_autofree char *state = disk_state(world);
    g_assert_cmpstr(state, ==, "kept Unattached -");
}

/* The store was put back to a time before the instance: what the host has of it goes, but for its data disks. */
static void
test_disks_of_instances_that_nobody_knows(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    world_create(world, "s0", 1, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s0",
                           "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"dataDisks\":[{\"lun\":2,"
                           "\"diskSizeGB\":4}]}}}}"));
    answer_free(world_must(world, 202, "POST", "@/s0/manualupgrade", ALL));
    world_settle(world);
    StoreTx *tx = store_write(world->store, &error);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s0", &error);
    g_assert_true(store_instance_delete(tx, set->id, 0, &error));
    g_assert_true(store_commit(tx, &error));
    world_restart(world);
    world_advance(world, USEC_PER_SEC);
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 0);
    g_autoptr(Answer) list = world_must(world, 200, "GET", DISKS, NULL);
    answer_expect(list, "value.0.tags.scaleSet", "s0");
    answer_expect(list, "value.0.tags.instanceId", "0");
    answer_expect(list, "value.0.tags.lun", "2");
    answer_expect(list, "value.0.properties.diskSizeGB", "4");
    answer_expect(list, "value.1", NULL);
    world_restart(world);
    world_advance(world, USEC_PER_SEC);
    g_autoptr(Answer) again = world_must(world, 200, "GET", DISKS, NULL);
    answer_expect(again, "value.1", NULL);
}

static void
test_files_that_no_entry_names(void)
{
    static const struct {
        const char *name;
        gboolean listed;
    } files[] = {
        { "7d444840-9dc0-11d1-b245-5ffdce74fad2.12-lun63.qcow2", TRUE },
        { "7d444840-9dc0-11d1-b245-5ffdce74fad2.12-lun64.qcow2", FALSE },
        { "7d444840-9dc0-11d1-b245-5ffdce74fad2.12-lun1.qcow2.tmp", FALSE },
        { "notes.txt", FALSE },
    };
    static const char head[] = "QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\1\0\0\0\0";
    g_autoptr(World) world = world_with_disk();
    g_autofree char *folder = g_build_filename(world->dir, "disks", NULL);
    g_assert_true(folder_make(folder, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i].name, NULL);
        g_assert_true(g_file_set_contents(path, head, sizeof head - 1, NULL));
    }
    /* An instance that is being removed has its files there before its end is in the books. */
    g_autoptr(StoreTx) tx = store_read(world->store, NULL);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", NULL);
    g_autofree char *known = g_strdup_printf("%s/%s.0-lun1.qcow2", folder, set->uid);
    g_assert_true(g_file_set_contents(known, head, sizeof head - 1, NULL));
    store_abort(g_steal_pointer(&tx));
    for (guint i = 0; i < 2; i++) {
        world_restart(world);
        world_settle(world);
        g_autoptr(Answer) list = world_must(world, 200, "GET", DISKS, NULL);
        g_assert_cmpuint(json_array_size(json_object_get(list->body, "value")), ==, 2);
        answer_expect(list, "value.1.tags.instanceId", "12");
        answer_expect(list, "value.1.tags.lun", "63");
        answer_expect(list, "value.1.properties.diskSizeGB", "4");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_autofree char *path = g_strconcat("/disks/crash/", scenarios[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_every_step);
    }
    g_test_add_func("/disks/a-start-under-way-lets-nothing-go", test_a_start_under_way_lets_nothing_go);
    g_test_add_func("/disks/a-start-that-takes-it-is-not-heard-of", test_a_start_that_takes_it_is_not_heard_of);
    g_test_add_func("/disks/a-start-that-it-leaves-with-is-refused-unheard",
                    test_a_start_that_it_leaves_with_is_refused_unheard);
    g_test_add_func("/disks/of-instances-that-nobody-knows", test_disks_of_instances_that_nobody_knows);
    g_test_add_func("/disks/files-that-no-entry-names", test_files_that_no_entry_names);
    return g_test_run();
}

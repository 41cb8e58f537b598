/* Kept data disks: listed, attached to an instance, detached, kept again; never lost, never in two places. */
#include "base/json.h"
#include "rows.h"

#include <string.h>

#define DISKS           "~/resourceGroups/g1/providers/Microsoft.Compute/disks"
#define ALL_DISKS       "~/providers/Microsoft.Compute/disks"
#define IN_MODEL(disks) "{\"properties\":{\"virtualMachineProfile\":{\"storageProfile\":{\"dataDisks\":[" disks "]}}}}"
#define MODEL_DISK(lun) "{\"lun\":" lun ",\"diskSizeGB\":4}"

/* A scale set s1 of two instances, and in `disk` the name of the only kept disk, of 4 GiB, from LUN 0 of s0's instance 0. */
static World *
world_with_disk(char **ret_disk)
{
    World *world = world_new();
    world_create(world, "s0", 1, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s0", IN_MODEL(MODEL_DISK("0"))));
    answer_free(world_must(world, 202, "POST", "@/s0/manualupgrade", "{\"instanceIds\":[\"*\"]}"));
    world_settle(world);
    answer_free(world_must(world, 202, "DELETE", "@/s0", NULL));
    world_settle(world);
    world_create(world, "s1", 2, "Standard_B1ms", "gen2", NULL);
    g_autoptr(Answer) list = world_must(world, 200, "GET", ALL_DISKS, NULL);
    *ret_disk = answer_text(list, "value.0.name");
    g_assert_nonnull(*ret_disk);
    return world;
}

static char *
disk_id(const World *world, const char *disk)
{
    return g_strdup_printf("/subscriptions/%s/resourceGroups/g1/providers/Microsoft.Compute/disks/%s",
                           api_subscription(world->api), disk);
}

/* The body that gives an instance this disk at this LUN, beside `others`. */
static char *
attach_body(const World *world, const char *disk, guint lun, const char *others)
{
    g_autofree char *id = disk_id(world, disk);
    return g_strdup_printf("{\"properties\":{\"storageProfile\":{\"dataDisks\":[%s{\"lun\":%u,\"createOption\":\"Attach\","
                           "\"managedDisk\":{\"id\":\"%s\"}}]}}}",
                           others, lun, id);
}

static Answer *
attach(World *world, int status, const char *instance, const char *disk, guint lun)
{
    g_autofree char *body = attach_body(world, disk, lun, "");
    return world_must(world, status, "PUT", instance, body);
}

static void
attach_and_settle(World *world, const char *instance, const char *disk, guint lun)
{
    g_autoptr(Answer) put = attach(world, 200, instance, disk, lun);
    world_expect_operation(world, put, "Succeeded", NULL);
}

static Answer *
detach_all(World *world, int status, const char *instance)
{
    return world_must(world, status, "PUT", instance, "{\"properties\":{\"storageProfile\":{\"dataDisks\":[]}}}");
}

static void
disk_expect(World *world, const char *disk, const char *path, const char *text)
{
    g_autofree char *target = g_strconcat(DISKS "/", disk, NULL);
    g_autoptr(Answer) answer = world_must(world, 200, "GET", target, NULL);
    answer_expect(answer, path, text);
}

/* What the host has: the disk's number, wherever it is; 0: nowhere. In two places: the test fails. */
static guint64
disk_whereabouts(World *world, const char *set, guint instance, guint lun)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_read(world->store, &error);
    g_autoptr(StoreSet) row = store_set_get(tx, "g1", set, &error);
    g_autofree char *key = g_strdup_printf("%s.%u", row->uid, instance);
    g_autoptr(SimulatedParts) parts = host_simulated_parts(world->simulated, key);
    for (guint i = 0; parts && i < parts->disks->len; i++) {
        const SimulatedDisk *disk = &g_array_index(parts->disks, SimulatedDisk, i);
        if (disk->lun == lun)
            return disk->id;
    }
    return 0;
}

/* The number of the only disk that the host keeps; 0: none. */
static guint64
disk_kept(World *world)
{
    g_autoptr(GArray) kept = host_simulated_kept_disks(world->simulated);
    g_assert_cmpuint(kept->len, <=, 1);
    return kept->len ? g_array_index(kept, SimulatedDisk, 0).id : 0;
}

/* Hour by hour, as upkeep comes. */
static void
days_pass(World *world, guint days)
{
    for (guint hour = 0; hour < days * 24; hour++) {
        clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + 3600 * USEC_PER_SEC);
        world_run_ready(world);
    }
}

static void
test_list_and_get(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    g_autofree char *one = g_strconcat(DISKS "/", disk, NULL), *id = disk_id(world, disk);
    const Row rows[] = {
        { "GET", ALL_DISKS, NULL, 200, "value.0.id", id },
        { "GET", ALL_DISKS, NULL, 200, "value.1", NULL },
        { "GET", DISKS, NULL, 200, "value.0.name", disk },
        { "GET", one, NULL, 200, "type", "Microsoft.Compute/disks" },
        { "GET", one, NULL, 200, "location", "local" },
        { "GET", one, NULL, 200, "properties.diskState", "Unattached" },
        { "GET", one, NULL, 200, "properties.diskSizeGB", "4" },
        { "GET", one, NULL, 200, "tags.scaleSet", "s0" },
        { "GET", one, NULL, 200, "tags.instanceId", "0" },
        { "GET", one, NULL, 200, "tags.lun", "0" },
        { "GET", one, NULL, 200, "tags.daysLeft", "7" },
        { "GET", one, NULL, 200, "managedBy", NULL },
        { "GET", DISKS "/none", NULL, 404, "error.code", "ResourceNotFound" },
        { "GET", "~/resourceGroups/none/providers/Microsoft.Compute/disks", NULL, 404, "error.code", "ResourceGroupNotFound" },
        { "PUT", one, "{}", 405, "error.code", "MethodNotAllowed" },
        { "DELETE", DISKS "/none", NULL, 204, NULL, NULL },
        { "DELETE", one, NULL, 200, NULL, NULL },
        { "GET", one, NULL, 404, "error.code", "ResourceNotFound" },
        { "DELETE", one, NULL, 204, NULL, NULL },
        { "GET", ALL_DISKS, NULL, 200, "value.0", NULL },
    };
    g_assert_cmpuint(disk_kept(world), !=, 0);
    ROWS_RUN(world, rows);
    g_assert_cmpuint(disk_kept(world), ==, 0);
}

static void
test_pages(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s0", 3, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s0", IN_MODEL(MODEL_DISK("0") "," MODEL_DISK("1"))));
    answer_free(world_must(world, 202, "POST", "@/s0/manualupgrade", "{\"instanceIds\":[\"*\"]}"));
    world_settle(world);
    answer_free(world_must(world, 202, "DELETE", "@/s0", NULL));
    world_settle(world);
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *target = g_strdup(ALL_DISKS "?$top=4");
    while (target) {
        g_autoptr(Answer) page = world_must(world, 200, "GET", target, NULL);
        const json_t *value = json_object_get(page->body, "value");
        for (size_t i = 0; i < json_array_size(value); i++) {
            const json_t *tags = json_object_get(json_array_get(value, i), "tags");
            g_string_append_printf(seen, "%s.%s ", json_member_text(tags, "instanceId"), json_member_text(tags, "lun"));
        }
        g_autofree char *next = answer_text(page, "nextLink");
        g_free(target);
        target = next ? g_strconcat("!", strstr(next, "/subscriptions"), NULL) : NULL;
    }
    g_assert_cmpstr(seen->str, ==, "0.0 0.1 1.0 1.1 2.0 2.1 ");
}

static void
test_attach_and_detach(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    g_autofree char *id = disk_id(world, disk);
    guint64 number = disk_kept(world);
    g_autoptr(Answer) put = attach(world, 200, "@/s1/virtualMachines/1", disk, 5);
    answer_expect(put, "properties.storageProfile.dataDisks.0.managedDisk.id", id);
    answer_expect(put, "properties.storageProfile.dataDisks.0.lun", "5");
    answer_expect(put, "properties.storageProfile.dataDisks.0.diskSizeGB", "4");
    answer_expect(put, "properties.provisioningState", "Updating");
    world_expect_operation(world, put, "Succeeded", NULL);
    g_assert_cmpuint(disk_whereabouts(world, "s1", 1, 5), ==, number);
    g_assert_cmpuint(disk_kept(world), ==, 0);
    disk_expect(world, disk, "properties.diskState", "Attached");
    disk_expect(world, disk, "tags.scaleSet", "s1");
    disk_expect(world, disk, "tags.instanceId", "1");
    disk_expect(world, disk, "tags.keptUntil", NULL);

    /* What was read and comes back changes nothing: clients send all of it. */
    g_autoptr(Answer) read = world_must(world, 200, "GET", "@/s1/virtualMachines/1", NULL);
    g_autofree char *same = json_text(read->body);
    g_autoptr(Answer) again = world_must(world, 200, "PUT", "@/s1/virtualMachines/1", same);
    g_assert_null(api_response_header(again->response, "Azure-AsyncOperation"));
    g_autoptr(Answer) protect = world_must(world, 200, "PUT", "@/s1/virtualMachines/1",
                                           "{\"properties\":{\"protectionPolicy\":{\"protectFromScaleIn\":true}}}");
    answer_expect(protect, "properties.storageProfile.dataDisks.0.lun", "5");

    g_autoptr(Answer) off = detach_all(world, 200, "@/s1/virtualMachines/1");
    answer_expect(off, "properties.storageProfile.dataDisks.0", NULL);
    /* Until the instance has let go of it, it is nobody else's. */
    disk_expect(world, disk, "properties.diskState", "Attached");
    g_autoptr(Answer) early = attach(world, 409, "@/s1/virtualMachines/0", disk, 0);
    world_expect_operation(world, off, "Succeeded", NULL);
    g_assert_cmpuint(disk_kept(world), ==, number);
    disk_expect(world, disk, "properties.diskState", "Unattached");
    disk_expect(world, disk, "tags.daysLeft", "7");
    attach_and_settle(world, "@/s1/virtualMachines/0", disk, 0);
    g_assert_cmpuint(disk_whereabouts(world, "s1", 0, 0), ==, number);
    /* The LUN that it left is free again. */
    g_autoptr(Answer) back = detach_all(world, 200, "@/s1/virtualMachines/0");
    world_expect_operation(world, back, "Succeeded", NULL);
    attach_and_settle(world, "@/s1/virtualMachines/1", disk, 5);
    g_assert_cmpuint(disk_whereabouts(world, "s1", 1, 5), ==, number);
}

static void
test_an_instance_at_rest(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    guint64 number = disk_kept(world);
    answer_free(world_must(world, 202, "POST", "@/s1/deallocate", "{\"instanceIds\":[\"0\"]}"));
    world_settle(world);
    g_autoptr(Answer) put = attach(world, 200, "@/s1/virtualMachines/0", disk, 1);
    g_assert_null(api_response_header(put->response, "Azure-AsyncOperation"));
    disk_expect(world, disk, "properties.diskState", "Reserved");
    g_assert_cmpuint(disk_kept(world), ==, number);
    /* No start has taken it: it is free again at once. */
    answer_free(detach_all(world, 200, "@/s1/virtualMachines/0"));
    disk_expect(world, disk, "properties.diskState", "Unattached");
    answer_free(attach(world, 200, "@/s1/virtualMachines/0", disk, 1));
    answer_free(world_must(world, 202, "POST", "@/s1/start", "{\"instanceIds\":[\"0\"]}"));
    world_settle(world);
    g_assert_cmpuint(disk_whereabouts(world, "s1", 0, 1), ==, number);
    answer_free(world_must(world, 202, "POST", "@/s1/poweroff", "{\"instanceIds\":[\"0\"]}"));
    world_settle(world);
    disk_expect(world, disk, "properties.diskState", "Reserved");
    g_autoptr(Answer) refused = detach_all(world, 409, "@/s1/virtualMachines/0");
    g_autofree char *message = answer_text(refused, "error.message");
    g_assert_nonnull(strstr(message, "start the instance first"));
    g_assert_cmpuint(disk_whereabouts(world, "s1", 0, 1), ==, number);
}

static void
test_kept_again_when_the_instance_goes(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    guint64 number = disk_kept(world);
    attach_and_settle(world, "@/s1/virtualMachines/1", disk, 7);
    days_pass(world, 8);
    disk_expect(world, disk, "properties.diskState", "Attached");
    answer_free(world_must(world, 202, "POST", "@/s1/virtualMachines/1/reimageall", NULL));
    world_settle(world);
    g_assert_cmpuint(disk_whereabouts(world, "s1", 1, 7), ==, number);
    g_autoptr(Answer) scaled = world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"capacity\":1}}");
    world_expect_operation(world, scaled, "Succeeded", NULL);
    g_assert_cmpuint(disk_kept(world), ==, number);
    disk_expect(world, disk, "properties.diskState", "Unattached");
    disk_expect(world, disk, "tags.instanceId", "1");
    disk_expect(world, disk, "tags.lun", "7");
    disk_expect(world, disk, "tags.daysLeft", "7");
    attach_and_settle(world, "@/s1/virtualMachines/0", disk, 7);
    answer_free(world_must(world, 202, "DELETE", "@/s1", NULL));
    world_settle(world);
    g_assert_cmpuint(disk_kept(world), ==, number);
    days_pass(world, 6);
    disk_expect(world, disk, "properties.diskState", "Unattached");
    days_pass(world, 2);
    const Row gone[] = { { "GET", ALL_DISKS, NULL, 200, "value.0", NULL } };
    ROWS_RUN(world, gone);
    g_assert_cmpuint(disk_kept(world), ==, 0);
}

/* What was never taken lies where it lay. */
static void
test_an_instance_goes_that_never_took_it(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    guint64 number = disk_kept(world);
    answer_free(world_must(world, 202, "POST", "@/s1/deallocate", "{\"instanceIds\":[\"0\"]}"));
    world_settle(world);
    answer_free(attach(world, 200, "@/s1/virtualMachines/0", disk, 1));
    answer_free(world_must(world, 202, "DELETE", "@/s1/virtualMachines/0", NULL));
    world_settle(world);
    disk_expect(world, disk, "properties.diskState", "Unattached");
    g_assert_cmpuint(disk_kept(world), ==, number);
    attach_and_settle(world, "@/s1/virtualMachines/1", disk, 0);
    g_assert_cmpuint(disk_whereabouts(world, "s1", 1, 0), ==, number);
}

static void
test_refusals(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    g_autofree char *id = disk_id(world, disk);
    answer_free(world_must(world, 200, "PATCH", "@/s1", IN_MODEL(MODEL_DISK("0"))));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\"]}"));
    world_settle(world);
#define DISK     "properties.storageProfile.dataDisks"
#define OF_MODEL "{\"lun\":0,\"createOption\":\"Empty\",\"diskSizeGB\":4},"
    const struct {
        const char *instance, *disks;
        int status;
        const char *target, *says;
    } cases[] = {
        { "0", "[]", 409, DISK, "the model's" },
        { "0", "[" OF_MODEL "{\"lun\":1}]", 400, DISK "[1]", "createOption 'Attach'" },
        { "0", "[" OF_MODEL "{\"lun\":1,\"createOption\":\"Attach\"}]", 400, DISK "[1]", "managedDisk.id" },
        { "0", "[" OF_MODEL "{\"lun\":1,\"createOption\":\"Attach\",\"managedDisk\":{\"id\":\"nonsense\"}}]", 404, DISK "[1]",
          "no kept disk 'nonsense'" },
        { "0", "[{\"lun\":0,\"createOption\":\"Attach\",\"managedDisk\":{\"id\":\"%s\"}}]", 409, DISK "[0]",
          "LUN 0 of instance 0 is a data disk of the model" },
        /* instance 1 is not on the newest model yet, and will be */
        { "1", "[{\"lun\":0,\"createOption\":\"Attach\",\"managedDisk\":{\"id\":\"%s\"}}]", 409, DISK "[0]", "of the model" },
        { "1", "[{\"lun\":1,\"createOption\":\"Attach\",\"managedDisk\":{\"id\":\"%s\"},\"diskSizeGB\":8}]", 400, DISK "[0]",
          "has 4 GiB" },
        { "1", "[{\"lun\":1,\"createOption\":\"Attach\",\"managedDisk\":{\"id\":\"%s\"},\"caching\":\"ReadOnly\"}]", 400,
          DISK "[0]", "caching 'None'" },
        { "1", "[{\"lun\":1,\"createOption\":\"Attach\",\"managedDisk\":{\"id\":\"%s\"},\"deleteOption\":\"Delete\"}]", 400,
          DISK "[0]", "'Detach'" },
        { "1",
          "[{\"lun\":1,\"createOption\":\"Attach\",\"managedDisk\":{\"id\":\"%s\"}},{\"lun\":2,\"createOption\":\"Attach\","
          "\"managedDisk\":{\"id\":\"%s\"}}]",
          409, DISK "[1]", "is attached to instance 1" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) parts = g_strsplit(cases[i].disks, "%s", -1);
        g_autofree char *disks = g_strjoinv(id, parts), *target = g_strconcat("@/s1/virtualMachines/", cases[i].instance, NULL);
        g_autofree char *body = g_strdup_printf("{\"properties\":{\"storageProfile\":{\"dataDisks\":%s}}}", disks);
        g_autoptr(Answer) answer = world_must(world, cases[i].status, "PUT", target, body);
        g_autofree char *message = answer_text(answer, "error.message");
        g_test_message("%s: %s", disks, message);
        answer_expect(answer, "error.target", cases[i].target);
        g_assert_nonnull(strstr(message, cases[i].says));
        disk_expect(world, disk, "properties.diskState", "Unattached");
    }
    /* all that is wrong at once */
    g_autoptr(Answer) both = world_must(world, 409, "PUT", "@/s1/virtualMachines/0",
                                        "{\"properties\":{\"storageProfile\":{\"dataDisks\":[{\"lun\":4}]}}}");
    answer_expect(both, "error.details.1.target", DISK "[0]");
    answer_free(attach(world, 404, "@/s1/virtualMachines/9", disk, 1));
}

/* An instance that works on something, or is on its way out, is left alone. */
static void
test_busy_instances(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    answer_free(world_must(world, 202, "POST", "@/s1/restart", "{\"instanceIds\":[\"0\"]}"));
    g_autoptr(Answer) busy = attach(world, 409, "@/s1/virtualMachines/0", disk, 1);
    answer_expect(busy, "error.code", "OperationNotAllowed");
    answer_free(world_must(world, 202, "DELETE", "@/s1/virtualMachines/1", NULL));
    g_autoptr(Answer) leaving = attach(world, 409, "@/s1/virtualMachines/1", disk, 1);
    g_autofree char *message = answer_text(leaving, "error.message");
    g_assert_nonnull(strstr(message, "being deleted"));
    world_settle(world);
    disk_expect(world, disk, "properties.diskState", "Unattached");
}

/* Standard_A1_v2 has room for two. */
static void
test_room_of_the_size(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    world_create(world, "s2", 1, "Standard_A1_v2", "gen1", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s2", IN_MODEL(MODEL_DISK("0") "," MODEL_DISK("1"))));
    g_autoptr(Answer) full = attach(world, 409, "@/s2/virtualMachines/0", disk, 2);
    g_autofree char *message = answer_text(full, "error.message");
    g_assert_nonnull(strstr(message, "room for 2 data disk(s); instance 0 would have 3"));
    answer_free(world_must(world, 200, "PATCH", "@/s2", IN_MODEL(MODEL_DISK("0"))));
    attach_and_settle(world, "@/s2/virtualMachines/0", disk, 2);
    const Row rows[] = {
        /* the model grows into what is attached */
        { "PATCH", "@/s2", IN_MODEL(MODEL_DISK("0") "," MODEL_DISK("1")), 409, "error.target", "sku.name" },
        { "PATCH", "@/s2", IN_MODEL(MODEL_DISK("2")), 409, "error.target",
          "properties.virtualMachineProfile.storageProfile.dataDisks" },
        { "POST", "@/s2/whatIf", IN_MODEL(MODEL_DISK("2")), 200, "status", "Refused" },
        { "POST", "@/s2/rollback", "{\"revision\":2}", 409, "error.target", "sku.name" },
        { "PATCH", "@/s2", "{\"tags\":{\"a\":\"b\"}}", 200, "tags.a", "b" },
        { "PATCH", "@/s2", IN_MODEL(MODEL_DISK("3")), 200, NULL, NULL },
    };
    ROWS_RUN(world, rows);
}

/* A LUN that a model had keeps what was on it, for the day on which the set goes back. */
static void
test_a_lun_of_an_earlier_model(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    static const char all[] = "{\"instanceIds\":[\"*\"]}";
    answer_free(world_must(world, 200, "PATCH", "@/s1", IN_MODEL(MODEL_DISK("3"))));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", all));
    world_settle(world);
    guint64 number = disk_whereabouts(world, "s1", 0, 3);
    answer_free(world_must(world, 200, "PATCH", "@/s1", IN_MODEL("")));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", all));
    world_settle(world);
    g_autoptr(Answer) refused = attach(world, 409, "@/s1/virtualMachines/0", disk, 3);
    g_autofree char *message = answer_text(refused, "error.message");
    g_assert_nonnull(strstr(message, "an earlier model"));
    attach_and_settle(world, "@/s1/virtualMachines/0", disk, 4);
    answer_free(world_must(world, 200, "POST", "@/s1/rollback", "{\"revision\":2}"));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", all));
    world_settle(world);
    g_assert_cmpuint(disk_whereabouts(world, "s1", 0, 3), ==, number);
    /* The one that no model names is kept too when its instance goes. */
    answer_free(world_must(world, 200, "PATCH", "@/s1", IN_MODEL("")));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", all));
    world_settle(world);
    answer_free(world_must(world, 202, "DELETE", "@/s1", NULL));
    world_settle(world);
    g_autoptr(GArray) kept = host_simulated_kept_disks(world->simulated);
    g_autoptr(Answer) list = world_must(world, 200, "GET", ALL_DISKS, NULL);
    g_assert_cmpuint(kept->len, ==, 3);
    g_assert_cmpuint(json_array_size(json_object_get(list->body, "value")), ==, 3);
}

static void
test_delete_option(void)
{
    g_autoptr(World) world = world_new();
    world_create(world, "s1", 1, "Standard_B1ms", "gen2", NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1",
                           IN_MODEL("{\"lun\":0,\"diskSizeGB\":1,\"deleteOption\":\"Delete\"}," MODEL_DISK("1"))));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"*\"]}"));
    world_settle(world);
    answer_free(world_must(world, 202, "DELETE", "@/s1", NULL));
    world_settle(world);
    g_autoptr(Answer) list = world_must(world, 200, "GET", ALL_DISKS, NULL);
    answer_expect(list, "value.0.tags.lun", "1");
    answer_expect(list, "value.1", NULL);
    g_assert_cmpuint(disk_kept(world), !=, 0);
}

static void
test_an_attached_disk_is_not_deleted(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    g_autofree char *one = g_strconcat(DISKS "/", disk, NULL);
    attach_and_settle(world, "@/s1/virtualMachines/0", disk, 1);
    answer_free(world_must(world, 409, "DELETE", one, NULL));
    g_assert_cmpuint(disk_whereabouts(world, "s1", 0, 1), !=, 0);
}

/* Superseded before it was begun: the disk joins, or leaves, at the next start. */
static void
test_a_change_of_the_model_takes_over(void)
{
    g_autofree char *disk = NULL;
    g_autoptr(World) world = world_with_disk(&disk);
    guint64 number = disk_kept(world);
    g_autoptr(Answer) put = attach(world, 200, "@/s1/virtualMachines/0", disk, 1);
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"sku\":{\"name\":\"Standard_B2s\"}}"));
    world_settle(world);
    g_autoptr(Answer) polled = world_poll(world, put);
    answer_expect(polled, "status", "Canceled");
    answer_free(world_must(world, 202, "POST", "@/s1/restart", "{\"instanceIds\":[\"0\"]}"));
    world_settle(world);
    g_assert_cmpuint(disk_whereabouts(world, "s1", 0, 1), ==, number);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disks/list-and-get", test_list_and_get);
    g_test_add_func("/disks/pages", test_pages);
    g_test_add_func("/disks/attach-and-detach", test_attach_and_detach);
    g_test_add_func("/disks/an-instance-at-rest", test_an_instance_at_rest);
    g_test_add_func("/disks/kept-again-when-the-instance-goes", test_kept_again_when_the_instance_goes);
    g_test_add_func("/disks/an-instance-goes-that-never-took-it", test_an_instance_goes_that_never_took_it);
    g_test_add_func("/disks/refusals", test_refusals);
    g_test_add_func("/disks/busy-instances", test_busy_instances);
    g_test_add_func("/disks/room-of-the-size", test_room_of_the_size);
    g_test_add_func("/disks/a-lun-of-an-earlier-model", test_a_lun_of_an_earlier_model);
    g_test_add_func("/disks/delete-option", test_delete_option);
    g_test_add_func("/disks/an-attached-disk-is-not-deleted", test_an_attached_disk_is_not_deleted);
    g_test_add_func("/disks/a-change-of-the-model-takes-over", test_a_change_of_the_model_takes_over);
    return g_test_run();
}

/* Operations, events, images, kept disks, members of changes: what is written is what is read, member by member. */
#include "fixture.h"

#include "store/deployments.h"
#include "store/upgrades.h"

#define T(text) ((char *)(text))

static void
test_operation(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const StoreOperation given_operation = {
        .id = T("abc-def"),
        .kind = OPERATION_UPDATE_INSTANCES,
        .resource_id = T("/subscriptions/s"),
        .set_id = 4,
        .location = T("here"),
        .status = OPERATION_FAILED,
        .code = T("HostDiskFull"),
        .message = T("full"),
        .details = T("[]"),
        .output = T("{}"),
        .started = 5,
        .ended = 6,
        .total = 7,
        .pending = 8,
    };
    StoreOperation operation = given_operation;
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_operation_insert(tx, &operation, NULL));
    g_autoptr(StoreOperation) got = store_operation_get(tx, "ABC-DEF", NULL);
    assert_same_row(&operation_rows, &operation, got);
    operation.status = OPERATION_SUCCEEDED;
    operation.code = operation.message = operation.details = operation.output = NULL;
    operation.pending = 0;
    guint64 before = operation.etag;
    g_assert_true(store_operation_update(tx, &operation, NULL));
    g_assert_cmpuint(operation.etag, >, before);
    g_autoptr(StoreOperation) after = store_operation_get(tx, "abc-def", NULL);
    assert_same_row(&operation_rows, &operation, after);
    operation.id = T("none");
    GError *error = NULL;
    g_assert_false(store_operation_update(tx, &operation, &error));
    assert_arm_error(error, ARM_INTERNAL, "Operation 'none' is not in the store");
    store_abort(tx);
}

static guint
events_of(StoreTx *tx, const char *prefix, gint64 before, guint limit)
{
    g_autoptr(GPtrArray) events = store_event_list(tx, prefix, before, limit, NULL);
    return events->len;
}

static void
test_event(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const StoreEvent given_event = {
        .time = 5,
        .level = T("Warning"),
        .operation_name = T("op"),
        .status = T("Failed"),
        .resource_id = T("/subscriptions/s/resourceGroups/Rg1"),
        .caller = T("token"),
        .correlation = T("c"),
        .message = T("m"),
    };
    StoreEvent event = given_event;
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_event_add(tx, &event, NULL));
    StoreEvent later = event;
    later.time = 6;
    later.correlation = later.message = NULL;
    later.resource_id = T("/subscriptions/s/resourceGroups/rg1/providers/x");
    g_assert_true(store_event_add(tx, &later, NULL));
    StoreEvent neighbour = event;
    neighbour.resource_id = T("/subscriptions/s/resourceGroups/rg10");
    g_assert_true(store_event_add(tx, &neighbour, NULL));
    must_commit(tx);

    tx = must_write(f->store);
    g_autoptr(GPtrArray) events = store_event_list(tx, "/subscriptions/S/resourcegroups/RG1", 0, 10, NULL);
    g_assert_cmpuint(events->len, ==, 2);
    assert_same_row(&event_rows, &later, g_ptr_array_index(events, 0));
    assert_same_row(&event_rows, &event, g_ptr_array_index(events, 1));
    g_assert_cmpuint(events_of(tx, NULL, 0, 10), ==, 3);
    g_assert_cmpuint(events_of(tx, NULL, 0, 2), ==, 2);
    g_assert_cmpuint(events_of(tx, NULL, later.id, 10), ==, 1);
    g_assert_cmpuint(events_of(tx, "/subscriptions/s/resourceGroups/rg1/", 0, 10), ==, 2);
    g_assert_cmpuint(events_of(tx, "/subscriptions/s/resourceGroups/%", 0, 10), ==, 0);
    g_assert_true(store_event_prune(tx, 6, NULL));
    g_assert_cmpuint(events_of(tx, NULL, 0, 10), ==, 1);
    must_commit(tx);
}

static ImageInfo
an_image(const char *version)
{
    static const ImageInfo given = {
        .publisher = T("Testudo"),
        .offer = T("mini"),
        .sku = T("gen2"),
        .generation = 2,
        .architecture = T("x64"),
        .os_type = T("Linux"),
        .security_type = T("TrustedLaunchSupported"),
        .guest_agent = TRUE,
        .format = IMAGE_VHDX,
        .file = T("/images/a.vhdx"),
        .sha256 = T("00ff"),
        .virtual_size = G_GUINT64_CONSTANT(1) << 41,
        .boot_chain = BOOT_CHAIN_SIGNED,
    };
    ImageInfo row = given;
    row.version = T(version);
    return row;
}

static void
test_image(Fixture *f, const void *data G_GNUC_UNUSED)
{
    ImageInfo image = an_image("1.0.0"), bare = an_image("0.9.0");
    bare.file = bare.sha256 = NULL;
    bare.guest_agent = FALSE;
    bare.format = IMAGE_QCOW2;
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_image_put(tx, &image, NULL));
    g_assert_true(store_image_put(tx, &bare, NULL));
    g_autoptr(ImageInfo) got = store_image_get(tx, "TESTUDO", "Mini", "GEN2", "1.0.0", NULL);
    assert_same_row(&image_rows, &image, got);
    g_autoptr(GPtrArray) list = store_image_list(tx, NULL);
    g_assert_cmpuint(list->len, ==, 2);
    assert_same_row(&image_rows, &bare, g_ptr_array_index(list, 0));
    g_assert_true(store_image_boot_chain_set(tx, &bare, BOOT_CHAIN_UNSIGNED, NULL));
    for (guint i = 0; i < 2; i++) {
        g_autoptr(ImageInfo) one = store_image_get(tx, "Testudo", "mini", "gen2", i == 0 ? "0.9.0" : "1.0.0", NULL);
        g_assert_cmpint(one->boot_chain, ==, i == 0 ? BOOT_CHAIN_UNSIGNED : BOOT_CHAIN_SIGNED);
    }
    image.publisher = T("testudo");
    GError *error = NULL;
    g_assert_false(store_image_put(tx, &image, &error));
    assert_arm_error(error, ARM_CONFLICT, "'Testudo:mini:gen2:1.0.0' exists already");
    g_assert_true(store_image_delete(tx, &image, NULL));
    g_assert_null(store_image_get(tx, "Testudo", "mini", "gen2", "1.0.0", NULL));
    g_assert_true(store_image_put(tx, &image, NULL));
    store_abort(tx);
}

static void
test_latest(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        const char *added, *latest;
    } steps[] = {
        { "1.0.0-rc1", "1.0.0-rc1" },                         /* nothing else is there */
        { "0.9.0", "0.9.0" },                                 /* not a pre-release, older as it is */
        { "1.2.0", "1.2.0" },         { "1.10.0", "1.10.0" }, /* by number, not by text */
        { "1.9.9", "1.10.0" },        { "2.0.0-unhealthy", "1.10.0" },
    };
    StoreTx *tx = must_write(f->store);
    g_assert_null(store_image_get(tx, "Testudo", "mini", "gen2", "latest", NULL));
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        ImageInfo image = an_image(steps[i].added);
        g_assert_true(store_image_put(tx, &image, NULL));
        g_autoptr(ImageInfo) latest = store_image_get(tx, "testudo", "mini", "gen2", "Latest", NULL);
        g_assert_cmpstr(latest->version, ==, steps[i].latest);
    }
    store_abort(tx);
}

static void
test_disk(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const StoreDisk given_disk = { T("id"), T("Rg"), T("set"), 3, 4, 5, T("/f"), 6, 7, 8, 9 };
    StoreDisk disk = given_disk;
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_disk_put(tx, &disk, NULL));
    disk.kept_until = 7;
    g_assert_true(store_disk_put(tx, &disk, NULL));
    g_autoptr(GPtrArray) list = store_disk_list(tx, NULL);
    g_assert_cmpuint(list->len, ==, 1);
    assert_same_row(&disk_rows, &disk, g_ptr_array_index(list, 0));
    g_autoptr(StoreDisk) got = store_disk_get(tx, "ID", NULL);
    assert_same_row(&disk_rows, &disk, got);
    g_assert_null(store_disk_get(tx, "other", NULL));
    g_assert_true(store_disk_delete(tx, "ID", NULL));
    g_autoptr(GPtrArray) none = store_disk_list(tx, NULL);
    g_assert_cmpuint(none->len, ==, 0);
    must_commit(tx);
}

/* Those of a set or an instance are what they have now; what lies kept is nobody's. */
static void
test_disks_of_their_holders(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const struct {
        const char *id;
        gint64 set_id;
        guint instance, lun;
    } rows[] = { { "a", 1, 0, 5 }, { "b", 1, 0, 2 }, { "c", 1, 3, 0 }, { "d", 2, 0, 0 }, { "e", 0, 0, 1 } };
    StoreTx *tx = must_write(f->store);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const StoreDisk disk = { .id = T(rows[i].id),
                                 .group = T("g"),
                                 .set_name = T("s"),
                                 .instance = rows[i].instance,
                                 .lun = rows[i].lun,
                                 .file = T("/f"),
                                 .set_id = rows[i].set_id };
        g_assert_true(store_disk_put(tx, &disk, NULL));
    }
    const struct {
        GPtrArray *list;
        const char *ids;
    } lists[] = {
        { store_disk_list_of_set(tx, 1, NULL), "bac" },       { store_disk_list_of_set(tx, 0, NULL), "" },
        { store_disk_list_of_set(tx, 3, NULL), "" },          { store_disk_list_of_instance(tx, 1, 0, NULL), "ba" },
        { store_disk_list_of_instance(tx, 2, 0, NULL), "d" }, { store_disk_list_of_instance(tx, 1, 1, NULL), "" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GString) ids = g_string_new(NULL);
        for (guint k = 0; k < lists[i].list->len; k++)
            g_string_append(ids, ((const StoreDisk *)g_ptr_array_index(lists[i].list, k))->id);
        g_assert_cmpstr(ids->str, ==, lists[i].ids);
        g_ptr_array_unref(lists[i].list);
    }
    must_commit(tx);
}

static void
test_session(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreSession older = { T("ab12"), T("portal:00000001"), T("owner"), 5, 6 };
    StoreSession newer = { T("cd34"), T("portal:00000002"), T("token"), 7, 8 };
    StoreTx *tx = must_write(f->store);
    g_assert_true(store_session_insert(tx, &newer, NULL));
    g_assert_true(store_session_insert(tx, &older, NULL));
    g_assert_true(store_session_use(tx, "cd34", 9, NULL));
    g_assert_true(store_session_use(tx, "none", 9, NULL));
    must_commit(tx);
    tx = must_write(f->store);
    g_autoptr(GPtrArray) both = store_session_list(tx, NULL);
    g_assert_cmpuint(both->len, ==, 2);
    newer.used = 9;
    assert_same_row(&session_rows, &older, g_ptr_array_index(both, 0));
    assert_same_row(&session_rows, &newer, g_ptr_array_index(both, 1));
    g_assert_true(store_session_delete(tx, "ab12", NULL));
    g_autoptr(GPtrArray) one = store_session_list(tx, NULL);
    g_assert_cmpuint(one->len, ==, 1);
    must_commit(tx);
}

/* "DOWN_SINCE DOWNS GONE" of each member. */
static void
expect_members(StoreTx *tx, const StoreUpgrade *change, const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) members = store_upgrade_members(tx, change, 0, 10, NULL);
    for (guint i = 0; i < members->len; i++) {
        const StoreUpgradeMember *member = g_ptr_array_index(members, i);
        g_string_append_printf(text, "%s%d %s %d", i > 0 ? "; " : "", (int)member->down_since,
                               member->downs ? member->downs : "-", (int)member->gone);
    }
    g_assert_cmpstr(text->str, ==, wanted);
}

/* Deleted while it is down, it is so no longer; while it is up, nothing is written of that. The first time counts. */
static void
test_members_of_a_change(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    const gint64 id = set_add(tx, "g", "s");
    g_autoptr(StoreSet) set = store_set_get(tx, "g", "s", NULL);
    g_autoptr(StoreUpgrade) change = upgrade_open(tx, set, "/r", "RollingUpgrade", "o1", "owner", 1000, NULL);
    gboolean noted;
    for (guint i = 0; i < 2; i++) {
        const StoreInstance one = { .set_id = id, .id = i };
        g_assert_true(upgrade_enlist_new(tx, "o1", &one, NULL));
    }
    g_assert_true(store_upgrade_member_down(tx, change, 0, TRUE, 1100, &noted, NULL) && noted);
    g_assert_true(store_upgrade_member_down(tx, change, 0, TRUE, 1150, &noted, NULL) && !noted);
    g_assert_true(store_upgrade_member_down(tx, change, 0, FALSE, 1200, &noted, NULL) && noted);
    g_assert_true(store_upgrade_member_down(tx, change, 0, FALSE, 1250, &noted, NULL) && !noted);
    g_assert_true(store_upgrade_member_down(tx, change, 0, TRUE, 1500, &noted, NULL) && noted);
    expect_members(tx, change, "1500 [100,100] 0; 0 - 0");
    for (guint i = 0; i < 2; i++)
        g_assert_true(store_upgrade_member_gone(tx, change, 0, 1800 + 500 * i, NULL) &&
                      store_upgrade_member_gone(tx, change, 1, 1900 + 500 * i, NULL) &&
                      store_upgrade_member_gone(tx, change, 2, 1900, NULL));
    expect_members(tx, change, "0 [100,100],[500,300] 1800; 0 - 1900");
    must_commit(tx);
}

/* Operation `id`, in progress or ended; and a deployment of this name whose one part is it. */
static void
deployment_add(StoreTx *tx, const char *name, UnixTime created, OperationStatus status, guint most)
{
    g_autofree char *id = g_strdup_printf("%s-%d", name, (int)created);
    const StoreDeployment deployment = { T("g"), T(name), id, T("{}"), NULL, created };
    const StoreDeploymentPart part = { id, 0, T("/r"), id };
    StoreOperation operation = { .id = id, .resource_id = T("/r"), .location = T("here"), .status = status, .ended = 1 };
    g_assert_true(store_operation_insert(tx, &operation, NULL));
    g_assert_true(store_deployment_put(tx, &deployment, most, NULL));
    g_assert_true(store_deployment_part_add(tx, &part, NULL));
}

static char *
deployment_names(StoreTx *tx)
{
    g_autoptr(GPtrArray) rows = store_deployment_list(tx, "G", NULL);
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < rows->len; i++)
        g_string_append(names, ((StoreDeployment *)g_ptr_array_index(rows, i))->name);
    return g_string_free(names, FALSE);
}

static void
test_deployment(Fixture *f, const void *data G_GNUC_UNUSED)
{
    StoreTx *tx = must_write(f->store);
    deployment_add(tx, "a", 1, OPERATION_IN_PROGRESS, 2);
    deployment_add(tx, "b", 2, OPERATION_SUCCEEDED, 2);
    deployment_add(tx, "c", 3, OPERATION_SUCCEEDED, 2);
    /* a goes on, so it stays; b is the oldest of those that ended */
    deployment_add(tx, "d", 4, OPERATION_SUCCEEDED, 2);
    g_autofree char *kept = deployment_names(tx);
    g_assert_cmpstr(kept, ==, "dca");
    /* the clock went back: the one that comes is no older for that */
    deployment_add(tx, "e", 0, OPERATION_SUCCEEDED, 2);
    g_autofree char *late = deployment_names(tx);
    g_assert_cmpstr(late, ==, "dcae");
    deployment_add(tx, "D", 5, OPERATION_SUCCEEDED, 9);
    g_autofree char *again = deployment_names(tx);
    g_assert_cmpstr(again, ==, "Dcae");

    /* What they wait for is not forgotten; what nobody waits for any more is. */
    g_assert_true(store_operation_prune(tx, 100, NULL));
    g_autoptr(StoreOperation) kept_operation = store_operation_get(tx, "D-5", NULL);
    g_autoptr(StoreOperation) of_former = store_operation_get(tx, "d-4", NULL);
    g_assert_nonnull(kept_operation);
    g_assert_null(of_former);
    g_autoptr(StoreDeployment) got = store_deployment_get(tx, "G", "d", NULL);
    StoreDeployment expected = { T("g"), T("D"), T("D-5"), T("{}"), NULL, 5 };
    assert_same_row(&deployment_rows, &expected, got);
    g_autoptr(GPtrArray) parts = store_deployment_parts(tx, "D-5", NULL), gone = store_deployment_parts(tx, "d-4", NULL);
    StoreDeploymentPart part = { T("D-5"), 0, T("/r"), T("D-5") };
    g_assert_cmpuint(parts->len, ==, 1);
    assert_same_row(&deployment_part_rows, &part, g_ptr_array_index(parts, 0));
    g_assert_cmpuint(gone->len, ==, 0);
    store_abort(tx);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_add("operation", test_operation);
    fixture_add("event", test_event);
    fixture_add("image", test_image);
    fixture_add("latest", test_latest);
    fixture_add("disk", test_disk);
    fixture_add("session", test_session);
    fixture_add("disks-of-their-holders", test_disks_of_their_holders);
    fixture_add("members-of-a-change", test_members_of_a_change);
    fixture_add("deployment", test_deployment);
    return g_test_run();
}

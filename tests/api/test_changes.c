/* The stream of changes: what is told, from where on, and when it ends. */
#include "rows.h"

#include "api/changes.h"
#include "api/feed.h"
#include "base/json.h"

#include <string.h>

#define WITHIN (10 * G_USEC_PER_SEC)

/* ---- a reader ---- */

typedef struct {
    Answer *answer;
    ApiStream *stream;
    GString *text;
    GMutex lock;
    GCond woken;
    gboolean asleep, alone; /* alone: nobody waits */
} Reader;

static gboolean
on_sleep(void *data)
{
    Reader *reader = data;
    g_mutex_lock(&reader->lock);
    reader->asleep = !reader->alone;
    g_mutex_unlock(&reader->lock);
    return !reader->alone;
}

static void
on_wake(void *data)
{
    Reader *reader = data;
    g_mutex_lock(&reader->lock);
    reader->asleep = FALSE;
    g_cond_signal(&reader->woken);
    g_mutex_unlock(&reader->lock);
}

static Reader *
reader_open_as(World *world, const char *target, const char *caller)
{
    const ApiRequest request = { .method = "GET", .target = target, .base_url = "https://h:1", .caller = caller };
    Reader *reader = g_new0(Reader, 1);
    reader->answer = world_ask_request(world, &request);
    reader->stream = reader->answer->response->stream;
    reader->text = g_string_new(NULL);
    g_mutex_init(&reader->lock);
    g_cond_init(&reader->woken);
    if (reader->stream) {
        reader->stream->sleep = on_sleep;
        reader->stream->wake = on_wake;
        reader->stream->data = reader;
    }
    return reader;
}

static Reader *
reader_open(World *world, const char *target)
{
    Reader *reader = reader_open_as(world, target, "owner");
    g_assert_cmpint(reader->answer->response->status, ==, 200);
    g_assert_cmpstr(reader->answer->response->content_type, ==, "application/x-ndjson");
    return reader;
}

static void
reader_close(Reader *reader)
{
    answer_free(reader->answer);
    g_string_free(reader->text, TRUE);
    g_cond_clear(&reader->woken);
    g_mutex_clear(&reader->lock);
    g_free(reader);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reader, reader_close)

static void
wait_for_wake(Reader *reader)
{
    gint64 until = g_get_monotonic_time() + WITHIN;
    g_mutex_lock(&reader->lock);
    while (reader->asleep)
        g_assert_true(g_cond_wait_until(&reader->woken, &reader->lock, until));
    g_mutex_unlock(&reader->lock);
}

/* The next line, without its end; NULL: the stream is over. It comes in small pieces. */
static char *
line_next(Reader *reader)
{
    char bytes[7];
    for (;;) {
        char *end = strchr(reader->text->str, '\n');
        if (end) {
            char *line = g_strndup(reader->text->str, (gsize)(end - reader->text->str));
            g_string_erase(reader->text, 0, (gssize)strlen(line) + 1);
            return line;
        }
        gssize n = reader->stream->read(reader->stream, bytes, sizeof bytes);
        if (n < 0) {
            g_assert_cmpuint(reader->text->len, ==, 0);
            return NULL;
        }
        if (n == 0)
            wait_for_wake(reader);
        g_string_append_len(reader->text, bytes, n);
    }
}

/* "put Microsoft.Resources/resourceGroups g1": change, type, and the id's last part. *ret_revision: the line's. */
static char *
line_read(Reader *reader, guint64 *ret_revision)
{
    g_autofree char *line = line_next(reader);
    if (!line)
        return g_strdup("over");
    g_autoptr(json_t) object = json_loads(line, 0, NULL);
    g_assert_nonnull(object);
    *ret_revision = (guint64)json_integer_value(json_object_get(object, "revision"));
    const char *end = json_string_value(json_object_get(object, "end")), *id = json_string_value(json_object_get(object, "id"));
    if (end)
        return g_strconcat("end ", end, NULL);
    if (!id)
        return g_strdup("mark");
    g_assert_true(g_str_has_prefix(id, "/subscriptions/"));
    return g_strjoin(" ", json_string_value(json_object_get(object, "change")),
                     json_string_value(json_object_get(object, "type")), strrchr(id, '/') + 1, NULL);
}

static guint64
expect(Reader *reader, const char *text)
{
    guint64 revision = 0;
    g_autofree char *line = line_read(reader, &revision);
    g_assert_cmpstr(line, ==, text);
    return revision;
}

#define GROUP "Microsoft.Resources/resourceGroups "

static void
group_put(World *world, const char *name, guint times)
{
    g_autofree char *target = g_strconcat("~/resourceGroups/", name, NULL);
    for (guint i = 0; i < times; i++)
        answer_free(world_ask(world, "PUT", target, "{\"location\":\"local\"}"));
}

/* ---- tests ---- */

static void
test_what_is_committed_is_told(void)
{
    g_autoptr(World) world = world_new();
    group_put(world, "before", 1);
    g_autoptr(Reader) reader = reader_open(world, "/portal/changes");
    guint64 begun = expect(reader, "mark");
    g_assert_cmpuint(begun, ==, store_revision(world->store));
    group_put(world, "a", 3);
    g_assert_cmpuint(expect(reader, "put " GROUP "a"), ==, store_revision(world->store));
    answer_free(world_must(world, 202, "DELETE", "~/resourceGroups/a", NULL));
    world_settle(world);
    guint64 revision = begun;
    for (gboolean gone = FALSE; !gone;) {
        g_autofree char *line = line_read(reader, &revision);
        gone = strcmp(line, "delete " GROUP "a") == 0;
    }
}

static void
test_a_stream_goes_on_where_it_broke_off(void)
{
    g_autoptr(World) world = world_new();
    Reader *first = reader_open(world, "/portal/changes");
    expect(first, "mark");
    group_put(world, "a", 1);
    guint64 revision = expect(first, "put " GROUP "a");
    reader_close(first);
    group_put(world, "b", 1);
    group_put(world, "c", 1);
    group_put(world, "b", 1);
    g_autofree char *target = g_strdup_printf("/portal/changes?since=%" G_GUINT64_FORMAT, revision);
    g_autoptr(Reader) second = reader_open(world, target);
    g_assert_cmpuint(expect(second, "mark"), ==, revision);
    expect(second, "put " GROUP "c");
    expect(second, "put " GROUP "b");
}

static void
test_what_is_not_kept_is_gone(void)
{
    static const struct {
        const char *since;
        int status;
    } rows[] = { { "0", 410 }, { "99999", 410 }, { "x", 400 }, { "-1", 400 }, { "", 200 } };
    g_autoptr(World) world = world_new();
    group_put(world, "a", 1);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *target = g_strconcat("/portal/changes?since=", rows[i].since, NULL);
        g_autoptr(Reader) reader = reader_open_as(world, target, "owner");
        g_assert_cmpint(reader->answer->response->status, ==, rows[i].status);
    }
    g_autoptr(Reader) nobody = reader_open_as(world, "/portal/changes", NULL);
    g_assert_cmpint(nobody->answer->response->status, ==, 401);
}

static void
many_events_add(World *world, guint n)
{
    g_autoptr(GError) error = NULL;
    StoreTx *tx = store_write(world->store, &error);
    for (guint i = 0; i < n; i++)
        g_assert_true(store_event_note(tx, "x/action", "/subscriptions/s", "me", NULL, 1, &error));
    g_assert_true(store_commit(tx, &error));
}

static void
test_who_is_left_behind_is_sent_away(void)
{
    g_autoptr(World) world = world_new_in_memory();
    g_autoptr(Reader) slow = reader_open(world, "/portal/changes"), quick = reader_open(world, "/portal/changes");
    guint64 begun = expect(slow, "mark"), revision = expect(quick, "mark");
    many_events_add(world, FEED_KEPT);
    for (guint i = 0; i < FEED_KEPT; i++)
        g_free(line_read(quick, &revision));
    g_assert_cmpuint(revision, ==, store_revision(world->store));
    many_events_add(world, 1);
    g_assert_cmpuint(expect(slow, "end slow"), ==, begun);
    expect(slow, "over");
    g_free(line_read(quick, &revision));
    g_assert_cmpuint(revision, ==, store_revision(world->store));
    g_autofree char *target = g_strdup_printf("/portal/changes?since=%" G_GUINT64_FORMAT, begun);
    g_autoptr(Reader) again = reader_open_as(world, target, "owner");
    g_assert_cmpint(again->answer->response->status, ==, 410);
}

static void
test_streams_are_so_many(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GPtrArray) readers = g_ptr_array_new_with_free_func((GDestroyNotify)reader_close);
    for (guint i = 0; i < FEED_READERS_MAX; i++)
        g_ptr_array_add(readers, reader_open(world, "/portal/changes"));
    g_autoptr(Reader) refused = reader_open_as(world, "/portal/changes", "owner");
    g_assert_cmpint(refused->answer->response->status, ==, 429);
    g_ptr_array_set_size(readers, FEED_READERS_MAX - 1);
    g_autoptr(Reader) admitted = reader_open(world, "/portal/changes");
    expect(admitted, "mark");
}

static void
test_streams_end_with_their_right(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(Reader) owners = reader_open(world, "/portal/changes");
    g_autoptr(Reader) nobodys = reader_open_as(world, "/portal/changes", "portal:00000000");
    expect(owners, "mark");
    expect(nobodys, "mark");
    /* Its session is not there: it is looked at when something happens. */
    group_put(world, "a", 1);
    guint64 revision = 0;
    g_autofree char *line = line_read(nobodys, &revision);
    if (strcmp(line, "put " GROUP "a") == 0)
        expect(nobodys, "end session");
    else
        g_assert_cmpstr(line, ==, "end session");
    expect(nobodys, "over");
    expect(owners, "put " GROUP "a");
    api_streams_end(world->api);
    expect(owners, "end stopping");
    expect(owners, "over");
    g_autoptr(Reader) alone = reader_open(world, "/portal/changes");
    alone->alone = TRUE;
    expect(alone, "mark");
    expect(alone, "over");
}

/* Reads on to where a group is told of that is made here. Lines -> how often they came. */
static void
told_so_far(World *world, Reader *reader, const char *group, GHashTable *told)
{
    g_autofree char *last = g_strconcat("put " GROUP, group, NULL);
    group_put(world, group, 1);
    for (gboolean there = FALSE; !there;) {
        guint64 revision;
        char *line = line_read(reader, &revision);
        there = strcmp(line, last) == 0;
        g_assert_cmpstr(line, !=, "over");
        g_hash_table_add(told, line);
    }
}

/* Everything that a page shows of a set on its way. */
static void
test_a_life_is_told(void)
{
    static const struct {
        const char *method, *target, *told[4];
    } steps[] = {
        { NULL,
          NULL,
          { "put Microsoft.Compute/virtualMachineScaleSets s1", "put Microsoft.Compute/virtualMachineScaleSets/revisions 1",
            "put Microsoft.Compute/virtualMachineScaleSets/virtualMachines 0",
            "put Microsoft.Compute/virtualMachineScaleSets/virtualMachines 1" } },
        { "POST", "@/s1/osRollingUpgrade", { "put Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades latest" } },
        { "DELETE",
          "@/s1/virtualMachines/1",
          { "delete Microsoft.Compute/virtualMachineScaleSets/virtualMachines 1",
            "put Microsoft.Compute/virtualMachineScaleSets s1" } },
        { "POST",
          "~/providers/Microsoft.Features/providers/Microsoft.Compute/features/TrustedLaunchUpgradeFlexPreview/register",
          { "put Microsoft.Features/features TrustedLaunchUpgradeFlexPreview" } },
        { "DELETE", "@/s1", { "delete Microsoft.Compute/virtualMachineScaleSets s1" } },
    };
    g_autoptr(World) world = world_new();
    g_autoptr(Reader) reader = reader_open(world, "/portal/changes");
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *marker = g_strdup_printf("m%u", i);
        if (steps[i].method)
            answer_free(world_ask(world, steps[i].method, steps[i].target, NULL));
        else
            world_create(world, "s1", 2, "Standard_B1ms", "gen2", NULL);
        world_settle(world);
        told_so_far(world, reader, marker, told);
        for (guint k = 0; k < G_N_ELEMENTS(steps[i].told) && steps[i].told[k]; k++) {
            if (!g_hash_table_contains(told, steps[i].told[k]))
                g_error("step %u: '%s' was not told", i, steps[i].told[k]);
        }
    }
}

static void
test_ids_are_those_of_the_api(void)
{
    static const struct {
        StoreChange change;
        const char *id;
    } rows[] = {
#define C(k, n, a, b) { .kind = STORE_CHANGE_##k, .number = n, .first = (char *)a, .second = (char *)b }
        { C(GROUP, 0, "g", NULL), "/subscriptions/S/resourceGroups/g" },
        { C(IMAGE, 0, "a:b:c:1.0.0", NULL),
          "/subscriptions/S/providers/Microsoft.Compute/locations/here/publishers/a/artifacttypes/vmimage/offers/b/skus/c/"
          "versions/1.0.0" },
        { C(ALERT, 0, "n", "/subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/w"),
          "/subscriptions/S/resourceGroups/g/providers/Microsoft.Security/locations/here/alerts/n" },
        { C(SUPPRESSION, 0, "r", NULL), "/subscriptions/S/providers/Microsoft.Security/alertsSuppressionRules/r" },
        { C(UPGRADE, 0, "n", "/subscriptions/S/SET"), "/subscriptions/S/SET/changeRecords/n" },
        { C(BASELINE, 7, "", NULL), "/subscriptions/S/providers/Testudo.Attestation/baselines/7" },
        { C(COMPONENTS, 0, "a:b:c:1.0.0", NULL), "/subscriptions/S/providers/Testudo.Attestation/components/a:b:c:1.0.0" },
        { C(SETTING, 0, "feature/Microsoft.Compute/F", NULL),
          "/subscriptions/S/providers/Microsoft.Features/providers/Microsoft.Compute/features/F" },
        { C(SETTING, 0, "link-secret", NULL), NULL },
        { C(ATTESTATION, 3, "g", "w"),
          "/subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/w/virtualMachines/3/"
          "attestations" },
        { C(DISK, 0, "g", "d"), "/subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/disks/d" },
        { C(OPERATION, 0, "o", NULL), "/subscriptions/S/providers/Microsoft.Compute/locations/here/operations/o" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *id = change_id(&rows[i].change, "S", "here");
        g_assert_cmpstr(id, ==, rows[i].id);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/changes/what-is-committed-is-told", test_what_is_committed_is_told);
    g_test_add_func("/changes/a-stream-goes-on-where-it-broke-off", test_a_stream_goes_on_where_it_broke_off);
    g_test_add_func("/changes/what-is-not-kept-is-gone", test_what_is_not_kept_is_gone);
    g_test_add_func("/changes/who-is-left-behind-is-sent-away", test_who_is_left_behind_is_sent_away);
    g_test_add_func("/changes/streams-are-so-many", test_streams_are_so_many);
    g_test_add_func("/changes/streams-end-with-their-right", test_streams_end_with_their_right);
    g_test_add_func("/changes/a-life-is-told", test_a_life_is_told);
    g_test_add_func("/changes/ids-are-those-of-the-api", test_ids_are_those_of_the_api);
    return g_test_run();
}

/* Change records: what upgrades and roll backs did, through API, store, engine and simulated driver. */
#include "attested.h"

#include "attest/jws.h"
#include "attest/record.h"
#include "base/json.h"

#include <string.h>

#define S          USEC_PER_SEC
#define SIZE(size) "{\"sku\":{\"name\":\"" size "\"}}"
#define MODE(mode) "{\"properties\":{\"upgradePolicy\":{\"mode\":\"" mode "\"}}}"
#define ALL        "{\"instanceIds\":[\"*\"]}"
#define RECORDS    "@/s1/changeRecords"

static World *
world_not_judged(void)
{
    World *world = world_new();
    attested_create(world, "s1", ATTESTED_SET("3", "Manual", ""));
    return world;
}

static void
settle(World *world)
{
    world_settle(world);
    world_advance(world, 120 * S);
}

static guint
records_count(World *world)
{
    g_autoptr(Answer) list = world_must(world, 200, "GET", RECORDS, NULL);
    return (guint)json_array_size(answer_at(list, "value"));
}

/* Of the newest change; NULL: it is not written yet. */
static char *
record_text(World *world)
{
    g_autoptr(Answer) list = world_must(world, 200, "GET", RECORDS, NULL);
    g_autofree char *name = answer_text(list, "value.0.name"), *target = g_strconcat(RECORDS "/", name, NULL);
    g_autoptr(Answer) one = world_must(world, 200, "GET", target, NULL);
    return answer_text(one, "properties.record");
}

static json_t *
payload_of(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ".", 3);
    gsize size = 0;
    g_autofree guchar *bytes = jws_url_decode(parts[1], strlen(parts[1]), &size);
    json_t *payload = json_parse((const char *)bytes, size, NULL);
    g_assert_nonnull(payload);
    return payload;
}

/* The newest record; all of its evidence holds. */
static json_t *
record_newest(World *world)
{
    RecordCheck check;
    json_t *instance;
    size_t i;
    g_autofree char *text = record_text(world);
    g_assert_nonnull(text);
    g_autoptr(json_t) report = record_verify(text, strlen(text), NULL, NULL, 0, &check);
    g_assert_cmpint(check, ==, RECORD_NOT_TRUSTED);
    json_array_foreach(json_object_get(report, "instances"), i, instance)
    {
        g_assert_cmpstr(json_member_text(instance, "beforeEvidence"), !=, "differs");
        g_assert_cmpstr(json_member_text(instance, "afterEvidence"), !=, "differs");
    }
    return payload_of(text);
}

static void
expect(const json_t *json, const char *path, const char *wanted)
{
    const json_t *value = json;
    g_auto(GStrv) members = g_strsplit(path, ".", -1);
    for (char **member = members; *member; member++)
        value = json_is_array(value) ? json_array_get(value, (size_t)g_ascii_strtoull(*member, NULL, 10))
                                     : json_object_get(value, *member);
    g_autofree char *text =
        json_is_integer(value) ? g_strdup_printf("%d", (int)json_integer_value(value)) : g_strdup(json_string_value(value));
    g_assert_cmpstr(text, ==, wanted);
}

static double
downtime(const json_t *record, size_t instance)
{
    return json_number_value(json_path(json_array_get(json_object_get(record, "instances"), instance), "downtime.seconds"));
}

static void
test_a_manual_upgrade(void)
{
    g_autoptr(World) world = world_not_judged();
    answer_free(world_must(world, 200, "PATCH", "@/s1", SIZE("Standard_B2s")));
    settle(world);
    g_assert_cmpuint(records_count(world), ==, 0);
    g_autoptr(Answer) accepted = world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\",\"2\"]}");
    settle(world);
    g_assert_cmpuint(records_count(world), ==, 1);
    g_autoptr(json_t) record = record_newest(world);
    expect(record, "kind", "ManualUpgrade");
    expect(record, "requestedBy", "owner");
    expect(record, "outcome", "Succeeded");
    expect(record, "targetRevision", "2");
    expect(record, "backTo", NULL);
    expect(record, "revisions.1.size", "Standard_B1ms");
    expect(record, "revisions.2.size", "Standard_B2s");
    expect(record, "revisions.2.securityProfile.securityType", "TrustedLaunch");
    expect(record, "instances.1.instanceId", "2");
    expect(record, "instances.1.fromRevision", "1");
    expect(record, "instances.1.revision", "2");
    expect(record, "instances.1.whatIf.change", "redeploy");
    expect(record, "instances.1.before.state", "NotJudged");
    expect(record, "instances.1.after.state", "NotJudged");
    g_assert_cmpuint(json_array_size(json_object_get(record, "instances")), ==, 2);
    g_assert_cmpuint(json_object_size(json_object_get(record, "logs")), >, 0);
    /* Stopped, launched and booted: the simulated driver takes its time for each. */
    g_assert_cmpfloat(downtime(record, 0), >, 0.1);
    g_assert_cmpfloat(downtime(record, 0), <, 30);
}

/* Nothing is done to an instance: there is nothing to record. */
static void
test_no_change_no_record(void)
{
    g_autoptr(World) world = world_not_judged();
    answer_free(world_must(world, 200, "PATCH", "@/s1", "{\"tags\":{\"a\":\"b\"}}"));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", ALL));
    world_settle(world);
    answer_free(world_must(world, 202, "POST", "@/s1/restart", ALL));
    settle(world);
    g_assert_cmpuint(records_count(world), ==, 0);
}

static void
test_by_mode(void)
{
    static const struct {
        const char *mode, *kind;
    } rows[] = { { MODE("Automatic"), "AutomaticUpgrade" }, { MODE("Rolling"), "RollingUpgrade" } };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(World) world = world_not_judged();
        answer_free(world_must(world, 200, "PATCH", "@/s1", rows[i].mode));
        answer_free(world_must(world, 200, "PATCH", "@/s1", SIZE("Standard_B2s")));
        settle(world);
        g_autoptr(json_t) record = record_newest(world);
        expect(record, "kind", rows[i].kind);
        expect(record, "outcome", "Succeeded");
        expect(record, "instances.2.revision", "3");
        g_assert_cmpuint(json_array_size(json_object_get(record, "instances")), ==, 3);
        g_assert_cmpfloat(downtime(record, 1), >, 0.1);
        /* And back, by number. */
        answer_free(world_must(world, 200, "POST", "@/s1/rollback", "{\"revision\":1}"));
        settle(world);
        g_autoptr(json_t) back = record_newest(world);
        g_assert_cmpuint(records_count(world), ==, 2);
        expect(back, "kind", "Rollback");
        expect(back, "by", rows[i].kind);
        expect(back, "targetRevision", "4");
        expect(back, "backTo", "2");
    }
}

static void
test_replaced_instances(void)
{
    static const char surge[] =
        "{\"properties\":{\"upgradePolicy\":{\"mode\":\"Rolling\",\"rollingUpgradePolicy\":{\"maxSurge\":true}}}}";
    g_autoptr(World) world = world_not_judged();
    answer_free(world_must(world, 200, "PATCH", "@/s1", surge));
    answer_free(world_must(world, 200, "PATCH", "@/s1", SIZE("Standard_B2s")));
    settle(world);
    g_autoptr(json_t) record = record_newest(world);
    expect(record, "outcome", "Succeeded");
    expect(record, "instances.0.instanceId", "0");
    expect(record, "instances.0.state", "deleted");
    expect(record, "instances.0.whatIf.change", "replace");
    expect(record, "instances.3.instanceId", "3");
    expect(record, "instances.3.whatIf.change", "create");
    expect(record, "instances.3.state", "running");
    expect(record, "instances.3.before", NULL);
    expect(record, "instances.3.after.state", "NotJudged");
    g_assert_cmpuint(json_array_size(json_object_get(record, "instances")), ==, 6);
}

static SimulatedFault
second_size_fails(const LaunchSpec *spec, void *data)
{
    (void)data;
    return spec->memory_mib > 2048 ? SIMULATED_START_FAILS : SIMULATED_OK;
}

static void
test_what_failed(void)
{
    g_autoptr(World) world = world_not_judged();
    host_simulated_set_faults(world->simulated, second_size_fails, NULL);
    answer_free(world_must(world, 200, "PATCH", "@/s1", SIZE("Standard_B2s")));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", "{\"instanceIds\":[\"0\"]}"));
    world_settle(world);
    world_advance(world, 1200 * S);
    g_autoptr(json_t) record = record_newest(world);
    expect(record, "outcome", "Failed");
    g_assert_nonnull(json_path(record, "error.message"));
    g_assert_nonnull(json_object_get(json_array_get(json_object_get(record, "instances"), 0), "failure"));
    /* It is down to this hour. */
    const json_t *periods = json_path(json_array_get(json_object_get(record, "instances"), 0), "downtime.periods");
    const json_t *last = json_array_get(periods, json_array_size(periods) - 1);
    g_assert_null(json_object_get(last, "to"));
    /* Up to when that is written. */
    const json_int_t length = json_integer_value(json_object_get(last, "usec"));
    g_assert_cmpint(length, >, 0);
    g_assert_cmpfloat(downtime(record, 0), >=, (double)length / S);
}

/* The daemon dies at any step of it: there is one record of it all the same, and it is whole. */
static void
test_over_crashes(void)
{
    for (guint step = 1; step < 60; step += 3) {
        g_autoptr(World) world = world_not_judged();
        answer_free(world_must(world, 200, "PATCH", "@/s1", SIZE("Standard_B2s")));
        world->crash_at = world->steps + step;
        answer_free(world_ask(world, "POST", "@/s1/manualupgrade", ALL));
        settle(world);
        world_advance(world, 700 * S);
        if (records_count(world) == 0)
            continue; /* it died before it had taken the request */
        g_autoptr(json_t) record = record_newest(world);
        g_assert_cmpuint(records_count(world), ==, 1);
        expect(record, "outcome", "Succeeded");
        g_assert_cmpuint(json_array_size(json_object_get(record, "instances")), ==, 3);
    }
}

/* They outlive the scale set, and are those of its name alone. */
static void
test_who_asks_for_them(void)
{
    g_autoptr(World) world = world_not_judged();
    answer_free(world_must(world, 200, "PATCH", "@/s1", SIZE("Standard_B2s")));
    answer_free(world_must(world, 202, "POST", "@/s1/manualupgrade", ALL));
    settle(world);
    g_autoptr(Answer) list = world_must(world, 200, "GET", RECORDS, NULL);
    answer_expect(list, "value.0.properties.status", "Signed");
    answer_expect(list, "value.0.properties.record", NULL);
    g_autofree char *name = answer_text(list, "value.0.name");
    g_autofree char *other = g_strconcat("@/s2/changeRecords/", name, NULL), *own = g_strconcat(RECORDS "/", name, NULL);
    answer_free(world_must(world, 404, "GET", other, NULL));
    answer_free(world_must(world, 404, "GET", RECORDS "/none", NULL));
    answer_free(world_must(world, 400, "GET", RECORDS "?x=1", NULL));
    answer_free(world_must(world, 202, "DELETE", "@/s1", NULL));
    settle(world);
    answer_free(world_must(world, 200, "GET", own, NULL));
    g_assert_cmpuint(records_count(world), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/records/a-manual-upgrade", test_a_manual_upgrade);
    g_test_add_func("/records/no-change-no-record", test_no_change_no_record);
    g_test_add_func("/records/by-mode", test_by_mode);
    g_test_add_func("/records/replaced-instances", test_replaced_instances);
    g_test_add_func("/records/what-failed", test_what_failed);
    g_test_add_func("/records/over-crashes", test_over_crashes);
    g_test_add_func("/records/who-asks-for-them", test_who_asks_for_them);
    return g_test_run();
}

/* Alerts through the API, store, engine and simulated driver: raised once, over by themselves, and what people make of them. */
#include "attested.h"

#include "base/json.h"

#include <string.h>

#define S             USEC_PER_SEC
#define SET(settings) ATTESTED_SET("2", "Automatic", settings)
#define INSTANCE(id)  "@/s1/virtualMachines/" id
#define ALERTS        "~/providers/Microsoft.Security/alerts"

/* Its odd boots after the first one are as `fault` has it. */
static SimulatedFault
odd_boots(const LaunchSpec *spec, void *data)
{
    return g_str_has_suffix(spec->key, ".0") && spec->epoch % 2 == 0 ? (SimulatedFault)GPOINTER_TO_INT(data) : SIMULATED_OK;
}

static World *
world_healthy(const char *body, SimulatedFault fault)
{
    World *world = world_new();
    host_simulated_set_faults(world->simulated, odd_boots, GINT_TO_POINTER((gint)fault));
    world->engine_config.alerts_delivered = TRUE;
    world_restart(world);
    attested_create(world, "s1", body);
    attested_approve(world);
    return world;
}

/* "Active Resolved": newest first. */
static void
expect(World *world, const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(Answer) list = world_must(world, 200, "GET", ALERTS, NULL);
    for (guint i = 0; i < json_array_size(answer_at(list, "value")); i++) {
        g_autofree char *path = g_strdup_printf("value.%u.properties.status", i);
        g_autofree char *status = answer_text(list, path);
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", status);
    }
    g_assert_cmpstr(text->str, ==, wanted);
}

/* The address of the newest alert, with what is to be done to it. */
static char *
newest(World *world, const char *action)
{
    g_autoptr(Answer) list = world_must(world, 200, "GET", ALERTS, NULL);
    g_autofree char *id = answer_text(list, "value.0.id");
    return g_strconcat(id, action, NULL);
}

static void
change(World *world, const char *action)
{
    g_autofree char *target = newest(world, action);
    answer_free(world_must(world, 204, "POST", target, NULL));
}

static const struct {
    const char *name;
    SimulatedFault fault;
    const char *type, *reason, *says;
} found[] = {
    { "deviation", SIMULATED_GRUB_CHANGED, "Testudo.BootIntegrity.Deviation", "deviation", "grubx64.efi" },
    { "no-event-log", SIMULATED_NO_LOG, "Testudo.BootIntegrity.EvidenceRefused", "noEventLog", "no event log" },
    { "another-vtpm", SIMULATED_OTHER_VTPM, "Testudo.BootIntegrity.EvidenceRefused", "otherVTpm", "another endorsement key" },
};

static void
test_raised_once_and_over_by_itself(const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    g_autoptr(World) world = world_healthy(SET(""), found[i].fault);
    expect(world, "");
    attested_restart(world, "0");
    expect(world, "Active");
    g_autofree char *target = newest(world, "");
    g_autoptr(Answer) alert = world_must(world, 200, "GET", target, NULL);
    answer_expect(alert, "type", "Microsoft.Security/Locations/alerts");
    answer_expect(alert, "properties.alertType", found[i].type);
    answer_expect(alert, "properties.severity", "Medium");
    answer_expect(alert, "properties.compromisedEntity", "s1/virtualMachines/0");
    answer_expect(alert, "properties.extendedProperties.reason", found[i].reason);
    g_autofree char *description = answer_text(alert, "properties.description");
    g_assert_nonnull(strstr(description, found[i].says));
    /* Found again, and by another daemon too, it is the same one. */
    world_advance(world, 2 * ROUND);
    world_restart(world);
    world_advance(world, 2 * ROUND);
    expect(world, "Active");
    g_autoptr(Answer) later = world_must(world, 200, "GET", target, NULL);
    g_autofree char *before = answer_text(alert, "properties.endTimeUtc"), *after = answer_text(later, "properties.endTimeUtc");
    g_assert_cmpstr(before, <, after);
    attested_restart(world, "0");
    expect(world, "Resolved");
    attested_expect_deliveries(world, "raised over");
    /* Another time it is another one. */
    attested_restart(world, "0");
    expect(world, "Active Resolved");
    attested_expect_deliveries(world, "raised");
}

static void
test_dismissed(void)
{
    g_autoptr(World) world = world_healthy(SET(""), SIMULATED_GRUB_CHANGED);
    attested_restart(world, "0");
    change(world, "/dismiss");
    world_advance(world, 3 * ROUND);
    expect(world, "Dismissed");
    attested_restart(world, "0");
    expect(world, "Dismissed");
    /* Nobody is told of the end of what nobody wanted to hear of. */
    attested_expect_deliveries(world, "raised");
    attested_restart(world, "0");
    expect(world, "Active Dismissed");
}

static SimulatedFault
two_deviations(const LaunchSpec *spec, void *data G_GNUC_UNUSED)
{
    if (spec->epoch < 2 || !g_str_has_suffix(spec->key, ".0"))
        return SIMULATED_OK;
    return spec->epoch < 4 ? SIMULATED_KERNEL_CHANGED : SIMULATED_GRUB_CHANGED;
}

/* Who dismissed the one knows nothing of the other. */
static void
test_another_deviation(void)
{
    g_autoptr(World) world = world_healthy(SET(""), SIMULATED_OK);
    host_simulated_set_faults(world->simulated, two_deviations, NULL);
    attested_restart(world, "0");
    change(world, "/dismiss");
    attested_restart(world, "0");
    expect(world, "Dismissed");
    attested_expect_deliveries(world, "raised");
    attested_restart(world, "0");
    expect(world, "Active Dismissed");
    attested_restart(world, "0");
    expect(world, "Active Dismissed");
    attested_expect_deliveries(world, "raised");
    g_autofree char *target = newest(world, "");
    g_autoptr(Answer) alert = world_must(world, 200, "GET", target, NULL);
    g_autofree char *description = answer_text(alert, "properties.description");
    g_assert_nonnull(strstr(description, "grubx64.efi"));
}

static void
test_resolved_by_somebody(void)
{
    g_autoptr(World) world = world_healthy(SET(""), SIMULATED_GRUB_CHANGED);
    attested_restart(world, "0");
    change(world, "/inProgress");
    world_advance(world, ROUND);
    expect(world, "InProgress");
    change(world, "/resolve");
    expect(world, "Resolved");
    world_advance(world, ROUND);
    expect(world, "Active Resolved");
    change(world, "/resolve");
    change(world, "/activate");
    expect(world, "Active Resolved");
    g_autoptr(Answer) log = world_must(world, 200, "GET", "~/providers/Microsoft.Insights/eventtypes/management/values", NULL);
    answer_expect(log, "value.0.operationName.value", "Microsoft.Security/locations/alerts/activate/action");
}

static void
test_disabled(void)
{
    g_autoptr(World) world = world_healthy(SET("\"disableAlerts\":\"true\""), SIMULATED_GRUB_CHANGED);
    attested_restart(world, "0");
    world_advance(world, ROUND);
    expect(world, "");
    answer_free(
        world_must(world, 200, "PATCH", "@/s1/extensions/GuestAttestation", ATTESTATION_PATCH("\"disableAlerts\":false")));
    world_settle(world);
    world_advance(world, ROUND);
    expect(world, "Active");
    answer_free(
        world_must(world, 200, "PATCH", "@/s1/extensions/GuestAttestation", ATTESTATION_PATCH("\"disableAlerts\":true")));
    world_settle(world);
    world_advance(world, ROUND);
    expect(world, "Resolved");
}

/* With the extension, or the instance, they end. */
static void
test_nobody_is_attested_any_more(void)
{
    g_autoptr(World) world = world_healthy(SET(""), SIMULATED_GRUB_CHANGED);
    attested_restart(world, "0");
    answer_free(world_must(world, 202, "DELETE", "@/s1/extensions/GuestAttestation", NULL));
    world_settle(world);
    expect(world, "Resolved");
    g_autoptr(World) other = world_healthy(SET(""), SIMULATED_GRUB_CHANGED);
    attested_restart(other, "0");
    answer_free(world_must(other, 202, "DELETE", INSTANCE("0"), NULL));
    world_settle(other);
    expect(other, "Resolved");
}

/* Months without a daemon: the next one has upkeep to do. */
static void
months_pass(World *world)
{
    world_stop(world);
    clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + 91 * 86400 * S);
    world_start(world);
}

static void
test_kept_for_a_time(void)
{
    g_autoptr(World) world = world_healthy(SET(""), SIMULATED_GRUB_CHANGED);
    attested_restart(world, "0");
    months_pass(world);
    expect(world, "Active");
    attested_restart(world, "0");
    expect(world, "Resolved");
    months_pass(world);
    expect(world, "");
}

static void
test_addresses(void)
{
    g_autoptr(World) world = world_healthy(SET(""), SIMULATED_GRUB_CHANGED);
    answer_free(world_must(world, 201, "PUT", "~/resourcegroups/g2", "{\"location\":\"local\"}"));
    attested_restart(world, "0");
    g_autoptr(Answer) mine = world_must(world, 200, "GET", "~/resourceGroups/G1/providers/Microsoft.Security/alerts", NULL);
    g_autofree char *name = answer_text(mine, "value.0.name");
    g_assert_nonnull(name);
    static const char *const lists[] = { "~/providers/Microsoft.Security/locations/local/alerts",
                                         "~/resourceGroups/g1/providers/Microsoft.Security/locations/local/alerts" };
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autofree char *one = g_strconcat(lists[i], "/", name, NULL);
        g_autoptr(Answer) list = world_must(world, 200, "GET", lists[i], NULL);
        g_autoptr(Answer) alert = world_must(world, 200, "GET", one, NULL);
        answer_expect(list, "value.0.name", name);
        answer_expect(alert, "name", name);
    }
    g_autofree char *elsewhere =
        g_strconcat("~/resourceGroups/g2/providers/Microsoft.Security/locations/local/alerts/", name, NULL);
    answer_free(world_must(world, 404, "GET", elsewhere, NULL));
    g_autoptr(Answer) none = world_must(world, 200, "GET", "~/resourceGroups/g2/providers/Microsoft.Security/alerts", NULL);
    answer_expect(none, "value.0", NULL);
    answer_free(world_must(world, 404, "GET", "~/resourceGroups/g3/providers/Microsoft.Security/alerts", NULL));
    answer_free(world_must(world, 404, "POST", "~/providers/Microsoft.Security/locations/local/alerts/x/dismiss", NULL));
}

/* ---- one endorsement key in two folders ---- */

/* As a copied folder would have it: the records say that 1 has the key of 0, which is to be recorded anew. */
static void
key_copy(World *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreTx) tx = store_write(world->store, &error);
    g_autoptr(StoreSet) set = store_set_get(tx, "g1", "s1", &error);
    g_autoptr(StoreVtpm) first = store_vtpm_get(tx, set->id, 0, &error), second = store_vtpm_get(tx, set->id, 1, &error);
    g_assert_no_error(error);
    g_free(second->ek);
    second->ek = g_strdup(first->ek);
    first->generation = 99;
    g_assert_true(store_vtpm_put(tx, first, &error) && store_vtpm_put(tx, second, &error) &&
                  store_commit(g_steal_pointer(&tx), &error));
}

static void
expect_start(World *world, const char *id, const char *action, const char *code)
{
    g_autofree char *target = g_strdup_printf("@/s1/virtualMachines/%s/%s", id, action);
    g_autoptr(Answer) asked = world_must(world, 202, "POST", target, NULL);
    world_expect_operation(world, asked, code ? "Failed" : "Succeeded", code);
    world_advance(world, 60 * S);
}

static void
test_one_key_in_two_folders(void)
{
    g_autoptr(World) world = world_healthy(SET(""), SIMULATED_OK);
    key_copy(world);
    /* The next daemon records it. */
    world_restart(world);
    world_advance(world, ROUND);
    expect(world, "Active Active");
    g_autofree char *target = newest(world, "");
    g_autoptr(Answer) alert = world_must(world, 200, "GET", target, NULL);
    answer_expect(alert, "properties.alertType", "Testudo.BootIntegrity.SameEndorsementKey");
    answer_expect(alert, "properties.severity", "Medium");
    /* They run on, attested, and are not started again. */
    world_advance(world, ROUND);
    expect(world, "Active Active");
    expect_start(world, "0", "restart", "VTpmFailed");
    expect_start(world, "1", "restart", "VTpmFailed");
    g_assert_cmpuint(host_simulated_alive(world->simulated), ==, 0);
    expect(world, "Active Active");
    /* One gets another vTPM: then either starts, also before it was ever asked for its key. */
    g_autoptr(Answer) reimaged = world_must(world, 202, "POST", INSTANCE("1") "/reimage", NULL);
    expect_start(world, "0", "start", NULL);
    world_expect_operation(world, reimaged, "Succeeded", NULL);
    expect(world, "Resolved Resolved");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(found); i++) {
        g_autofree char *path = g_strconcat("/engine/alerts/raised-once-and-over-by-itself/", found[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_raised_once_and_over_by_itself);
    }
    g_test_add_func("/engine/alerts/dismissed", test_dismissed);
    g_test_add_func("/engine/alerts/another-deviation", test_another_deviation);
    g_test_add_func("/engine/alerts/resolved-by-somebody", test_resolved_by_somebody);
    g_test_add_func("/engine/alerts/disabled", test_disabled);
    g_test_add_func("/engine/alerts/nobody-is-attested-any-more", test_nobody_is_attested_any_more);
    g_test_add_func("/engine/alerts/kept-for-a-time", test_kept_for_a_time);
    g_test_add_func("/engine/alerts/addresses", test_addresses);
    g_test_add_func("/engine/alerts/one-key-in-two-folders", test_one_key_in_two_folders);
    return g_test_run();
}

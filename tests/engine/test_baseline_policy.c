/* A kernel that a guest installed itself, by exact digests and by the policy vendorSigned; through API, store, engine and
 * simulated driver. */
#include "attested.h"

#include "base/json.h"

#include <string.h>

#define S             USEC_PER_SEC
#define SET(settings) ATTESTED_SET("1", "Automatic", settings)
#define VENDOR_SIGNED "\"baselinePolicy\":\"vendorSigned\""
#define EXTENSION     "@/s1/extensions/GuestAttestation"
#define ATTESTATION   "@/s1/virtualMachines/0/attestation"
#define LOG           "~/providers/Microsoft.Insights/eventtypes/management/values"

/* data: from the second boot on it has this. */
static SimulatedFault
later_boots(const LaunchSpec *spec, void *data)
{
    return spec->epoch > 1 ? (SimulatedFault)GPOINTER_TO_INT(data) : SIMULATED_OK;
}

/* A set of one instance: its first boot is approved, and it is in its second one. */
static World *
world_of(const char *settings_body, SimulatedFault fault)
{
    World *world = attested_world(settings_body, later_boots, GINT_TO_POINTER((gint)fault));
    attested_restart(world, "0");
    return world;
}

static void
expect(World *world, const char *state, const char *code)
{
    g_autoptr(Answer) found = world_must(world, 200, "GET", ATTESTATION, NULL);
    answer_expect(found, "properties.state", state);
    answer_expect(found, "properties.code", code);
}

static guint
events_with(World *world, const char *words)
{
    guint n = 0;
    g_autoptr(Answer) log = world_must(world, 200, "GET", LOG, NULL);
    g_autofree char *text = json_dumps(log->body, JSON_COMPACT);
    for (const char *at = text; (at = strstr(at, words)); at++)
        n++;
    return n;
}

static void
test_exact(void)
{
    g_autoptr(World) world = world_of(SET(""), SIMULATED_KERNEL_CHANGED);
    expect(world, "Deviation", "deviation");
    g_assert_cmpuint(events_with(world, "Boot integrity: Deviation."), ==, 1);
}

static void
test_accepted(void)
{
    g_autoptr(World) world = world_of(SET(VENDOR_SIGNED), SIMULATED_KERNEL_CHANGED);
    /* It is so at the next time too, and under another daemon; the activity log says it once. */
    for (guint time = 0; time < 3; time++) {
        expect(world, "Healthy", "vendorSigned");
        g_assert_cmpuint(events_with(world, "Boot integrity: Healthy. PCR 9: (hd0,gpt1)/vmlinuz has digest "), ==, 1);
        if (time == 1)
            world_restart(world);
        world_advance(world, ROUND);
    }
    g_autoptr(Answer) found = world_must(world, 200, "GET", ATTESTATION, NULL);
    answer_expect(found, "properties.components.0.name", "(hd0,gpt1)/vmlinuz");
    answer_expect(found, "properties.components.0.acceptedBy", "vendorSigned");
    answer_expect(found, "properties.components.1.acceptedBy", "vendorSigned");
    g_autofree char *reason = answer_text(found, "properties.reason");
    g_assert_nonnull(strstr(reason, "The policy vendorSigned accepts it"));
    g_assert_nonnull(strstr(reason, "'Simulated Secure Boot CA'"));
    g_autoptr(Answer) history = world_must(world, 200, "GET", "@/s1/virtualMachines/0/attestations", NULL);
    answer_expect(history, "value.0.properties.code", "vendorSigned");
}

static void
test_what_nobody_signed(void)
{
    g_autoptr(World) world = world_of(SET(VENDOR_SIGNED), SIMULATED_GRUB_CHANGED);
    expect(world, "Deviation", "deviation");
}

/* It is judged anew at once, both ways, and no restart is needed. */
static void
test_a_change_of_the_policy(void)
{
    g_autoptr(World) world = world_of(SET(""), SIMULATED_KERNEL_CHANGED);
    expect(world, "Deviation", "deviation");
    answer_free(world_must(world, 200, "PATCH", EXTENSION, ATTESTATION_PATCH(VENDOR_SIGNED)));
    world_settle(world);
    world_advance(world, 30 * S);
    expect(world, "Healthy", "vendorSigned");
    answer_free(world_must(world, 200, "PATCH", EXTENSION, ATTESTATION_PATCH("")));
    world_settle(world);
    world_advance(world, 30 * S);
    expect(world, "Deviation", "deviation");
    g_autoptr(Answer) wrong = world_must(world, 400, "PATCH", EXTENSION, ATTESTATION_PATCH("\"baselinePolicy\":\"any\""));
    g_autofree char *message = answer_text(wrong, "error.message");
    g_assert_nonnull(strstr(message, "exactDigests"));
    g_assert_nonnull(strstr(message, "vendorSigned"));
}

/* Approved, it is the baseline itself, and nothing has to be accepted. */
static void
test_approved(void)
{
    g_autoptr(World) world = world_of(SET(VENDOR_SIGNED), SIMULATED_KERNEL_CHANGED);
    expect(world, "Healthy", "vendorSigned");
    answer_free(world_must(world, 201, "POST", "@/s1/virtualMachines/0/approveBaseline", NULL));
    world_advance(world, ROUND);
    expect(world, "Healthy", NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/baseline-policy/exact", test_exact);
    g_test_add_func("/engine/baseline-policy/accepted", test_accepted);
    g_test_add_func("/engine/baseline-policy/what-nobody-signed", test_what_nobody_signed);
    g_test_add_func("/engine/baseline-policy/a-change-of-the-policy", test_a_change_of_the_policy);
    g_test_add_func("/engine/baseline-policy/approved", test_approved);
    return g_test_run();
}

/* Every enum with a text form: each value survives the round trip, in any case of letters, and nothing else is read. */
#include "model/attestation_extension.h"
#include "model/feature.h"
#include "model/image.h"
#include "model/instance.h"
#include "model/model.h"
#include "model/operation.h"
#include "model/policy.h"
#include "model/properties.h"

#include "base/error.h"

#define ROUND_TRIP(Type, n_values, to_text, from_text)                                                                         \
    do {                                                                                                                       \
        Type read = (Type)0;                                                                                                   \
        for (int i = 0; i < (int)(n_values); i++) {                                                                            \
            const char *text = to_text((Type)i);                                                                               \
            g_autofree char *upper = g_ascii_strup(text, -1);                                                                  \
            g_assert_true(from_text(text, &read) && (int)read == i);                                                           \
            g_assert_true(from_text(upper, &read) && (int)read == i);                                                          \
        }                                                                                                                      \
        g_assert_false(from_text("no such word", &read));                                                                      \
        g_assert_false(from_text("", &read));                                                                                  \
    } while (0)

static void
test_round_trips(void)
{
    ROUND_TRIP(SecurityType, SECURITY_N_TYPES, security_type_text, security_type_from_text);
    ROUND_TRIP(OrchestrationMode, ORCHESTRATION_N_MODES, orchestration_mode_text, orchestration_mode_from_text);
    ROUND_TRIP(UpgradeMode, UPGRADE_N_MODES, upgrade_mode_text, upgrade_mode_from_text);
    ROUND_TRIP(Feature, FEATURE_N, feature_name, feature_from_name);
    ROUND_TRIP(DeviationPolicy, DEVIATION_N, deviation_policy_text, deviation_policy_from_text);
    ROUND_TRIP(BaselinePolicy, BASELINE_N, baseline_policy_text, baseline_policy_from_text);
    ROUND_TRIP(ScaleInRule, SCALE_IN_N_RULES, scale_in_rule_text, scale_in_rule_from_text);
    ROUND_TRIP(InstanceState, INSTANCE_N_STATES, instance_state_text, instance_state_from_text);
    ROUND_TRIP(DesiredPower, POWER_N_STATES, desired_power_text, desired_power_from_text);
    ROUND_TRIP(OperationStatus, OPERATION_N_STATUSES, operation_status_text, operation_status_from_text);
    ROUND_TRIP(OperationKind, OPERATION_N_KINDS, operation_kind_text, operation_kind_from_text);
    ROUND_TRIP(BootChain, BOOT_CHAIN_N, boot_chain_text, boot_chain_from_text);
    ROUND_TRIP(ImageFormat, IMAGE_N_FORMATS, image_format_text, image_format_from_text);
    ROUND_TRIP(ImageFormat, IMAGE_N_FORMATS, image_format_qemu, image_format_from_text);
}

static void
test_instance_as_arm_shows_it(void)
{
    /* clang-format off */
    static const struct {
        InstanceState state;
        gboolean busy, alive;
        const char *provisioning, *power;
    } cases[] = {
        { INSTANCE_CREATING, TRUE, FALSE, "Creating", "PowerState/starting" },
        { INSTANCE_STARTING, TRUE, TRUE, "Updating", "PowerState/starting" },
        { INSTANCE_RUNNING, FALSE, TRUE, "Succeeded", "PowerState/running" },
        { INSTANCE_RUNNING, TRUE, TRUE, "Updating", "PowerState/running" },
        { INSTANCE_STOPPING, TRUE, TRUE, "Updating", "PowerState/stopping" },
        { INSTANCE_STOPPED, FALSE, FALSE, "Succeeded", "PowerState/stopped" },
        { INSTANCE_DEALLOCATED, FALSE, FALSE, "Succeeded", "PowerState/deallocated" },
        { INSTANCE_FAILED, FALSE, FALSE, "Failed", "PowerState/stopped" },
        { INSTANCE_FAILED, FALSE, TRUE, "Failed", "PowerState/running" },
        { INSTANCE_DELETING, TRUE, TRUE, "Deleting", "PowerState/unknown" },
    };
    /* clang-format on */
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpstr(instance_provisioning_text(cases[i].state, cases[i].busy), ==, cases[i].provisioning);
        g_assert_cmpstr(instance_power_code(cases[i].state, cases[i].alive), ==, cases[i].power);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/words/round-trips", test_round_trips);
    g_test_add_func("/words/instance-as-arm-shows-it", test_instance_as_arm_shows_it);
    return g_test_run();
}

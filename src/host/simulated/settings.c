/* What is to go slowly or wrong, by a file that a test or an operator writes. */
#include "host/simulated/fleet.h"

#include "base/file.h"
#include "base/json.h"

#include <string.h>

#define SETTINGS_FILE  "simulated.conf.json"
#define FILE_MAX       (1u << 20)
#define LATENCY_MAX_MS 86400000

/* Ends with NULL. */
static const char *const fault_words[SIMULATED_N_FAULTS + 1] = {
    [SIMULATED_OK] = "none",
    [SIMULATED_START_FAILS] = "start-fails",
    [SIMULATED_NO_AGENT] = "no-agent",
    [SIMULATED_REFUSED] = "refuse",
    [SIMULATED_EXITS] = "exit",
    [SIMULATED_DISK_FULL] = "disk-full",
    [SIMULATED_UNHEALTHY] = "unhealthy",
    [SIMULATED_GRUB_CHANGED] = "grub-changed",
    [SIMULATED_NO_LOG] = "no-event-log",
    [SIMULATED_OTHER_VTPM] = "other-vtpm",
    [SIMULATED_OTHER_KEY] = "other-key",
    [SIMULATED_ROLLED_BACK] = "vtpm-rolled-back",
    [SIMULATED_BAD_MODULE] = "module-refused",
    [SIMULATED_VOLUME_BOUND] = "volume-bound",
    [SIMULATED_KERNEL_CHANGED] = "kernel-changed",
    [SIMULATED_FEW_PCRS] = "few-pcrs",
    [SIMULATED_UNSECURED] = "secure-boot-off",
};

void
simulated_fault_rule_free(void *data)
{
    FaultRule *rule = data;
    g_free(rule->key_suffix);
    g_free(rule);
}

static gboolean
number_read(const json_t *value, const char *name, gint64 max, gint64 *ret_number, GError **error)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
        return arm_fail(error, ARM_INVALID_PARAMETER, name,
                        SETTINGS_FILE ": '%s' is no whole number from 0 to %" G_GINT64_FORMAT ".", name, max);
    *ret_number = json_integer_value(value);
    return TRUE;
}

static gboolean
latency_read(const json_t *value, const char *name, gint64 *ret_usec, GError **error)
{
    gint64 msec;
    if (!number_read(value, name, LATENCY_MAX_MS, &msec, error))
        return FALSE;
    *ret_usec = msec * USEC_PER_MSEC;
    return TRUE;
}

static gboolean
no_such_member(const char *name, const char *accepted, GError **error)
{
    return arm_fail(error, ARM_INVALID_PARAMETER, name, SETTINGS_FILE ": there is no setting '%.100s'; accepted: %s.", name,
                    accepted);
}

static gboolean
fault_word_read(const char *word, SimulatedFault *ret_fault, GError **error)
{
    for (guint i = 0; i < SIMULATED_N_FAULTS; i++) {
        if (g_strcmp0(fault_words[i], word) == 0) {
            *ret_fault = (SimulatedFault)i;
            return TRUE;
        }
    }
    g_autofree char *accepted = g_strjoinv(", ", (char **)fault_words);
    return arm_fail(error, ARM_INVALID_PARAMETER, "faults", SETTINGS_FILE ": there is no fault '%.100s'; accepted: %s.",
                    word ? word : "", accepted);
}

static gboolean
fault_rule_read(FaultRule *rule, const json_t *item, GError **error)
{
    const char *name, *word = NULL;
    json_t *value;
    gint64 epoch = 0;
    json_object_foreach((json_t *)item, name, value)
    {
        if (strcmp(name, "key_suffix") == 0 && json_is_string(value))
            rule->key_suffix = g_strdup(json_string_value(value));
        else if (strcmp(name, "fault") == 0)
            word = json_string_value(value);
        else if (strcmp(name, "epoch") != 0)
            return no_such_member(name, "key_suffix (text), epoch, fault", error);
        else if (!number_read(value, name, G_MAXINT64, &epoch, error))
            return FALSE;
    }
    if (!rule->key_suffix)
        rule->key_suffix = g_strdup("");
    rule->epoch = (guint64)epoch;
    return fault_word_read(word, &rule->fault, error);
}

static gboolean
faults_read(Simulated *self, const json_t *list, GError **error)
{
    if (!json_is_array(list))
        return arm_fail(error, ARM_INVALID_PARAMETER, "faults", SETTINGS_FILE ": 'faults' is an array.");
    for (size_t i = 0; i < json_array_size(list); i++) {
        FaultRule *rule = g_new0(FaultRule, 1);
        g_ptr_array_add(self->fault_rules, rule);
        if (!fault_rule_read(rule, json_array_get(list, i), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
setting_take(Simulated *self, const char *name, const json_t *value, GError **error)
{
    const struct {
        const char *name;
        gint64 *usec;
    } latencies[] = {
        { "start_ms", &self->latency.start_usec }, { "boot_ms", &self->latency.boot_usec },
        { "stop_ms", &self->latency.stop_usec },   { "destroy_ms", &self->latency.destroy_usec },
        { "guest_ms", &self->guest_usec },         { "approve_ms", &self->approve_usec },
    };
    for (guint i = 0; i < G_N_ELEMENTS(latencies); i++) {
        if (strcmp(name, latencies[i].name) == 0)
            return latency_read(value, name, latencies[i].usec, error);
    }
    if (strcmp(name, "faults") == 0)
        return faults_read(self, value, error);
    gint64 number;
    if (strcmp(name, "die_at") != 0)
        return no_such_member(name, "start_ms, boot_ms, stop_ms, destroy_ms, guest_ms, approve_ms, faults, die_at", error);
    if (!number_read(value, name, G_MAXINT32, &number, error))
        return FALSE;
    self->die_at = (guint)number;
    return TRUE;
}

gboolean
simulated_settings_load(Simulated *self, const char *state_dir, GError **error)
{
    g_autofree char *path = g_build_filename(state_dir, SETTINGS_FILE, NULL);
    const char *name;
    json_t *value;
    gsize length;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    g_autofree char *text = file_read(path, FILE_MAX, &length, error);
    g_autoptr(json_t) settings = text ? json_parse(text, length, error) : NULL;
    if (!settings)
        return FALSE;
    if (!json_is_object(settings))
        return arm_fail(error, ARM_INVALID_PARAMETER, NULL, "'%s' holds no JSON object.", path);
    json_object_foreach(settings, name, value)
    {
        if (!setting_take(self, name, value, error))
            return FALSE;
    }
    return TRUE;
}

SimulatedFault
simulated_fault_of(const Simulated *self, const LaunchSpec *spec)
{
    for (guint i = 0; i < self->fault_rules->len; i++) {
        const FaultRule *rule = g_ptr_array_index(self->fault_rules, i);
        if (g_str_has_suffix(spec->key, rule->key_suffix) && (rule->epoch == 0 || rule->epoch == spec->epoch))
            return rule->fault;
    }
    /* What the firmware would do with an image whose boot loader is not signed. */
    if (spec->secure_boot && strstr(spec->image_urn, "unsigned"))
        return SIMULATED_REFUSED;
    return self->fault ? self->fault(spec, self->fault_data) : SIMULATED_OK;
}

#include "daemon/config.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_FILE  "/etc/testudo/testudod.conf"
#define CONFIG_GROUP "testudod"
/* A VM that is simulated costs the host nothing to start. */
#define SIMULATED_STARTING 1000u

/* Above the ranges that systemd hands out to containers (docs/UIDS-GIDS in systemd: up to 1879048191). */
#define UID_RANGE_DEFAULT "1900000000:60000"

typedef enum { VALUE_TEXT, VALUE_LIST, VALUE_FLAG } ValueKind;

/* One row per option: the same name on the command line (--NAME) and in the file (NAME=). */
static const struct {
    const char *name;
    ValueKind kind;
    const char *fallback;
    const char *placeholder;
    const char *help;
} options[] = {
    { "state-dir", VALUE_TEXT, "/var/lib/testudo", "DIR", "where everything is kept (/var/lib/testudo)" },
    { "listen", VALUE_TEXT, NULL, "HOST:PORT", "serve HTTPS there, beside the Unix socket" },
    { "tls-cert", VALUE_TEXT, NULL, "FILE", "own certificate chain (PEM), with --tls-key" },
    { "tls-key", VALUE_TEXT, NULL, "FILE", "own private key (PEM)" },
    { "tls-name", VALUE_LIST, NULL, "NAME", "further name or address in the made certificate" },
    { "driver", VALUE_TEXT, "qemu", "NAME", "qemu (default) or simulated" },
    { "images", VALUE_LIST, NULL, "DIR", "take in every image with a definition file in DIR" },
    { "location", VALUE_TEXT, "local", "NAME", "name of this host's location (local)" },
    { "forward-ports", VALUE_TEXT, "22,8080", "PORTS", "guest ports forwarded from free loopback ports (22,8080)" },
    { "bridge", VALUE_TEXT, NULL, "NAME", "attach VMs to this bridge instead of a user-mode network" },
    { "outbound", VALUE_FLAG, NULL, NULL, "let VMs reach out through the user-mode network" },
    { "uid-range", VALUE_TEXT, UID_RANGE_DEFAULT, "FIRST:COUNT",
      "one user per VM from this range; only as root; 0:0 for none" },
    { "max-starting", VALUE_TEXT, NULL, "N", "VMs that start at one time (number of processors; simulated: 1000)" },
    { "step-timeout", VALUE_TEXT, "600", "SECONDS", "how long an instance may take to boot, 5 to 86400 (600)" },
    { "health-wait", VALUE_TEXT, "300", "SECONDS",
      "how long a rolling upgrade waits for an upgraded instance to become healthy (300)" },
    { "attest-every", VALUE_TEXT, "3600", "SECONDS",
      "between two times that an instance with the Guest Attestation extension is attested (3600)" },
    { "token-issuer", VALUE_TEXT, NULL, "URL",
      "https address under which others find /certs, for tokens of healthy instances (where --listen is)" },
    { "token-key-days", VALUE_TEXT, "30", "DAYS", "how long a key signs tokens (30); 0: until it is rotated by command" },
    { "stop-grace", VALUE_TEXT, "30", "SECONDS", "how long a guest may take to shut down (30)" },
    { "retention-days", VALUE_TEXT, "7", "DAYS",
      "how long former OS disks, and data disks of removed instances, are kept (7)" },
    { "vtpm-ahead", VALUE_TEXT, "2", "N", "vTPMs made ahead of need, so that a new VM starts sooner (2); 0 for none" },
    { "crl-url", VALUE_TEXT, NULL, "URL",
      "address below which others find /ID.crl, named in certificates of vTPMs (named nowhere)" },
    { "state-key", VALUE_TEXT, NULL, "FILE",
      "encrypt vTPM state and signing keys by the key in FILE (32 bytes, or 64 hex digits)" },
    { "webhook", VALUE_TEXT, NULL, "URL", "deliver alerts there, each as a POST of JSON" },
    { "webhook-secret", VALUE_TEXT, NULL, "FILE", "sign what is delivered with the secret in FILE" },
    { "serial-cap", VALUE_TEXT, "16", "MIB", "largest serial log of one boot (16)" },
    { "threads", VALUE_TEXT, "4", "N", "HTTP threads (4)" },
    { "qemu", VALUE_TEXT, NULL, "FILE", "QEMU to use instead of qemu-system-x86_64 from PATH" },
    { "swtpm", VALUE_TEXT, NULL, "FILE", "swtpm to use instead of the one from PATH" },
    { "swtpm-setup", VALUE_TEXT, NULL, "FILE", "swtpm_setup to use instead of the one from PATH" },
    { "firmware-dir", VALUE_TEXT, NULL, "DIR", "further folder of QEMU firmware descriptors" },
};

/* The values as texts, by option name: char** for lists, char* else; flags are "true". */
typedef struct {
    char *texts[G_N_ELEMENTS(options)];
    char **lists[G_N_ELEMENTS(options)];
    gboolean flags[G_N_ELEMENTS(options)];
} Values;

static void
values_clear(Values *values)
{
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        g_free(values->texts[i]);
        g_strfreev(values->lists[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Values, values_clear)

static guint
option_index(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strcmp(options[i].name, name) == 0)
            return i;
    }
    g_assert_not_reached();
}

static const char *
text_of(const Values *values, const char *name)
{
    guint i = option_index(name);
    return values->texts[i] ? values->texts[i] : options[i].fallback;
}

/* Fills in what the command line left open; a key that is no option is an error that names it. */
static gboolean
file_read_into(Values *values, const char *path, gboolean must_exist, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) problem = NULL;
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &problem)) {
        if (!must_exist && g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        return arm_fail(error, ARM_INVALID_PARAMETER, path, "Configuration file '%s': %s", path, problem->message);
    }
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group; group++) {
        if (strcmp(*group, CONFIG_GROUP) != 0)
            return arm_fail(error, ARM_INVALID_PARAMETER, *group,
                            "Configuration file '%s': there is no group '%s'; the settings stand in the group '" CONFIG_GROUP
                            "'.",
                            path, *group);
    }
    g_auto(GStrv) keys = g_key_file_get_keys(file, CONFIG_GROUP, NULL, NULL);
    for (guint k = 0; keys && keys[k]; k++) {
        guint i = 0;
        while (i < G_N_ELEMENTS(options) && strcmp(options[i].name, keys[k]) != 0)
            i++;
        if (i == G_N_ELEMENTS(options))
            return arm_fail(error, ARM_INVALID_PARAMETER, keys[k],
                            "Configuration file '%s': there is no setting '%s'; the settings are the "
                            "long options of testudod (testudod --help).",
                            path, keys[k]);
        if (options[i].kind == VALUE_LIST) {
            if (!values->lists[i])
                values->lists[i] = g_key_file_get_string_list(file, CONFIG_GROUP, keys[k], NULL, NULL);
        } else if (options[i].kind == VALUE_FLAG) {
            g_autoptr(GError) not_boolean = NULL;
            gboolean value = g_key_file_get_boolean(file, CONFIG_GROUP, keys[k], &not_boolean);
            if (not_boolean)
                return arm_fail(error, ARM_INVALID_PARAMETER, keys[k], "Configuration file '%s': '%s' is true or false.", path,
                                keys[k]);
            values->flags[i] = values->flags[i] || value;
        } else if (!values->texts[i]) {
            values->texts[i] = g_key_file_get_string(file, CONFIG_GROUP, keys[k], NULL);
        }
    }
    return TRUE;
}

static gboolean
number(const Values *values, const char *name, guint64 min, guint64 max, guint64 *ret, GError **error)
{
    const char *text = text_of(values, name);
    g_autoptr(GError) problem = NULL;
    if (g_ascii_string_to_unsigned(text, 10, min, max, ret, &problem))
        return TRUE;
    return arm_fail(error, ARM_INVALID_PARAMETER, name,
                    "--%s is a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ", not '%s'.", name, min, max,
                    text);
}

static gboolean
listen_parse(DaemonConfig *config, const char *text, GError **error)
{
    if (!text)
        return TRUE;
    const char *colon = strrchr(text, ':');
    guint64 port = 0;
    if (!colon || colon == text || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL))
        return arm_fail(error, ARM_INVALID_PARAMETER, "listen",
                        "--listen is HOST:PORT, such as 127.0.0.1:8443 or [::1]:8443 (port 0: any free "
                        "one), not '%s'.",
                        text);
    gboolean bracketed = text[0] == '[' && colon[-1] == ']';
    config->listen_host = bracketed ? g_strndup(text + 1, (gsize)(colon - text) - 2) : g_strndup(text, (gsize)(colon - text));
    config->listen_port = (guint)port;
    return TRUE;
}

static gboolean
tls_names_check(char **names, GError **error)
{
    for (; names && *names; names++) {
        if (!g_regex_match_simple("^[A-Za-z0-9.:*-]{1,253}$", *names, G_REGEX_DOLLAR_ENDONLY, 0))
            return arm_fail(error, ARM_INVALID_PARAMETER, "tls-name",
                            "--tls-name is a host name or an address, such as host.example or 192.0.2.7, not '%s'.", *names);
    }
    return TRUE;
}

/* What comes after it begins with a slash: it may have a path, and ends without one. */
static gboolean
token_issuer_check(const char *url, GError **error)
{
    return !url ||
           g_regex_match_simple("^https://[A-Za-z0-9.:\\[\\]-]{1,253}(/[A-Za-z0-9._~-]+)*$", url, G_REGEX_DOLLAR_ENDONLY, 0) ||
           arm_fail(
               error, ARM_INVALID_PARAMETER, "token-issuer",
               "--token-issuer is an https address without a slash at its end, such as https://host.example:8443, not '%s'.",
               url);
}

/* It stands in certificates, that are kept in the vTPM's own memory. */
#define CRL_URL_MAX 200u

static gboolean
crl_url_check(const char *url, GError **error)
{
    return !url ||
           (strlen(url) <= CRL_URL_MAX && g_regex_match_simple("^https?://[A-Za-z0-9.:\\[\\]-]{1,199}(/[A-Za-z0-9._~-]+)*$",
                                                               url, G_REGEX_DOLLAR_ENDONLY, 0)) ||
           arm_fail(error, ARM_INVALID_PARAMETER, "crl-url",
                    "--crl-url is an http or https address of at most %u characters without a slash at its end, such as "
                    "http://host.example/crl, not '%.250s'.",
                    CRL_URL_MAX, url);
}

static gboolean
uid_range_parse(DaemonConfig *config, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    guint64 first, count;
    if (!parts[0] || !parts[1] || !g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXINT32, &first, NULL) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 0, 1000000, &count, NULL) || first + count > G_MAXINT32 ||
        (count > 0 && first < 1000))
        return arm_fail(error, ARM_INVALID_PARAMETER, "uid-range",
                        "--uid-range is FIRST:COUNT with FIRST at least 1000, such as %s, not '%s'.", UID_RANGE_DEFAULT, text);
    config->uid_first = (guint)first;
    config->uid_count = geteuid() == 0 ? (guint)count : 0;
    return TRUE;
}

static gboolean
forward_ports_parse(DaemonConfig *config, const char *text, GError **error)
{
    config->forward_ports = g_strsplit(text, ",", -1);
    for (guint i = 0; config->forward_ports[i]; i++) {
        guint64 port;
        g_strstrip(config->forward_ports[i]);
        if (!g_ascii_string_to_unsigned(config->forward_ports[i], 10, 1, 65535, &port, NULL))
            return arm_fail(error, ARM_INVALID_PARAMETER, "forward-ports",
                            "--forward-ports is a list of ports from 1 to 65535, such as 22,8080, not '%s'.", text);
    }
    return TRUE;
}

static gboolean
webhook_check(const DaemonConfig *config, GError **error)
{
    const char *url = config->webhook;
    if (url && !g_str_has_prefix(url, "https://") && !g_str_has_prefix(url, "http://"))
        return arm_fail(error, ARM_INVALID_PARAMETER, "webhook",
                        "--webhook is an address that begins with https:// or http://, not '%s'.", url);
    return url || !config->webhook_secret ||
           arm_fail(error, ARM_INVALID_PARAMETER, "webhook-secret",
                    "--webhook-secret signs what --webhook delivers: give both.");
}

static gboolean
decide(DaemonConfig *config, Values *values, GError **error)
{
    guint64 max_starting = g_get_num_processors(), timeout, health_wait, attest_every, grace, days, cap, threads, vtpm_ahead,
            token_days;

    config->state_dir = g_canonicalize_filename(text_of(values, "state-dir"), NULL);
    config->tls_certificate = g_strdup(text_of(values, "tls-cert"));
    config->tls_key = g_strdup(text_of(values, "tls-key"));
    config->tls_names = g_strdupv(values->lists[option_index("tls-name")]);
    config->driver = g_strdup(text_of(values, "driver"));
    config->image_dirs = g_strdupv(values->lists[option_index("images")]);
    config->location = g_strdup(text_of(values, "location"));
    config->token_issuer = g_strdup(text_of(values, "token-issuer"));
    config->crl_url = g_strdup(text_of(values, "crl-url"));
    config->bridge = g_strdup(text_of(values, "bridge"));
    config->outbound = values->flags[option_index("outbound")];
    config->qemu = g_strdup(text_of(values, "qemu"));
    config->swtpm = g_strdup(text_of(values, "swtpm"));
    config->swtpm_setup = g_strdup(text_of(values, "swtpm-setup"));
    config->firmware_dir = g_strdup(text_of(values, "firmware-dir"));
    config->webhook = g_strdup(text_of(values, "webhook"));
    config->state_key = g_strdup(text_of(values, "state-key"));
    config->webhook_secret = g_strdup(text_of(values, "webhook-secret"));

    if (strcmp(config->driver, "qemu") != 0 && strcmp(config->driver, "simulated") != 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, "driver", "--driver is qemu or simulated, not '%s'.", config->driver);
    if (!config->tls_certificate != !config->tls_key)
        return arm_fail(error, ARM_INVALID_PARAMETER, "tls-cert", "--tls-cert and --tls-key go together: give both or none.");
    if (!g_regex_match_simple("^[a-z0-9][a-z0-9-]{0,62}$", config->location, 0, 0))
        return arm_fail(error, ARM_INVALID_PARAMETER, "location",
                        "--location is 1 to 63 lower-case letters, digits and '-', not '%s'.", config->location);
    if (!webhook_check(config, error) || !tls_names_check(config->tls_names, error) ||
        !token_issuer_check(config->token_issuer, error) || !crl_url_check(config->crl_url, error) ||
        !listen_parse(config, text_of(values, "listen"), error) ||
        !uid_range_parse(config, text_of(values, "uid-range"), error) ||
        !forward_ports_parse(config, text_of(values, "forward-ports"), error))
        return FALSE;
    if (strcmp(config->driver, "simulated") == 0)
        max_starting = SIMULATED_STARTING;
    if (text_of(values, "max-starting") && !number(values, "max-starting", 1, 1000, &max_starting, error))
        return FALSE;
    if (!number(values, "step-timeout", 5, 86400, &timeout, error) ||
        !number(values, "health-wait", 5, 86400, &health_wait, error) ||
        !number(values, "attest-every", 60, 86400, &attest_every, error) ||
        !number(values, "stop-grace", 0, 3600, &grace, error) || !number(values, "retention-days", 0, 3650, &days, error) ||
        !number(values, "serial-cap", 1, 4096, &cap, error) || !number(values, "vtpm-ahead", 0, 1000, &vtpm_ahead, error) ||
        !number(values, "threads", 1, 64, &threads, error) || !number(values, "token-key-days", 0, 3650, &token_days, error))
        return FALSE;
    config->max_starting = (guint)max_starting;
    config->step_timeout_usec = (gint64)timeout * USEC_PER_SEC;
    config->health_wait_usec = (gint64)health_wait * USEC_PER_SEC;
    config->attest_period_usec = (gint64)attest_every * USEC_PER_SEC;
    config->stop_grace_usec = (gint64)grace * USEC_PER_SEC;
    config->retention_usec = (gint64)days * 86400 * USEC_PER_SEC;
    config->token_key_age_usec = (gint64)token_days * 86400 * USEC_PER_SEC;
    config->serial_cap = cap * 1024 * 1024;
    config->threads = (guint)threads;
    config->vtpm_ahead = (guint)vtpm_ahead;
    return TRUE;
}

DaemonConfig *
daemon_config_parse(int argc, char **argv, GError **error)
{
    g_autoptr(DaemonConfig) config = g_new0(DaemonConfig, 1);
    g_auto(Values) values = { 0 };
    g_autofree char *file = NULL;
    GOptionEntry entries[G_N_ELEMENTS(options) + 3] = { { 0 } };
    guint n = 0;

    for (; n < G_N_ELEMENTS(options); n++) {
        entries[n].long_name = options[n].name;
        entries[n].description = options[n].help;
        entries[n].arg_description = options[n].placeholder;
        switch (options[n].kind) {
        case VALUE_TEXT:
            entries[n].arg = G_OPTION_ARG_STRING;
            entries[n].arg_data = &values.texts[n];
            break;
        case VALUE_LIST:
            entries[n].arg = G_OPTION_ARG_STRING_ARRAY;
            entries[n].arg_data = &values.lists[n];
            break;
        case VALUE_FLAG:
            entries[n].arg = G_OPTION_ARG_NONE;
            entries[n].arg_data = &values.flags[n];
            break;
        }
    }
    entries[n++] = (GOptionEntry){ "config", 0, 0, G_OPTION_ARG_FILENAME, &file, "settings file (" CONFIG_FILE ")", "FILE" };
    entries[n++] = (GOptionEntry){ "version", 0, 0, G_OPTION_ARG_NONE, &config->show_version, "show the version", NULL };

    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(context, "The Testudo daemon: runs scale sets of VMs with Trusted launch on this host.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return NULL;
    if (argc > 1) {
        arm_fail(error, ARM_INVALID_PARAMETER, argv[1], "testudod takes options only; '%s' is none (testudod --help).",
                 argv[1]);
        return NULL;
    }
    if (!file_read_into(&values, file ? file : CONFIG_FILE, /* must_exist= */ file != NULL, error) ||
        !decide(config, &values, error))
        return NULL;
    return g_steal_pointer(&config);
}

void
daemon_config_free(DaemonConfig *config)
{
    if (!config)
        return;
    g_free(config->state_dir);
    g_free(config->listen_host);
    g_free(config->tls_certificate);
    g_free(config->tls_key);
    g_strfreev(config->tls_names);
    g_free(config->driver);
    g_strfreev(config->image_dirs);
    g_free(config->location);
    g_strfreev(config->forward_ports);
    g_free(config->token_issuer);
    g_free(config->crl_url);
    g_free(config->bridge);
    g_free(config->qemu);
    g_free(config->swtpm);
    g_free(config->swtpm_setup);
    g_free(config->firmware_dir);
    g_free(config->webhook);
    g_free(config->webhook_secret);
    g_free(config->state_key);
    g_free(config);
}

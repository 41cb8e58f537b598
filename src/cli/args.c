#include "cli/args.h"

#include "cli/suggest.h"

#include <string.h>

const char cli_global_options[] = "output state-dir server token-file ca-file debug help";

/* clang-format off */
const Option cli_options[] = {
    { "resource-group", NULL, 'g', OPTION_TEXT, "NAME", "resource group" },
    { "name", "vmss-name", 'n', OPTION_TEXT, "NAME", "name" },
    { "namespace", NULL, 0, OPTION_TEXT, "PROVIDER", "resource provider of a feature: Microsoft.Compute" },
    { "vmss-name", NULL, 0, OPTION_TEXT, "NAME", "name of the scale set" },
    { "vmss", NULL, 0, OPTION_TEXT, "NAME", "VMs of this scale set alone; its name, or its resource id" },
    { "location", NULL, 'l', OPTION_TEXT, "NAME", "location; there is one, the host's" },
    { "tags", NULL, 0, OPTION_LIST, "KEY=VALUE", "tags, replaced as a whole" },
    { "image", NULL, 0, OPTION_TEXT, "URN", "publisher:offer:sku:version; version may be 'latest'" },
    { "vm-sku", "size", 0, OPTION_TEXT, "SIZE", "VM size, such as Standard_B1ms" },
    { "instance-count", NULL, 0, OPTION_NUMBER, "N", "number of instances (2)" },
    { "new-capacity", NULL, 0, OPTION_NUMBER, "N", "number of instances" },
    { "security-type", NULL, 0, OPTION_TEXT, "TYPE", "Standard or TrustedLaunch; of an image TrustedLaunchSupported, too" },
    { "enable-secure-boot", NULL, 0, OPTION_BOOL, "true|false", "Secure Boot, with TrustedLaunch" },
    { "enable-vtpm", NULL, 0, OPTION_BOOL, "true|false", "virtual TPM, with TrustedLaunch" },
    { "admin-username", NULL, 0, OPTION_TEXT, "NAME", "administrator made by cloud-init" },
    { "admin-password", NULL, 0, OPTION_TEXT, "TEXT", "its password; kept hashed, never given back" },
    { "ssh-key-values", "ssh-key-value", 0, OPTION_LIST, "KEY|FILE", "public SSH keys or files with one" },
    { "generate-ssh-keys", NULL, 0, OPTION_FLAG, NULL, "use the key in ~/.ssh; make one where there is none" },
    { "custom-data", NULL, 0, OPTION_TEXT, "TEXT|FILE", "cloud-init user data, or a file with it" },
    { "computer-name-prefix", NULL, 0, OPTION_TEXT, "PREFIX", "host names begin with it (the set's name)" },
    { "upgrade-policy-mode", "mode", 0, OPTION_TEXT, "Manual|Automatic|Rolling", "how instances come to a new model" },
    { "max-batch-instance-percent", NULL, 0, OPTION_NUMBER, "PERCENT", "most instances of a batch of a rolling upgrade (20)" },
    { "max-unhealthy-instance-percent", NULL, 0, OPTION_NUMBER, "PERCENT", "more unhealthy ones stop a rolling upgrade (20)" },
    { "max-unhealthy-upgraded-instance-percent", NULL, 0, OPTION_NUMBER, "PERCENT", "more unhealthy ones of the upgraded stop it (20)" },
    { "pause-time-between-batches", NULL, 0, OPTION_TEXT, "DURATION", "as ISO 8601, such as PT5M (PT0S)" },
    { "prioritize-unhealthy-instances", NULL, 0, OPTION_BOOL, "true|false", "upgrade unhealthy instances first" },
    { "max-surge", NULL, 0, OPTION_BOOL, "true|false", "make new instances first, then delete as many old ones" },
    { "rollback-failed-instances-on-policy-breach", "rollback-failed-instances", 0, OPTION_BOOL, "true|false", "put back what failed when a rolling upgrade stops" },
    { "enable-auto-os-upgrade", NULL, 0, OPTION_BOOL, "true|false", "roll out newer versions of an image that is 'latest'" },
    { "enable-automatic-repairs", NULL, 0, OPTION_BOOL, "true|false", "repair instances that stay unhealthy" },
    { "automatic-repairs-grace-period", NULL, 0, OPTION_NUMBER, "MINUTES", "after a change an instance is left alone, 10 to 90 (10); repairs, too" },
    { "automatic-repairs-action", NULL, 0, OPTION_TEXT, "Replace|Restart|Reimage", "how they are repaired (Replace); repairs, too" },
    { "service-name", NULL, 0, OPTION_TEXT, "AutomaticRepairs", "orchestration service" },
    { "action", NULL, 0, OPTION_TEXT, "Resume|Suspend", "what is to become of it" },
    { "orchestration-mode", NULL, 0, OPTION_TEXT, "Uniform|Flexible", "orchestration mode, for good (Uniform)" },
    { "os-disk-size-gb", NULL, 0, OPTION_NUMBER, "GIB", "size of the OS disk (the image's)" },
    { "data-disk-sizes-gb", NULL, 0, OPTION_LIST, "GIB", "empty data disks, one size each" },
    { "set", NULL, 0, OPTION_LIST, "PATH=VALUE", "change any member: a.b.c=VALUE, list[0].a=VALUE" },
    { "what-if", NULL, 0, OPTION_FLAG, NULL, "say what would change and what would be lost; change nothing" },
    { "to", NULL, 0, OPTION_NUMBER, "REVISION", "number of a model revision; 'testudo vmss revisions' lists them" },
    { "record", NULL, 0, OPTION_TEXT, "RECORD", "name of a change record; 'testudo vmss change-record list' lists them" },
    { "instance-ids", NULL, 0, OPTION_LIST, "ID", "instances, or \"*\" for all" },
    { "instance-id", NULL, 0, OPTION_TEXT, "ID", "instance" },
    { "disk", NULL, 0, OPTION_TEXT, "DISK", "name or id of a kept disk; 'testudo disk list' lists them" },
    { "lun", NULL, 0, OPTION_NUMBER, "N", "logical unit number, 0 to 63 (for attach, the lowest free one)" },
    { "protect-from-scale-in", NULL, 0, OPTION_BOOL, "true|false", "never removed by scaling in" },
    { "protect-from-scale-set-actions", NULL, 0, OPTION_BOOL, "true|false", "never touched by what is done to the set" },
    { "scale-in-policy", NULL, 0, OPTION_LIST, "Default|NewestVM|OldestVM", "which instances go when the capacity is lowered" },
    { "acknowledge-data-loss", NULL, 0, OPTION_FLAG, NULL,
      "do it although a volume would be locked out (see vmss assess)" },
    { "force-deletion", NULL, 0, OPTION_BOOL, "true|false", "delete without telling the guest before" },
    { "enable-terminate-notification", NULL, 0, OPTION_BOOL, "true|false", "tell guests before their instances are deleted" },
    { "terminate-notification-time", NULL, 0, OPTION_NUMBER, "MINUTES", "how long a guest has then, 5 to 15 (5); tells it, too" },
    { "created", NULL, 0, OPTION_FLAG, NULL, "until it is there and its last change has succeeded" },
    { "updated", NULL, 0, OPTION_FLAG, NULL, "until its last change has succeeded, and no rolling upgrade is under way" },
    { "deleted", NULL, 0, OPTION_FLAG, NULL, "until it is gone" },
    { "exists", NULL, 0, OPTION_FLAG, NULL, "until it is there" },
    { "timeout", NULL, 0, OPTION_NUMBER, "SECONDS", "give up after so long (3600)" },
    { "skip-shutdown", NULL, 0, OPTION_FLAG, NULL, "power off by force, without asking the guest" },
    { "expand", NULL, 0, OPTION_TEXT, "instanceView", "with the instance view" },
    { "follow", NULL, 'f', OPTION_FLAG, NULL, "go on as the log grows, until Ctrl-C" },
    { "file", NULL, 0, OPTION_TEXT, "FILE", "write there" },
    { "pcrs", NULL, 0, OPTION_FLAG, NULL, "the PCRs that the log leads to, in place of its events" },
    { "reference", NULL, 0, OPTION_TEXT, "PATH", "an exported baseline, or a folder with the evidence of a boot known to be good" },
    { "policy", NULL, 0, OPTION_TEXT, "exactDigests|vendorSigned", "in what a boot may differ from the reference: in nothing (default), or in its kernel, where it is proven that the same vendor signed it" },
    { "evidence", NULL, 0, OPTION_TEXT, "DIR", "folder to be made, with the evidence as verify-file reads it" },
    { "id", NULL, 0, OPTION_TEXT, "ID", "number of the baseline" },
    { "nonce", NULL, 0, OPTION_TEXT, "NONCE", "what it was asked for with: evidence in hexadecimal (nonce.bin), a token as text" },
    { "jwks", NULL, 0, OPTION_TEXT, "FILE", "the issuer's key set, from its /certs; without it the daemon is asked" },
    { "issuer", NULL, 0, OPTION_TEXT, "URL", "who must have issued it" },
    { "revoke-former", NULL, 0, OPTION_FLAG, NULL, "former keys verify nothing any more, at once" },
    { "ca", NULL, 0, OPTION_TEXT, "FILE", "PEM certificates of the CA that certifies endorsement keys" },
    { "crl", NULL, 0, OPTION_TEXT, "FILE", "PEM lists of what that CA revoked" },
    { "serial", NULL, 0, OPTION_TEXT, "SERIAL", "serial number of a certificate, in hexadecimal" },
    { "reason", NULL, 0, OPTION_TEXT, "TEXT", "why; it is kept" },
    { "rule-name", NULL, 0, OPTION_TEXT, "NAME", "name of the suppression rule" },
    { "alert-type", NULL, 0, OPTION_TEXT, "TYPE", "type of the alerts that it suppresses; '*' for all" },
    { "state", NULL, 0, OPTION_TEXT, "Enabled|Disabled", "does it suppress?" },
    { "expiration-date-utc", NULL, 0, OPTION_TEXT, "TIME", "until when, as ISO 8601 (for ever)" },
    { "comment", NULL, 0, OPTION_TEXT, "TEXT", "whatever there is to say of it" },
    { "field", NULL, 0, OPTION_TEXT, "FIELD", "entities.azureresource.resourceid or extendedProperties.reason" },
    { "contains-substring", NULL, 0, OPTION_TEXT, "TEXT", "suppressed where the field contains it" },
    { "any-of", NULL, 0, OPTION_LIST, "TEXT", "suppressed where the field is one of these" },
    { "root-key", NULL, 0, OPTION_TEXT, "FILE", "file of the daemon's host with the root's private key (ca/vtpm/)" },
    { "command-id", NULL, 0, OPTION_TEXT, "ID", "RunShellScript" },
    { "scripts", NULL, 0, OPTION_LIST, "LINE|@FILE", "shell script: lines, or @FILE" },
    { "publisher", "p", 0, OPTION_TEXT, "NAME", "publisher of an image or extension" },
    { "offer", NULL, 0, OPTION_TEXT, "NAME", "image offer" },
    { "sku", NULL, 0, OPTION_TEXT, "NAME", "image SKU" },
    { "version", NULL, 0, OPTION_TEXT, "VERSION", "version of an image (A.B.C) or extension (A.B; the newest)" },
    { "settings", NULL, 0, OPTION_TEXT, "JSON|FILE", "settings of an extension" },
    { "protected-settings", NULL, 0, OPTION_TEXT, "JSON|FILE", "its secret ones; kept, never given back" },
    { "extension-instance-name", NULL, 0, OPTION_TEXT, "NAME", "what the extension is called in the set (its type)" },
    { "urn", NULL, 'u', OPTION_TEXT, "URN", "publisher:offer:sku:version" },
    { "definition", NULL, 0, OPTION_TEXT, "FILE", "definition file (FILE's name with .json)" },
    { "generation", "hyper-v-generation", 0, OPTION_TEXT, "V1|V2", "V1 boots by BIOS, V2 by UEFI" },
    { "os-type", NULL, 0, OPTION_TEXT, "Linux|Windows", "operating system (Linux)" },
    { "format", NULL, 0, OPTION_TEXT, "qcow2|raw|vhd|vhdx", "the file's format; it is named, never probed" },
    { "guest-agent", NULL, 0, OPTION_BOOL, "true|false", "does the image run QEMU's guest agent (true)" },
    { "max-events", NULL, 0, OPTION_NUMBER, "N", "the newest N alone (50)" },
    { "yes", NULL, 'y', OPTION_FLAG, NULL, "do not ask" },
    { "no-wait", NULL, 0, OPTION_FLAG, NULL, "do not wait for the end" },
    { "output", NULL, 'o', OPTION_TEXT, "table|json|tsv|yaml", "table on a terminal, else json" },
    { "state-dir", NULL, 0, OPTION_TEXT, "DIR", "daemon's state folder (TESTUDO_STATE_DIR, /var/lib/testudo)" },
    { "server", NULL, 0, OPTION_TEXT, "URL", "https://HOST:PORT instead of the Unix socket (TESTUDO_SERVER)" },
    { "token-file", NULL, 0, OPTION_TEXT, "FILE", "bearer token for --server (TESTUDO_TOKEN_FILE)" },
    { "ca-file", NULL, 0, OPTION_TEXT, "FILE", "CA certificate for --server (TESTUDO_CA_FILE)" },
    { "debug", NULL, 0, OPTION_FLAG, NULL, "show requests and answers" },
    { "help", NULL, 'h', OPTION_FLAG, NULL, "show this" },
    { 0 },
};
/* clang-format on */

struct Args {
    GHashTable *values; /* option name (of the table) -> NULL-terminated char** */
};

/* Is `name` a word of `list`, with or without '!'? *ret_required tells of the latter. */
static gboolean
list_has(const char *list, const char *name, gboolean *ret_required)
{
    g_auto(GStrv) words = g_strsplit(list ? list : "", " ", -1);
    for (char **word = words; *word; word++) {
        gsize length = strlen(*word);
        gboolean required = length > 0 && (*word)[length - 1] == '!';
        if (required)
            (*word)[length - 1] = '\0';
        if (strcmp(*word, name) == 0) {
            if (ret_required)
                *ret_required = required;
            return TRUE;
        }
    }
    return FALSE;
}

const Option *
option_find(const char *name)
{
    for (const Option *option = cli_options; option->name; option++) {
        if (strcmp(option->name, name) == 0 || list_has(option->aliases, name, NULL))
            return option;
    }
    return NULL;
}

const Option *
command_option(const Command *command, const char *name)
{
    const Option *by_alias = NULL;
    for (const Option *option = cli_options; option->name; option++) {
        if (!command_takes(command, option->name))
            continue;
        if (strcmp(option->name, name) == 0)
            return option;
        if (!by_alias && list_has(option->aliases, name, NULL))
            by_alias = option;
    }
    return by_alias;
}

static const Option *
option_find_letter(char letter)
{
    for (const Option *option = cli_options; option->name; option++) {
        if (option->letter == letter)
            return option;
    }
    return NULL;
}

gboolean
command_takes(const Command *command, const char *option)
{
    return list_has(command->options, option, NULL) || list_has(cli_global_options, option, NULL);
}

const Command *
command_find(const char *const *argv, int *ret_words)
{
    const Command *found = NULL;
    for (const Command *command = cli_commands; command->path; command++) {
        g_auto(GStrv) words = g_strsplit(command->path, " ", -1);
        int n = 0;
        while (words[n] && argv[n] && strcmp(words[n], argv[n]) == 0)
            n++;
        if (!words[n] && (!found || n > *ret_words)) {
            found = command;
            *ret_words = n;
        }
    }
    return found;
}

/* What is asked for in place of a number that is none. Which numbers are accepted is the daemon's to say. */
static const struct {
    const char *option, *range;
} ranges[] = {
    { "instance-count", "from 0 to 1000" },
    { "new-capacity", "from 0 to 1000" },
    { "max-batch-instance-percent", "from 5 to 100" },
    { "max-unhealthy-instance-percent", "from 5 to 100" },
    { "max-unhealthy-upgraded-instance-percent", "from 0 to 100" },
    { "automatic-repairs-grace-period", "from 10 to 90" },
    { "terminate-notification-time", "from 5 to 15" },
    { "lun", "from 0 to 63" },
    { "os-disk-size-gb", "from 1" },
    { "to", "from 1" },
    { "max-events", "from 1" },
    { "timeout", "from 0" },
};

static gboolean
number_check(const Option *option, const char *value, GError **error)
{
    guint64 number;
    const char *range = "from 0";
    if (g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT32, &number, NULL))
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (strcmp(ranges[i].option, option->name) == 0)
            range = ranges[i].range;
    }
    return arm_fail(error, ARM_INVALID_PARAMETER, option->name, "--%s is a whole number %s, not '%s'.", option->name, range,
                    value);
}

static gboolean
value_check(const Option *option, const char *value, GError **error)
{
    if (option->type == OPTION_BOOL && g_ascii_strcasecmp(value, "true") != 0 && g_ascii_strcasecmp(value, "false") != 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, option->name, "--%s is true or false, not '%s'.", option->name, value);
    return option->type != OPTION_NUMBER || number_check(option, value, error);
}

static gboolean
is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !g_ascii_isdigit(word[1]);
}

static void
unknown_option(const Command *command, const char *word, GError **error)
{
    g_autofree char *all = g_strconcat(command->options, " ", cli_global_options, NULL);
    g_auto(GStrv) names = g_strsplit(g_strdelimit(all, "!", ' '), " ", -1);
    g_autofree char *typed = g_strndup(word, strcspn(word, "="));
    const char *meant = g_str_has_prefix(typed, "--") ? suggest(typed + 2, (const char *const *)names) : NULL;
    if (strcmp(typed, "--query") == 0)
        arm_fail(error, ARM_INVALID_PARAMETER, NULL, "There is no --query; '-o json' writes what jq and other programs read.");
    else
        arm_fail(error, ARM_INVALID_PARAMETER, NULL, "'testudo %s' takes no option '%s'%s%s%s; --help lists what it takes.",
                 command->path, typed, meant ? " (did you mean --" : "", meant ? meant : "", meant ? "?)" : "");
}

/* The option that a word names; *ret_inline is what follows '=', or NULL. */
static const Option *
option_of_word(const Command *command, const char *word, const char **ret_inline, GError **error)
{
    const Option *option = NULL;
    *ret_inline = NULL;
    if (g_str_has_prefix(word, "--")) {
        const char *equals = strchr(word, '=');
        g_autofree char *name = equals ? g_strndup(word + 2, (gsize)(equals - word - 2)) : g_strdup(word + 2);
        *ret_inline = equals ? equals + 1 : NULL;
        option = command_option(command, name);
    } else if (word[2] == '\0') {
        option = option_find_letter(word[1]);
    }
    if (option && command_takes(command, option->name))
        return option;
    unknown_option(command, word, error);
    return NULL;
}

/* Takes an option's values from argv; returns where to go on, NULL on error. */
static const char *const *
values_take(Args *args, const Option *option, const char *first, const char *const *argv, GError **error)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    const GStrv known = g_hash_table_lookup(args->values, option->name);

    if (option->type == OPTION_FLAG && first) {
        arm_fail(error, ARM_INVALID_PARAMETER, option->name, "--%s takes no value.", option->name);
        return NULL;
    }
    if (known && option->type != OPTION_LIST) {
        arm_fail(error, ARM_INVALID_PARAMETER, option->name, "--%s is given twice.", option->name);
        return NULL;
    }
    for (guint i = 0; known && known[i]; i++)
        g_ptr_array_add(values, g_strdup(known[i]));
    if (first)
        g_ptr_array_add(values, g_strdup(first));
    else if (option->type == OPTION_LIST)
        while (*argv && !is_option(*argv))
            g_ptr_array_add(values, g_strdup(*argv++));
    else if (option->type == OPTION_BOOL && (!*argv || is_option(*argv)))
        g_ptr_array_add(values, g_strdup("true"));
    else if (option->type != OPTION_FLAG && *argv && !is_option(*argv))
        g_ptr_array_add(values, g_strdup(*argv++));

    if (values->len == 0 && option->type != OPTION_FLAG) {
        arm_fail(error, ARM_INVALID_PARAMETER, option->name, "--%s needs a value: %s.", option->name, option->value);
        return NULL;
    }
    for (guint i = 0; i < values->len; i++) {
        if (!value_check(option, g_ptr_array_index(values, i), error))
            return NULL;
    }
    g_ptr_array_add(values, NULL);
    g_hash_table_insert(args->values, (gpointer)option->name, g_ptr_array_steal(values, NULL));
    return argv;
}

static gboolean
positional_take(Args *args, const Command *command, const char *word, GError **error)
{
    g_autofree char *name = g_strdup(command->positional ? command->positional : "");
    g_strdelimit(name, "!", '\0');
    if (*name && !g_hash_table_contains(args->values, g_intern_string(name))) {
        char **value = g_new0(char *, 2);
        value[0] = g_strdup(word);
        g_hash_table_insert(args->values, (gpointer)g_intern_string(name), value);
        return TRUE;
    }
    return arm_fail(error, ARM_INVALID_PARAMETER, NULL, "'testudo %s' does not know what to do with '%s'; see --help.",
                    command->path, word);
}

static gboolean
required_check(const Args *args, const Command *command, GError **error)
{
    g_autofree char *all = g_strconcat(command->positional ? command->positional : "", " ", command->options, NULL);
    g_auto(GStrv) names = g_strsplit(all, " ", -1);
    for (char **name = names; *name; name++) {
        if (!g_str_has_suffix(*name, "!"))
            continue;
        (*name)[strlen(*name) - 1] = '\0';
        if (!args_text(args, *name))
            return arm_fail(error, ARM_INVALID_PARAMETER, *name, "'testudo %s' needs %s%s; see --help.", command->path,
                            command->positional && g_str_has_prefix(command->positional, *name) ? "" : "--", *name);
    }
    return TRUE;
}

Args *
args_parse(const Command *command, const char *const *argv, GError **error)
{
    g_autoptr(Args) args = g_new0(Args, 1);
    args->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_strfreev);
    while (*argv) {
        const char *word = *argv++, *first;
        if (!is_option(word)) {
            if (!positional_take(args, command, word, error))
                return NULL;
            continue;
        }
        const Option *option = option_of_word(command, word, &first, error);
        if (!option || !(argv = values_take(args, option, first, argv, error)))
            return NULL;
    }
    if (!args_flag(args, "help") && !required_check(args, command, error))
        return NULL;
    return g_steal_pointer(&args);
}

void
args_free(Args *args)
{
    if (!args)
        return;
    g_hash_table_unref(args->values);
    g_free(args);
}

const char *const *
args_list(const Args *args, const char *name)
{
    return g_hash_table_lookup(args->values, name);
}

const char *
args_text(const Args *args, const char *name)
{
    const char *const *values = args_list(args, name);
    return values ? values[0] : NULL;
}

gboolean
args_flag(const Args *args, const char *name)
{
    return args_list(args, name) != NULL;
}

gboolean
args_bool(const Args *args, const char *name, gboolean *ret_value)
{
    const char *text = args_text(args, name);
    if (text)
        *ret_value = g_ascii_strcasecmp(text, "true") == 0;
    return text != NULL;
}

gboolean
args_number(const Args *args, const char *name, guint *ret_value)
{
    const char *text = args_text(args, name);
    if (text)
        *ret_value = (guint)g_ascii_strtoull(text, NULL, 10);
    return text != NULL;
}

#include "host/qemu/firmware.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define DESCRIPTOR_MAX (64u << 10)

void
firmware_descriptor_free(FirmwareDescriptor *descriptor)
{
    if (!descriptor)
        return;
    g_free(descriptor->name);
    g_free(descriptor->code);
    g_free(descriptor->vars_template);
    g_free(descriptor);
}

static void
descriptor_release(void *descriptor)
{
    firmware_descriptor_free(descriptor);
}

static gboolean
has_text(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (g_strcmp0(json_string_value(json_array_get(list, i)), text) == 0)
            return TRUE;
    }
    return FALSE;
}

/* "pc-q35-*" and such: a pattern over machine names. */
static gboolean
targets_q35(const json_t *root)
{
    const json_t *targets = json_object_get(root, "targets");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *target = json_array_get(targets, i);
        const json_t *machines = json_object_get(target, "machines");
        if (g_strcmp0(json_member_text(target, "architecture"), "x86_64") != 0)
            continue;
        for (size_t k = 0; k < json_array_size(machines); k++) {
            const char *machine = json_string_value(json_array_get(machines, k));
            if (machine && (strcmp(machine, "q35") == 0 || g_str_has_prefix(machine, "pc-q35-")))
                return TRUE;
        }
    }
    return FALSE;
}

static gboolean
is_raw_split_flash(const json_t *root)
{
    const json_t *mapping = json_object_get(root, "mapping");
    const char *mode = json_member_text(mapping, "mode");
    return g_strcmp0(json_member_text(mapping, "device"), "flash") == 0 && (!mode || strcmp(mode, "split") == 0) &&
           g_strcmp0(json_string_value(json_path(mapping, "executable.format")), "raw") == 0 &&
           g_strcmp0(json_string_value(json_path(mapping, "nvram-template.format")), "raw") == 0;
}

FirmwareDescriptor *
firmware_descriptor_parse(const char *name, const char *text, gsize length, GError **error)
{
    g_autoptr(json_t) root = json_parse(text, length, error);
    if (!root)
        return NULL;
    if (!json_is_object(root)) {
        arm_fail(error, ARM_INTERNAL, NULL, "it is no JSON object");
        return NULL;
    }
    g_autoptr(FirmwareDescriptor) descriptor = g_new0(FirmwareDescriptor, 1);
    const json_t *features = json_object_get(root, "features");
    descriptor->name = g_strdup(name);
    descriptor->code = g_strdup(json_string_value(json_path(root, "mapping.executable.filename")));
    descriptor->vars_template = g_strdup(json_string_value(json_path(root, "mapping.nvram-template.filename")));
    descriptor->secure_boot = has_text(features, "secure-boot");
    descriptor->enrolled_keys = has_text(features, "enrolled-keys");
    descriptor->requires_smm = has_text(features, "requires-smm");
    descriptor->x86_64_q35 =
        has_text(json_object_get(root, "interface-types"), "uefi") && targets_q35(root) && is_raw_split_flash(root);
    return g_steal_pointer(&descriptor);
}

/* A descriptor that makes no sense, like an empty one, hides what has its name further on:
 * firmware.json, "masking". */
static void
folder_collect(const char *dir, GTree *by_name)
{
    g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        if (!g_str_has_suffix(name, ".json") || g_tree_lookup_node(by_name, name))
            continue;
        gsize length = 0;
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autofree char *text = file_read(path, DESCRIPTOR_MAX, &length, &error);
        FirmwareDescriptor *descriptor = length > 0 ? firmware_descriptor_parse(name, text, length, &error) : NULL;
        if (error)
            g_warning("the firmware descriptor '%s' is passed over: %s", path, error->message);
        g_tree_insert(by_name, g_strdup(name), descriptor);
    }
}

static gboolean
is_usable(const FirmwareDescriptor *descriptor)
{
    return descriptor && descriptor->x86_64_q35 && descriptor->code && descriptor->vars_template &&
           g_file_test(descriptor->code, G_FILE_TEST_EXISTS) && g_file_test(descriptor->vars_template, G_FILE_TEST_EXISTS);
}

/* Distributions name one firmware twice through links; what counts is the file. */
static char *
resolved(const char *path)
{
    char *found = realpath(path, NULL);
    char *copy = g_strdup(found ? found : path);
    free(found);
    return copy;
}

/* The first of each kind, in the order of names, is the distribution's choice. */
static gboolean
descriptor_take(gpointer key G_GNUC_UNUSED, gpointer value, gpointer data)
{
    const FirmwareDescriptor *descriptor = value;
    FirmwareSet *set = data;
    if (!is_usable(descriptor))
        return FALSE;
    if (descriptor->secure_boot && descriptor->requires_smm && descriptor->enrolled_keys && !set->secure_vars_enrolled) {
        set->secure_code = resolved(descriptor->code);
        set->secure_vars_enrolled = g_strdup(descriptor->vars_template);
    }
    if (!descriptor->secure_boot && !descriptor->requires_smm && !descriptor->enrolled_keys && !set->plain_code) {
        set->plain_code = resolved(descriptor->code);
        set->plain_vars = g_strdup(descriptor->vars_template);
    }
    return FALSE;
}

/* Secure Boot firmware with no keys enrolled: of the same code, so that a toggle changes variables
 * and nothing else. */
static gboolean
empty_vars_take(gpointer key G_GNUC_UNUSED, gpointer value, gpointer data)
{
    const FirmwareDescriptor *descriptor = value;
    FirmwareSet *set = data;
    if (set->secure_vars_empty || !is_usable(descriptor) || descriptor->enrolled_keys)
        return FALSE;
    g_autofree char *code = resolved(descriptor->code);
    if (strcmp(code, set->secure_code) == 0)
        set->secure_vars_empty = g_strdup(descriptor->vars_template);
    return FALSE;
}

static gint
name_order(gconstpointer a, gconstpointer b, gpointer data G_GNUC_UNUSED)
{
    return strcmp(a, b);
}

FirmwareSet *
firmware_find(const char *const *dirs)
{
    static const char *const standard[] = { FIRMWARE_DIRS, NULL };
    FirmwareSet *set = g_new0(FirmwareSet, 1);
    g_autoptr(GTree) by_name = g_tree_new_full(name_order, NULL, g_free, descriptor_release);
    for (const char *const *dir = dirs ? dirs : standard; *dir; dir++)
        folder_collect(*dir, by_name);
    g_tree_foreach(by_name, descriptor_take, set);
    if (set->secure_code)
        g_tree_foreach(by_name, empty_vars_take, set);
    if (!set->plain_code)
        set->why_not_plain = g_strdup("No UEFI firmware for x86_64 q35 without Secure Boot among QEMU's firmware descriptors "
                                      "(/usr/share/qemu/firmware); on Debian: package ovmf.");
    if (!set->secure_vars_enrolled || !set->secure_vars_empty)
        set->why_not_secure = g_strdup("No UEFI firmware for x86_64 q35 with Secure Boot, SMM and enrolled keys among QEMU's "
                                       "firmware descriptors (/usr/share/qemu/firmware); on Debian: package ovmf.");
    return set;
}

void
firmware_set_free(FirmwareSet *set)
{
    if (!set)
        return;
    g_free(set->plain_code);
    g_free(set->plain_vars);
    g_free(set->secure_code);
    g_free(set->secure_vars_enrolled);
    g_free(set->secure_vars_empty);
    g_free(set->why_not_secure);
    g_free(set->why_not_plain);
    g_free(set);
}

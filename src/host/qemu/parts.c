#include "host/qemu/parts.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "host/qemu/folder.h"

#include <stddef.h>
#include <string.h>

#define PARTS_MAX 4096u
/* Above any counter that the daemon can have raised, and below what JSON readers agree on. */
#define GENERATION_MAX (G_GINT64_CONSTANT(1) << 52)

/* One row per member, for reading and writing alike. */
static const struct {
    const char *name;
    gsize offset, size;
    gint64 max;
    gboolean optional; /* was not there from the first */
} members[] = {
#define M(name, member, max, optional)                                                                                         \
    {                                                                                                                          \
        name, offsetof(FolderParts, member), sizeof((FolderParts *)0)->member, max, optional                                   \
    }
    M("disk", of[PART_DISK], GENERATION_MAX, FALSE),
    M("variables", of[PART_VARS], GENERATION_MAX, FALSE),
    M("vtpm", of[PART_VTPM], GENERATION_MAX, FALSE),
    M("diskHighest", past[PART_DISK].highest, GENERATION_MAX, TRUE),
    M("variablesHighest", past[PART_VARS].highest, GENERATION_MAX, TRUE),
    M("vtpmHighest", past[PART_VTPM].highest, GENERATION_MAX, TRUE),
    M("diskSkipped", past[PART_DISK].skipped, G_MAXUINT32, TRUE),
    M("variablesSkipped", past[PART_VARS].skipped, G_MAXUINT32, TRUE),
    M("vtpmSkipped", past[PART_VTPM].skipped, G_MAXUINT32, TRUE),
    M("data", data, GENERATION_MAX, FALSE),
    M("osDiskGiB", os_disk_gib, G_MAXINT32, FALSE),
    M("uid", uid, G_MAXINT32, FALSE),
    M("retired", retired, GENERATION_MAX, FALSE),
#undef M
};

static void
member_set(FolderParts *parts, guint i, guint64 value)
{
    guint narrow = (guint)value;
    void *at = (char *)parts + members[i].offset;
    if (members[i].size == sizeof narrow)
        memcpy(at, &narrow, sizeof narrow);
    else
        memcpy(at, &value, sizeof value);
}

static guint64
member_get(const FolderParts *parts, guint i)
{
    guint narrow;
    guint64 value;
    const void *at = (const char *)parts + members[i].offset;
    if (members[i].size == sizeof narrow) {
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    }
    memcpy(&value, at, sizeof value);
    return value;
}

gboolean
folder_parts_parse(const char *text, gsize length, FolderParts *ret_parts, GError **error)
{
    FolderParts parts = { 0 };
    g_autoptr(json_t) object = json_parse(text, length, error);
    if (!object)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        const json_t *value = json_object_get(object, members[i].name);
        if (!value && members[i].optional)
            continue;
        if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > members[i].max)
            return arm_fail(error, ARM_INTERNAL, members[i].name,
                            PARTS_FILE ": '%s' is no number from 0 to %" G_GINT64_FORMAT ".", members[i].name, members[i].max);
        member_set(&parts, i, (guint64)json_integer_value(value));
    }
    for (Part part = 0; part < N_PARTS; part++)
        parts.past[part].highest = MAX(parts.past[part].highest, parts.of[part]);
    *ret_parts = parts;
    return TRUE;
}

gboolean
folder_parts_read(const char *folder, FolderParts *ret_parts, GError **error)
{
    gsize length;
    g_autofree char *text = folder_read(folder, PARTS_FILE, PARTS_MAX, &length, error);
    if (!text)
        return FALSE;
    if (folder_parts_parse(text, length, ret_parts, error))
        return TRUE;
    g_prefix_error(error, "%s: ", folder);
    return FALSE;
}

gboolean
folder_parts_write(const char *folder, const FolderParts *parts, GError **error)
{
    g_autofree char *path = folder_file(folder, PARTS_FILE);
    g_autoptr(json_t) object = json_object();
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        json_object_set_new(object, members[i].name, json_integer((json_int_t)member_get(parts, i)));
    g_autofree char *text = json_text(object);
    return file_write(path, text, strlen(text), 0600, error);
}

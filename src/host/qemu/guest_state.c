#include "host/qemu/guest_state.h"

#include "base/file.h"
#include "base/json.h"
#include "host/qemu/folder.h"

#include <string.h>
#include <unistd.h>

#define STATE_FILE     "guest-state.json"
#define STATE_FILE_MAX 4096u
#define PART_MAX       (64u << 20)
#define NEXT           "Next" /* after the name of a part: its digest may be this one by now */

static const struct {
    const char *member, *file, *name;
} parts[] = {
    { "variables", "vars.fd", "UEFI variables" },
    { "vtpm", "vtpm/tpm2-00.permall", "vTPM" },
};

static char *
digest_of(const char *folder, const char *file)
{
    gsize length;
    g_autofree char *bytes = folder_read(folder, file, PART_MAX, &length, NULL);
    return bytes ? g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length) : NULL;
}

void
guest_state_record(const char *folder)
{
    g_autoptr(json_t) object = json_object();
    g_autoptr(GError) error = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *digest = digest_of(folder, parts[i].file);
        json_set_text(object, parts[i].member, digest);
    }
    g_autofree char *text = json_text(object);
    if (!folder_write(folder, STATE_FILE, text, &error))
        g_warning("%s", error->message);
}

const char *
guest_state_changed(const char *folder)
{
    gsize length;
    g_autofree char *text = folder_read(folder, STATE_FILE, STATE_FILE_MAX, &length, NULL);
    g_autoptr(json_t) object = text ? json_parse(text, length, NULL) : NULL;
    for (guint i = 0; object && i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *digest = digest_of(folder, parts[i].file), *next = g_strconcat(parts[i].member, NEXT, NULL);
        const char *expected = json_member_text(object, next);
        if (g_strcmp0(digest, json_member_text(object, parts[i].member)) != 0 &&
            (!expected || g_strcmp0(digest, expected) != 0))
            return parts[i].name;
    }
    return NULL;
}

gboolean
guest_state_expect_vtpm(const char *folder, const char *file, GError **error)
{
    gsize length;
    g_autofree char *text = folder_read(folder, STATE_FILE, STATE_FILE_MAX, &length, NULL), *path = NULL, *changed = NULL;
    g_autoptr(json_t) object = text ? json_parse(text, length, NULL) : NULL;
    if (!object)
        return TRUE;
    g_autofree char *digest = digest_of(folder, file);
    json_set_text(object, "vtpm" NEXT, digest);
    changed = json_text(object);
    path = folder_file(folder, STATE_FILE);
    return file_write(path, changed, strlen(changed), 0600, error);
}

void
guest_state_forget(const char *folder)
{
    g_autofree char *path = folder_file(folder, STATE_FILE);
    unlink(path);
}

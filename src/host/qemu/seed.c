/* The NoCloud seed: what cloud-init reads at the first boot of an OS disk. */
#include "host/qemu/disk.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "host/run.h"

#include <string.h>

char *
seed_meta_data(const LaunchSpec *spec)
{
    return g_strdup_printf("instance-id: %s-%" G_GUINT64_FORMAT "\nlocal-hostname: %s\n", spec->vm_id, spec->disk_gen,
                           spec->name);
}

/* JSON is YAML, and quotes everything that needs it. */
static char *
cloud_config(const LaunchSpec *spec)
{
    g_autoptr(json_t) config = json_object();
    json_object_set_new(config, "hostname", json_string(spec->name));
    json_object_set_new(config, "preserve_hostname", json_false());
    if (spec->admin_username) {
        json_t *user = json_pack("{ss ss ss sb}", "name", spec->admin_username, "sudo", "ALL=(ALL) NOPASSWD:ALL", "shell",
                                 "/bin/bash", "lock_passwd", spec->password_hash == NULL);
        json_t *keys = json_array();
        json_set_text(user, "passwd", spec->password_hash);
        for (guint i = 0; i < spec->ssh_keys->len; i++)
            json_array_append_new(keys, json_string(g_ptr_array_index(spec->ssh_keys, i)));
        json_object_set_new(user, "ssh_authorized_keys", keys);
        json_object_set_new(config, "users", json_pack("[o]", user));
        json_object_set_new(config, "ssh_pwauth", json_boolean(spec->password_hash != NULL));
    }
    g_autofree char *text = json_text(config);
    return g_strconcat("#cloud-config\n", text, "\n", NULL);
}

static const char *
content_type(const char *data)
{
    static const struct {
        const char *start, *type;
    } types[] = {
        { "#!", "text/x-shellscript" },
        { "#cloud-config", "text/cloud-config" },
        { "#cloud-boothook", "text/cloud-boothook" },
        { "#include", "text/x-include-url" },
        { "## template: jinja", "text/jinja2" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_has_prefix(data, types[i].start))
            return types[i].type;
    }
    return "text/plain";
}

/* MIME parts bring their own headers; anything else gets the ones that its first words ask for. */
static gboolean
is_mime(const char *data)
{
    return g_ascii_strncasecmp(data, "Content-Type:", 13) == 0 || g_ascii_strncasecmp(data, "MIME-Version:", 13) == 0;
}

/* RFC 2046, 5.1.1: a boundary stands in none of the parts. */
static char *
boundary_for(const char *data)
{
    char *boundary = g_strdup("testudo-part");
    for (guint i = 1; strstr(data, boundary); i++) {
        g_free(boundary);
        boundary = g_strdup_printf("testudo-part-%u-", i);
    }
    return boundary;
}

char *
seed_user_data(const LaunchSpec *spec)
{
    const char *data = spec->custom_data;
    g_autofree char *config = cloud_config(spec);
    if (!data)
        return g_steal_pointer(&config);
    g_autofree char *boundary = boundary_for(data);
    g_autofree char *headers = is_mime(data) ? NULL : g_strdup_printf("Content-Type: %s\n\n", content_type(data));
    return g_strdup_printf("Content-Type: multipart/mixed; boundary=\"%s\"\nMIME-Version: 1.0\n\n"
                           "--%s\nContent-Type: text/cloud-config\n\n%s\n"
                           "--%s\n%s%s\n--%s--\n",
                           boundary, boundary, config, boundary, headers ? headers : "", data, boundary);
}

gboolean
seed_make(const char *path, const LaunchSpec *spec, GError **error)
{
    g_autofree char *folder = g_strconcat(path, ".d", NULL);
    g_autofree char *meta_path = g_build_filename(folder, "meta-data", NULL);
    g_autofree char *user_path = g_build_filename(folder, "user-data", NULL);
    g_autofree char *meta = seed_meta_data(spec), *user = seed_user_data(spec);
    g_autofree char *temporary = g_strconcat(path, ".new", NULL);
    const char *const argv[] = { "genisoimage", "-quiet", "-output", temporary, "-volid", "CIDATA",
                                 "-joliet",     "-rock",  meta_path, user_path, NULL };
    static const RunLimits limits = { .cpu_s = 30 };

    gboolean ok = folder_remove(folder, error) && folder_make(folder, error) &&
                  g_file_set_contents_full(meta_path, meta, -1, G_FILE_SET_CONTENTS_NONE, 0600, error) &&
                  g_file_set_contents_full(user_path, user, -1, G_FILE_SET_CONTENTS_NONE, 0600, error) &&
                  run_program(argv, &limits, NULL, error);
    folder_remove(folder, NULL);
    if (ok && rename(temporary, path) == 0)
        return TRUE;
    if (ok)
        io_fail(error, "write", path);
    unlink(temporary);
    return FALSE;
}

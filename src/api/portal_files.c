#include "api/portal_files.h"

#include "base/error.h"
#include "base/pack.h"

#include <string.h>

#define PACKED_SUFFIX ".gz"
/* Where the build puts files that it has named by their content. */
#define HASHED_FOLDER "assets/"
#define ETAG_DIGITS   32

struct PortalFiles {
    GHashTable *by_name; /* char* -> PortalFile */
};

static const char *
type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        { ".html", "text/html; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".json", "application/json; charset=utf-8" },
        { ".webmanifest", "application/manifest+json" },
        { ".txt", "text/plain; charset=utf-8" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
        { ".ico", "image/x-icon" },
        { ".woff2", "font/woff2" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_has_suffix(name, types[i].ending))
            return types[i].type;
    }
    return "application/octet-stream";
}

static void
file_free(void *data)
{
    PortalFile *file = data;
    g_bytes_unref(file->packed);
    g_free(file->etag);
    g_free(file);
}

/* name: with the suffix. Takes the bytes. */
static void
file_add(PortalFiles *files, const char *name, GBytes *packed)
{
    char *plain = g_strndup(name, strlen(name) - strlen(PACKED_SUFFIX));
    PortalFile *file = g_new0(PortalFile, 1);
    file->packed = packed;
    file->etag = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, packed);
    file->etag[ETAG_DIGITS] = '\0';
    file->type = type_of(plain);
    file->hashed = g_str_has_prefix(plain, HASHED_FOLDER);
    g_hash_table_insert(files->by_name, plain, file);
}

/* folder: "" or "assets/". */
static gboolean
folder_read(PortalFiles *files, const char *resources, const char *folder, GError **error)
{
    g_autofree char *path = g_strconcat(resources, "/", folder, NULL);
    g_auto(GStrv) children = g_resources_enumerate_children(path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
    for (char **child = children; child && *child; child++) {
        g_autofree char *name = g_strconcat(folder, *child, NULL), *at = g_strconcat(resources, "/", name, NULL);
        GBytes *bytes = NULL;
        if (g_str_has_suffix(name, "/")) {
            if (!folder_read(files, resources, name, error))
                return FALSE;
        } else if (g_str_has_suffix(name, PACKED_SUFFIX)) {
            bytes = g_resources_lookup_data(at, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
            if (!bytes)
                return FALSE;
            file_add(files, name, bytes);
        }
    }
    return children != NULL;
}

PortalFiles *
portal_files_new(const char *resources, GError **error)
{
    PortalFiles *files = g_new0(PortalFiles, 1);
    files->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
    if (folder_read(files, resources, "", error)) {
        if (portal_files_get(files, "index.html"))
            return files;
        arm_fail(error, ARM_INTERNAL, NULL, "The portal that is built in has no index.html.");
    }
    portal_files_free(files);
    return NULL;
}

void
portal_files_free(PortalFiles *files)
{
    if (!files)
        return;
    g_hash_table_unref(files->by_name);
    g_free(files);
}

const PortalFile *
portal_files_get(const PortalFiles *files, const char *name)
{
    return g_hash_table_lookup(files->by_name, name);
}

GBytes *
portal_file_unpack(const PortalFile *file)
{
    g_autoptr(GError) error = NULL;
    GBytes *plain = bytes_unpack(file->packed, G_MAXSIZE, &error);
    /* What the build packed itself. */
    if (!plain)
        g_error("a file of the portal cannot be unpacked: %s", error->message);
    return plain;
}

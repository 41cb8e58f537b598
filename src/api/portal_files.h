/* api/portal_files.h: the web portal's files, as they were built into the program. Read once, then never changed: any thread.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
    GBytes *packed;   /* gzip (RFC 1952) */
    char *etag;       /* of the content, without quotes */
    const char *type; /* Content-Type */
    gboolean hashed;  /* its name has a hash of its content: it never changes */
} PortalFile;

typedef struct PortalFiles PortalFiles;

/* Every NAME.gz below this path of the program's resources is the file NAME. NULL sets *error: there is no index.html. */
PortalFiles *portal_files_new(const char *resources, GError **error);
void portal_files_free(PortalFiles *files); /* accepts NULL */

/* name: "index.html", "assets/index-3f2c.js"; exactly one of those that are there, or NULL. Borrowed. */
const PortalFile *portal_files_get(const PortalFiles *files, const char *name);

/* The content for a client that does not take gzip. */
GBytes *portal_file_unpack(const PortalFile *file);

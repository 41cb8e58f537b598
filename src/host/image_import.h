/* host/image_import.h: takes an image file into STATE/images/. Blocking; any thread.
 * Images are hostile: the format is named, never probed; a backing or data file is refused; the file is looked at by
 * qemu-img in an unprivileged process with limits on memory, CPU time and output. The stored copy is read-only (0444), named
 * by its SHA-256 and format; import of the same content twice stores it once. */
#pragma once

#include "model/image.h"

/* Begins the name of a file or folder below STATE/images/ that something is being copied into; one that is there when the
 * daemon starts is a leftover.
 */
#define IMAGE_IMPORT_PREFIX ".import-"

/* `info` has publisher … format; on success its sha256, virtual_size are filled in, and *ret_file is the stored file's name
 * below STATE/images/. A sha256 that `info` already has must match. */
gboolean image_import(const char *state_dir, const char *source, ImageInfo *info, char **ret_file, GError **error);

/* Imports every NAME.json of a folder that names a file beside it; calls each() for every one, in name order; the first
 * error ends it. */
gboolean image_import_folder(const char *state_dir, const char *folder,
                             gboolean (*each)(const ImageInfo *info, const char *stored_file, void *data, GError **error),
                             void *data, GError **error);

/* Absolute path of a stored image; newly allocated. */
char *image_stored_path(const char *state_dir, const ImageInfo *info);

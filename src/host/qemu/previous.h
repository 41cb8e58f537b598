/* host/qemu/previous.h: FOLDER/previous/, the parts of an instance that others took the place of. Each lies there under its
 * number and the second it was put aside, "disk-<generation>.<seconds>", and so for "variables-…" and "vtpm-…": what a name
 * says needs no list that a crash could leave behind. A part is there or in use, never both. */
#pragma once

#include "host/qemu/parts.h"

#define PREVIOUS_FOLDER "previous"

/* Its name in the folder while it is in use: "os.qcow2" and so on. */
const char *part_file(Part part);

/* Where `part` of this generation is to lie; newly allocated. */
char *previous_path(const char *folder, Part part, guint64 generation, gint64 retired);

/* Where it does lie; NULL: it does not, or it is no disk, variables or vTPM (a link that the folder's owner left). */
char *previous_find(const char *folder, Part part, guint64 generation);

/* Removes what was put aside retention_s or longer before `now`, and whatever else is there. Nothing goes while it may be
 * wanted: where `spec`, of the last launch, says so, and where it is not known (NULL), or is not what made the folder what it
 * is (a launch that was cut short), until one is. The VM may run. */
gboolean previous_prune(const char *folder, const LaunchSpec *spec, gint64 now, gint64 retention_s, GError **error);

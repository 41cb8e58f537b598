/* attest/components.h: what an image's boot code and configuration are, as far as it can be computed without booting it; and
 * a boot beside that. Pure.
 *
 * Judged are the events that say which file they are of, or whose digest is that of one of them: programs in PCR 4 by their
 * Authenticode digest, files that GRUB reads in PCR 9 by theirs. What has no path and is none of the files is not judged.
 * Firmware, Secure Boot's lists, commands and MOK state (PCR 0 to 3, 5 to 8, 14) are not computed, and what lies on a partition
 * that was not read is not either: a boot is never found healthy by this alone.
 *
 * As JSON: {"image", "imageSha256", "partitions": [{"number", "read"}], "files": [{"partition", "path", "sha256", "program",
 * "signed"}]}: program is the Authenticode digest, signed whether the program has a signature; both are left out where a file
 * is none. Digests are hexadecimal. */
#pragma once

#include "attest/verdict.h"

#include <jansson.h>

typedef struct Components Components;

Components *components_new(const char *image_urn, const char *image_sha256);
void components_free(Components *components); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Components, components_free)

/* The partition's files were all added, or none of them could be. */
void components_add_partition(Components *components, guint number, gboolean read);
/* path: "/EFI/BOOT/BOOTX64.EFI". */
void components_add_file(Components *components, guint partition, const char *path, const guint8 *content, gsize size);
guint components_n_files(const Components *components);

json_t *components_json(const Components *components); /* new reference */
Components *components_parse(const json_t *json, GError **error);
const char *components_image_sha256(const Components *components);

/* Is what firmware begins with, and what that goes on with, signed? Looked at are /EFI/BOOT/BOOTX64.EFI and, wherever they lie,
 * the programs that shim and its fallback load by their names. FALSE: it cannot be told, since there is no such program. */
gboolean components_boot_chain(const Components *components, gboolean *ret_signed);

/* seen: evidence that holds. Deviation: something else than the image has was loaded or read; else NotJudged, which says what
 * was judged. reference: how the reason calls the image. */
void components_judge(const Components *components, const Evidenced *seen, const char *reference, Judgement *ret_judgement);

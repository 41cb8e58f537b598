/* host/fat.h: the files of a FAT file system, as an EFI system partition is one. Pure; the bytes are a hostile image's.
 * Source: Microsoft, FAT: General Overview of On-Disk Format 1.03 (FAT12, FAT16 and FAT32, long names). */
#pragma once

#include <glib.h>

#define FAT_FILES_MAX 4096u
#define FAT_DEPTH_MAX 16u

/* path: "/EFI/BOOT/BOOTX64.EFI", as the long name has it, valid UTF-8. content: lasts for the call alone. */
typedef void (*FatFile)(const char *path, const guint8 *content, gsize size, void *data);

/* Calls each() for every regular file that can be read whole. FALSE: it is no FAT file system, or one that is damaged, deeper
 * than FAT_DEPTH_MAX, of more than FAT_FILES_MAX files, or whose files share what they are made of. */
gboolean fat_each_file(const guint8 *bytes, gsize size, FatFile each, void *data);

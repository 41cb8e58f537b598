/* host/qemu/parts.h: which generation of each part an instance's folder holds. */
#pragma once

#include "host/generations.h"

#define PARTS_FILE "parts.json"

typedef struct {
    guint64 of[N_PARTS];    /* generation that is there; 0: none */
    PartPast past[N_PARTS]; /* its highest is never below the one that is there */
    guint64 data;           /* generation of the data disks */
    guint os_disk_gib;
    guint uid;      /* that owns the folder; 0: the daemon's own user */
    gint64 retired; /* when what these took the place of was put aside, seconds since 1970 */
} FolderParts;

/* The text of parts.json. It lies in a folder that a hostile process may write to: every member is checked. *error names the
 * one that is missing or wrong. */
gboolean folder_parts_parse(const char *text, gsize length, FolderParts *ret_parts, GError **error);

gboolean folder_parts_read(const char *folder, FolderParts *ret_parts, GError **error);
/* Synced: what it says is there, is there. */
gboolean folder_parts_write(const char *folder, const FolderParts *parts, GError **error);

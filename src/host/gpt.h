/* host/gpt.h: the partitions of a disk. Pure; the bytes are a hostile image's. Source: UEFI 2.10, section 5.3 (GUID Partition
 * Table); sectors of 512 bytes. */
#pragma once

#include <glib.h>

#define GPT_BYTES          (34u * 512u) /* of the disk's beginning that are looked at */
#define GPT_PARTITIONS_MAX 128u

typedef struct {
    guint number; /* from 1 */
    guint64 at, size;
    gboolean is_esp;
} Partition;

/* head: the disk's first GPT_BYTES. Array of Partition, by number; NULL: there is no such table. */
GArray *gpt_read(const guint8 *head, gsize size);

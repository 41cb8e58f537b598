#include "host/gpt.h"

#include "base/cursor.h"

#include <string.h>

#define SECTOR     512u
#define ENTRY_SIZE 128u
/* EFI PARTITION_SYSTEM_GUID, as it is stored. */
static const guint8 esp_type[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                     0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

static void
entry_read(const guint8 *entry, guint number, GArray *partitions)
{
    static const guint8 unused[16];
    Cursor cursor = cursor_over(entry, ENTRY_SIZE);
    cursor_take(&cursor, 32);
    const guint64 first = cursor_u64le(&cursor), last = cursor_u64le(&cursor);
    if (memcmp(entry, unused, sizeof unused) == 0 || first == 0 || last < first || last > G_MAXUINT64 / SECTOR / 2)
        return;
    const Partition partition = { number, first * SECTOR, (last - first + 1) * SECTOR,
                                  memcmp(entry, esp_type, sizeof esp_type) == 0 };
    g_array_append_val(partitions, partition);
}

GArray *
gpt_read(const guint8 *head, gsize size)
{
    if (size < GPT_BYTES || memcmp(head + SECTOR, "EFI PART", 8) != 0)
        return NULL;
    Cursor cursor = cursor_over(head + SECTOR, SECTOR);
    cursor_take(&cursor, 72);
    const guint64 table = cursor_u64le(&cursor);
    const guint32 count = cursor_u32le(&cursor), entry_size = cursor_u32le(&cursor);
    if (table != 2 || entry_size != ENTRY_SIZE)
        return NULL;
    GArray *partitions = g_array_new(FALSE, FALSE, sizeof(Partition));
    for (guint i = 0; i < MIN(count, GPT_PARTITIONS_MAX); i++)
        entry_read(head + (gsize)2 * SECTOR + (gsize)i * ENTRY_SIZE, i + 1, partitions);
    return partitions;
}

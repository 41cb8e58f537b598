/* host/fat.h and host/gpt.h: a hostile image's partitions and files. Nothing is read twice as often as it lies there. */
#include "host/fat.h"
#include "host/gpt.h"

#include "fuzz.h"

typedef struct {
    guint files;
    gsize bytes;
} Seen;

static void
on_file(const char *path, const guint8 *content, gsize size, void *data)
{
    Seen *seen = data;
    g_assert(*path == '/' && g_utf8_validate(path, -1, NULL));
    g_assert(content || size == 0);
    seen->files++;
    seen->bytes += size;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Seen seen = { 0 };
    g_autoptr(GArray) partitions = gpt_read(data, size);
    for (guint i = 0; partitions && i < partitions->len; i++) {
        const Partition *one = &g_array_index(partitions, Partition, i);
        g_assert(one->number >= 1 && one->number <= GPT_PARTITIONS_MAX && one->size > 0 && one->at <= G_MAXUINT64 - one->size);
    }
    fat_each_file(data, size, on_file, &seen);
    g_assert(seen.files <= FAT_FILES_MAX && seen.bytes <= size);
    return 0;
}

#include "host/qemu/overlay.h"

#include <string.h>

#define SECTOR       512u
#define CLUSTER_BITS 16u
#define CLUSTER      (1u << CLUSTER_BITS)
/* One entry of the first-level table stands for a cluster of 8-byte entries, each of a cluster. */
#define L1_COVERS      ((guint64)CLUSTER / 8 * CLUSTER)
#define REFCOUNT_ORDER 4u          /* 16 bits */
#define MAGIC          0x514649fbu /* "QFI", 0xfb */
#define BACKING_FORMAT 0xe2792acau
#define HEADER_LENGTH  112u

/* Which cluster holds what; the first-level table takes the rest. */
enum { AT_HEADER, AT_REFCOUNT_TABLE, AT_REFCOUNT_BLOCK, AT_L1 };

static void
put16(guint8 *at, guint value)
{
    guint16 big = GUINT16_TO_BE((guint16)value);
    memcpy(at, &big, sizeof big);
}

static void
put32(guint8 *at, guint32 value)
{
    guint32 big = GUINT32_TO_BE(value);
    memcpy(at, &big, sizeof big);
}

static void
put64(guint8 *at, guint64 value)
{
    guint64 big = GUINT64_TO_BE(value);
    memcpy(at, &big, sizeof big);
}

/* Offsets are those of the format's section "Header"; what is not written is 0. */
static void
header_put(guint8 *at, guint64 size, guint32 l1_entries)
{
    put32(at, MAGIC);
    put32(at + 4, 3);
    put32(at + 20, CLUSTER_BITS);
    put64(at + 24, size);
    put32(at + 36, l1_entries);
    put64(at + 40, (guint64)AT_L1 * CLUSTER);
    put64(at + 48, (guint64)AT_REFCOUNT_TABLE * CLUSTER);
    put32(at + 56, 1);
    put32(at + 96, REFCOUNT_ORDER);
    put32(at + 100, HEADER_LENGTH);
}

/* The extension that names the format, the empty one that ends the list, and the backing file's
 * name. */
static void
backing_put(guint8 *at, const char *backing, const char *format)
{
    gsize format_length = strlen(format), backing_length = strlen(backing);
    guint8 *extension = at + HEADER_LENGTH;
    gsize name_at = HEADER_LENGTH + 8 + (format_length + 7) / 8 * 8 + 8;
    put32(extension, BACKING_FORMAT);
    put32(extension + 4, (guint32)format_length);
    memcpy(extension + 8, format, format_length + 1);
    memcpy(at + name_at, backing, backing_length + 1);
    put64(at + 8, name_at);
    put32(at + 16, (guint32)backing_length);
}

GBytes *
overlay_bytes(const char *backing, const char *format, guint64 size)
{
    g_assert(strlen(backing) <= OVERLAY_BACKING_MAX && size <= OVERLAY_SIZE_MAX);
    guint32 l1_entries = (guint32)((size + L1_COVERS - 1) / L1_COVERS);
    guint clusters = AT_L1 + (l1_entries * 8 + CLUSTER - 1) / CLUSTER;
    gsize length = (gsize)clusters * CLUSTER;
    guint8 *bytes = g_malloc0(length);

    header_put(bytes, size - size % SECTOR, l1_entries);
    backing_put(bytes, backing, format);
    put64(bytes + AT_REFCOUNT_TABLE * CLUSTER, (guint64)AT_REFCOUNT_BLOCK * CLUSTER);
    for (guint i = 0; i < clusters; i++)
        put16(bytes + AT_REFCOUNT_BLOCK * CLUSTER + 2 * i, 1);
    return g_bytes_new_take(bytes, length);
}

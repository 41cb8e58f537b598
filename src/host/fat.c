#include "host/fat.h"

#include "base/cursor.h"

#include <string.h>

#define SECTOR_MIN     512u
#define SECTOR_MAX     4096u
#define ENTRY_SIZE     32u
#define NAME_UNITS     13u
#define NAME_PARTS_MAX 20u

#define ATTRIBUTE_LABEL  0x08
#define ATTRIBUTE_FOLDER 0x10
#define ATTRIBUTE_LONG   0x0f
/* Of a short name; as Windows NT began it. */
#define ENTRY_AT_CASE   12
#define CASE_LOW_NAME   0x08
#define CASE_LOW_SUFFIX 0x10
#define ENTRY_LAST      0x00
#define ENTRY_DELETED   0xe5

typedef struct {
    const guint8 *bytes;
    gsize size;
    guint bits; /* of an entry of the table: 12, 16 or 32 */
    gsize table;
    gsize table_size;
    gsize data; /* where cluster 2 lies */
    gsize cluster_size;
    guint32 n_clusters;   /* the last one is n_clusters + 1 */
    gsize root;           /* FAT12 and FAT16: where the root folder lies, */
    gsize root_size;      /* and how much of it there is */
    guint32 root_cluster; /* FAT32 */
    gsize left;           /* bytes that may still be read: nothing is there twice */
    guint files_left;
    FatFile each;
    void *each_data;
} Fat;

static guint32
number_at(const guint8 *bytes, guint n)
{
    guint32 value = 0;
    for (guint i = 0; i < n; i++)
        value |= (guint32)bytes[i] << (8 * i);
    return value;
}

static gboolean
layout_read(Fat *fat)
{
    const guint8 *boot = fat->bytes;
    if (fat->size < SECTOR_MIN || boot[510] != 0x55 || boot[511] != 0xaa)
        return FALSE;
    const gsize sector = number_at(boot + 11, 2), per_cluster = boot[13], reserved = number_at(boot + 14, 2), tables = boot[16];
    const gsize root_entries = number_at(boot + 17, 2);
    const gsize table_short = number_at(boot + 22, 2), total_short = number_at(boot + 19, 2);
    const gsize table_sectors = table_short ? table_short : number_at(boot + 36, 4);
    const gsize total = total_short ? total_short : number_at(boot + 32, 4);
    if (sector < SECTOR_MIN || sector > SECTOR_MAX || (sector & (sector - 1)) != 0 || per_cluster == 0 ||
        (per_cluster & (per_cluster - 1)) != 0 || reserved == 0 || tables == 0 || table_sectors == 0)
        return FALSE;
    const gsize root_sectors = (root_entries * ENTRY_SIZE + sector - 1) / sector;
    const gsize before = reserved + tables * table_sectors + root_sectors;
    if (total <= before || total > fat->size / sector)
        return FALSE;
    fat->table = reserved * sector;
    fat->table_size = table_sectors * sector;
    fat->root = (reserved + tables * table_sectors) * sector;
    fat->root_size = root_entries * ENTRY_SIZE;
    fat->data = before * sector;
    fat->cluster_size = per_cluster * sector;
    fat->n_clusters = (guint32)((total - before) / per_cluster);
    fat->bits = table_short == 0 ? 32 : fat->n_clusters < 4085 ? 12 : 16;
    fat->root_cluster = number_at(boot + 44, 4);
    return TRUE;
}

/* The one behind it; 0: it was the last, or what is there is none. */
static guint32
cluster_next(const Fat *fat, guint32 cluster)
{
    const gsize at = fat->bits == 12 ? (gsize)cluster + cluster / 2 : (gsize)cluster * (fat->bits / 8);
    const guint width = fat->bits == 32 ? 4 : 2;
    if (at + width > fat->table_size)
        return 0;
    guint32 next = number_at(fat->bytes + fat->table + at, width);
    if (fat->bits == 12)
        next = cluster & 1 ? next >> 4 : next & 0xfff;
    else if (fat->bits == 32)
        next &= 0x0fffffff;
    return next >= 2 && next - 2 < fat->n_clusters ? next : 0;
}

/* size: of a file; G_MAXSIZE: a folder, as far as it goes. NULL: there is less of it, or more was read than there is. */
static GByteArray *
chain_read(Fat *fat, guint32 cluster, gsize size)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    while (content->len < size && cluster >= 2 && cluster - 2 < fat->n_clusters) {
        if (fat->left < fat->cluster_size)
            return NULL;
        fat->left -= fat->cluster_size;
        g_byte_array_append(content, fat->bytes + fat->data + (gsize)(cluster - 2) * fat->cluster_size,
                            (guint)MIN(fat->cluster_size, size - content->len));
        cluster = cluster_next(fat, cluster);
    }
    return size == G_MAXSIZE || content->len == size ? g_steal_pointer(&content) : NULL;
}

/* ---- names ---- */

/* Pieces of a long name, the last first, stand before the entry that it is of. */
typedef struct {
    gunichar2 units[NAME_PARTS_MAX * NAME_UNITS + 1];
    guint8 checksum;
    guint expected; /* number of the piece that comes next; 0: all are there, or none */
    gboolean whole;
} LongName;

static void
long_name_take(LongName *name, const guint8 *entry)
{
    static const guint8 places[NAME_UNITS] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
    const guint number = entry[0] & 0x1f;
    if (entry[0] & 0x40) {
        memset(name, 0, sizeof *name);
        name->expected = number;
        name->checksum = entry[13];
    }
    name->whole = FALSE;
    if (number == 0 || number > NAME_PARTS_MAX || number != name->expected || entry[13] != name->checksum) {
        name->expected = 0;
        return;
    }
    for (guint i = 0; i < NAME_UNITS; i++)
        name->units[(number - 1) * NAME_UNITS + i] = (gunichar2)number_at(entry + places[i], 2);
    name->expected = number - 1;
    name->whole = name->expected == 0;
}

static guint8
short_name_checksum(const guint8 *entry)
{
    guint8 sum = 0;
    for (guint i = 0; i < 11; i++)
        sum = (guint8)((sum >> 1 | sum << 7) + entry[i]);
    return sum;
}

static char *
short_name(const guint8 *entry)
{
    GString *name = g_string_new(NULL);
    for (guint i = 0; i < 11; i++) {
        if (i == 8 && entry[8] != ' ')
            g_string_append_c(name, '.');
        const char letter = entry[i] < 0x80 && g_ascii_isprint((char)entry[i]) ? (char)entry[i] : '_';
        if (letter != ' ')
            g_string_append_c(name, entry[ENTRY_AT_CASE] & (i < 8 ? CASE_LOW_NAME : CASE_LOW_SUFFIX) ? g_ascii_tolower(letter)
                                                                                                     : letter);
    }
    return g_string_free(name, FALSE);
}

static char *
name_of(const LongName *name, const guint8 *entry)
{
    char *text =
        name->whole && name->checksum == short_name_checksum(entry) ? g_utf16_to_utf8(name->units, -1, NULL, NULL, NULL) : NULL;
    return text ? text : short_name(entry);
}

/* ---- folders ---- */

static gboolean folder_walk(Fat *fat, const char *path, const guint8 *entries, gsize size, guint depth);

static gboolean
entry_take(Fat *fat, const char *folder, const guint8 *entry, const char *name, guint depth)
{
    const guint32 cluster = (fat->bits == 32 ? number_at(entry + 20, 2) << 16 : 0) | number_at(entry + 26, 2);
    const gboolean is_folder = (entry[11] & ATTRIBUTE_FOLDER) != 0;
    if (fat->files_left == 0 || (is_folder && depth == FAT_DEPTH_MAX))
        return FALSE;
    fat->files_left--;
    g_autofree char *path = g_strdup_printf("%s/%s", folder, name);
    g_autoptr(GByteArray) content = chain_read(fat, cluster, is_folder ? G_MAXSIZE : number_at(entry + 28, 4));
    if (!content)
        return FALSE;
    if (is_folder)
        return folder_walk(fat, path, content->data, content->len, depth + 1);
    fat->each(path, content->data, content->len, fat->each_data);
    return TRUE;
}

static gboolean
folder_walk(Fat *fat, const char *path, const guint8 *entries, gsize size, guint depth)
{
    LongName long_name = { 0 };
    for (gsize at = 0; at + ENTRY_SIZE <= size && entries[at] != ENTRY_LAST; at += ENTRY_SIZE) {
        const guint8 *entry = entries + at;
        if (entry[0] != ENTRY_DELETED && (entry[11] & ATTRIBUTE_LONG) == ATTRIBUTE_LONG) {
            long_name_take(&long_name, entry);
            continue;
        }
        if (entry[0] != ENTRY_DELETED && entry[0] != '.' && !(entry[11] & ATTRIBUTE_LABEL)) {
            g_autofree char *name = name_of(&long_name, entry);
            if (!entry_take(fat, path, entry, name, depth))
                return FALSE;
        }
        long_name.whole = FALSE;
    }
    return TRUE;
}

gboolean
fat_each_file(const guint8 *bytes, gsize size, FatFile each, void *data)
{
    Fat fat = { .bytes = bytes, .size = size, .left = size, .files_left = FAT_FILES_MAX, .each = each, .each_data = data };
    if (!layout_read(&fat))
        return FALSE;
    if (fat.bits != 32)
        return folder_walk(&fat, "", bytes + fat.root, fat.root_size, 0);
    g_autoptr(GByteArray) root = chain_read(&fat, fat.root_cluster, G_MAXSIZE);
    return root && folder_walk(&fat, "", root->data, root->len, 0);
}

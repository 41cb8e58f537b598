#include "host/image_components.h"

#include "base/file.h"
#include "host/fat.h"
#include "host/gpt.h"
#include "host/image_import.h"
#include "host/run.h"

#include <string.h>
#include <sys/stat.h>

#define NOBODY  65534u
#define ESP_MAX (G_GUINT64_CONSTANT(2) << 30)
/* What qemu-img copies at a time, where partitions lie so. */
#define BLOCK_MAX (1u << 20)

typedef struct {
    const char *image;
    ImageFormat format;
    char *folder; /* its own, and qemu-img's to write into */
} Copier;

/* A part of the disk; it may end at the disk's end, or go on behind the part: whether qemu-img's count begins at the disk's
 * beginning or at what is skipped, depends on its version. */
static GMappedFile *
part_copy(const Copier *copier, guint64 at, guint64 size, GError **error)
{
    guint64 block = BLOCK_MAX;
    while (at % block != 0)
        block /= 2;
    g_autofree char *part = g_build_filename(copier->folder, "part", NULL);
    g_autofree char *input = g_strconcat("if=", copier->image, NULL), *output = g_strconcat("of=", part, NULL);
    g_autofree char *bs = g_strdup_printf("bs=%" G_GUINT64_FORMAT, block);
    g_autofree char *skip = g_strdup_printf("skip=%" G_GUINT64_FORMAT, at / block);
    g_autofree char *count = g_strdup_printf("count=%" G_GUINT64_FORMAT, at / block + (size + block - 1) / block);
    const char *const argv[] = { "qemu-img", "dd",  "-f", image_format_qemu(copier->format), "-O", "raw", input, output, bs,
                                 skip,       count, NULL };
    const RunLimits limits = {
        .memory_max = 2ull << 30, .cpu_s = 60, .file_max = at + size + BLOCK_MAX, .uid = NOBODY, .gid = NOBODY
    };
    GMappedFile *mapped = run_program(argv, &limits, NULL, error) ? g_mapped_file_new(part, FALSE, error) : NULL;
    /* The mapping keeps what it is of. */
    unlink(part);
    return mapped;
}

typedef struct {
    Components *components;
    guint partition;
} Adding;

static void
on_file(const char *path, const guint8 *content, gsize size, void *data)
{
    const Adding *adding = data;
    components_add_file(adding->components, adding->partition, path, content, size);
}

static gboolean
partition_read(const Copier *copier, const Partition *partition, Components *components, GError **error)
{
    if (!partition->is_esp || partition->size > ESP_MAX) {
        components_add_partition(components, partition->number, /* read= */ FALSE);
        return TRUE;
    }
    g_autoptr(GMappedFile) mapped = part_copy(copier, partition->at, partition->size, error);
    if (!mapped)
        return FALSE;
    Adding adding = { components, partition->number };
    const gsize size = MIN(g_mapped_file_get_length(mapped), partition->size);
    const gboolean read = fat_each_file((const guint8 *)g_mapped_file_get_contents(mapped), size, on_file, &adding);
    components_add_partition(components, partition->number, read);
    return TRUE;
}

static Components *
disk_read(const Copier *copier, const ImageInfo *info, GError **error)
{
    g_autoptr(GMappedFile) head = part_copy(copier, 0, BLOCK_MAX, error);
    if (!head)
        return NULL;
    g_autoptr(GArray) partitions = gpt_read((const guint8 *)g_mapped_file_get_contents(head), g_mapped_file_get_length(head));
    g_autofree char *urn = image_info_urn(info);
    if (!partitions) {
        arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL,
                 "Image '%s' has no GUID partition table: what it boots cannot be computed.", urn);
        return NULL;
    }
    g_autoptr(Components) components = components_new(urn, info->sha256 ? info->sha256 : "");
    for (guint i = 0; i < partitions->len; i++) {
        if (!partition_read(copier, &g_array_index(partitions, Partition, i), components, error))
            return NULL;
    }
    return g_steal_pointer(&components);
}

Components *
image_components(const char *state_dir, const ImageInfo *info, GError **error)
{
    g_autofree char *image = image_stored_path(state_dir, info);
    Copier copier = { image, info->format, g_build_filename(state_dir, "images", IMAGE_IMPORT_PREFIX "XXXXXX", NULL) };
    Components *components = NULL;
    if (!g_mkdtemp(copier.folder) || (geteuid() == 0 && chown(copier.folder, NOBODY, NOBODY) != 0))
        io_fail(error, "make", copier.folder);
    else
        components = disk_read(&copier, info, error);
    folder_remove(copier.folder, NULL);
    g_free(copier.folder);
    return components;
}

BootChain
image_boot_chain(const Components *components)
{
    gboolean is_signed;
    if (!components_boot_chain(components, &is_signed))
        return BOOT_CHAIN_UNKNOWN;
    return is_signed ? BOOT_CHAIN_SIGNED : BOOT_CHAIN_UNSIGNED;
}

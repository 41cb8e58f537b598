#include "host/image_components.h"

#include "base/error.h"
#include "base/file.h"
#include "host/fat.h"
#include "host/gpt.h"
#include "host/image_import.h"
#include "host/run.h"

#include <fcntl.h>
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

/* What is zero is left out: most of it is. */
static gboolean
content_copy(int from, off_t size, int to)
{
    g_autofree char *block = g_malloc0(BLOCK_MAX);
    ssize_t n = 0;
    off_t at = 0;
    while (at < size && (n = pread(from, block, MIN(BLOCK_MAX, (gsize)(size - at)), at)) > 0) {
        const gboolean zero = block[0] == 0 && memcmp(block, block + 1, (gsize)n - 1) == 0;
        if (!zero && (lseek(to, at, SEEK_SET) < 0 || !fd_write_all(to, block, (gsize)n)))
            return FALSE;
        at += n;
    }
    return n >= 0 && ftruncate(to, at) == 0;
}

/* A file of its own, which only we have open: the one that is there belongs to a user that others may be, too, and would end us
 * where it was cut short while it is read. */
static GMappedFile *
own_copy(const Copier *copier, const char *part, GError **error)
{
    struct stat st;
    g_autofree char *path = g_strconcat(copier->folder, ".own", NULL);
    AUTO_FD from = open(part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (from < 0 || fstat(from, &st) != 0 || !S_ISREG(st.st_mode)) {
        arm_fail(error, ARM_INTERNAL, NULL, "What was copied of the image is no regular file any more.");
        return NULL;
    }
    AUTO_FD to = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0 || unlink(path) != 0 || !content_copy(from, st.st_size, to)) {
        io_fail(error, "copy", part);
        return NULL;
    }
    return g_mapped_file_new_from_fd(to, FALSE, error);
}

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
    GMappedFile *mapped = run_program(argv, &limits, NULL, error) ? own_copy(copier, part, error) : NULL;
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

#include "host/image_import.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "host/image_probe.h"
#include "host/reach.h"
#include "host/run.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#define NOBODY         65534u
#define COPY_BLOCK     (1u << 20)
#define DEFINITION_MAX (64u << 10)
#define VIRTUAL_MAX    (G_GUINT64_CONSTANT(4) << 40)

char *
image_stored_path(const char *state_dir, const ImageInfo *info)
{
    return g_strdup_printf("%s/images/%s.%s", state_dir, info->sha256, image_format_text(info->format));
}

/* ---- copy and hash ---- */

typedef struct {
    guint8 head[IMAGE_PROBE_BYTES];
    gsize head_length;
    guint8 tail[512];
    gsize tail_length;
} Ends;

static gboolean
ends_read(int fd, const char *path, Ends *ret_ends, GError **error)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return io_fail(error, "read", path);
    if (!S_ISREG(st.st_mode))
        return arm_fail(error, ARM_INVALID_PARAMETER, "source", "'%s' is not a regular file.", path);
    ssize_t head = pread(fd, ret_ends->head, sizeof ret_ends->head, 0);
    ssize_t tail = st.st_size >= 512 ? pread(fd, ret_ends->tail, 512, st.st_size - 512) : 0;
    if (head < 0 || tail < 0)
        return io_fail(error, "read", path);
    ret_ends->head_length = (gsize)head;
    ret_ends->tail_length = (gsize)tail;
    return TRUE;
}

/* A hole stays a hole: images are mostly zeros. */
static gboolean
is_zero(const guint8 *bytes, gsize length)
{
    return length > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static gboolean
block_copy(int to, const guint8 *at, gsize length)
{
    if (is_zero(at, length))
        return lseek(to, (off_t)length, SEEK_CUR) >= 0;
    return fd_write_all(to, at, length);
}

static char *
copy_hashed(int from, int to, const char *source, const char *target, GError **error)
{
    g_autofree guint8 *block = g_malloc(COPY_BLOCK);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    ssize_t n;
    gboolean written = TRUE;

    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    while ((n = read(from, block, COPY_BLOCK)) > 0 && (written = block_copy(to, block, (gsize)n)))
        EVP_DigestUpdate(context, block, (size_t)n);
    EVP_DigestFinal_ex(context, digest, &length);
    EVP_MD_CTX_free(context);
    /* A hole at the end is there only once the length says so. */
    written = written && ftruncate(to, lseek(to, 0, SEEK_CUR)) == 0 && fsync(to) == 0;
    if (n < 0 || !written) {
        io_fail(error, n < 0 ? "read" : "write", n < 0 ? source : target);
        return NULL;
    }
    return hex_text(digest, length);
}

/* ---- a look by qemu-img, by a process that has nothing to lose ---- */

static gboolean
inspect(const char *path, ImageInfo *info, GError **error)
{
    const char *argv[] = { "qemu-img", "info", "--output=json", "-f", image_format_qemu(info->format), path, NULL };
    const RunLimits limits = { .memory_max = 2ull << 30, .cpu_s = 20, .file_max = 1, .uid = NOBODY, .gid = NOBODY };
    g_autofree char *output = NULL;

    g_autoptr(GError) problem = NULL;
    if (geteuid() == 0 && !path_reachable_by(path, NOBODY, NOBODY, &problem))
        return arm_fail(error, ARM_UNAVAILABLE, "state-dir", "%s", problem->message);
    if (!run_program(argv, &limits, &output, &problem)) {
        /* What stopped it was the host's lack, or else the image. */
        if (!g_error_matches(problem, ARM_ERROR, ARM_INTERNAL)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        return arm_fail(error, ARM_INVALID_PARAMETER, "source", "The image cannot be read as %s: %s",
                        image_format_text(info->format), problem->message);
    }
    g_autoptr(json_t) facts = json_parse(output, strlen(output), error);
    if (!facts)
        return FALSE;
    const json_t *size = json_object_get(facts, "virtual-size");
    if (json_object_get(facts, "backing-filename") || json_path(facts, "format-specific.data.data-file"))
        return arm_fail(error, ARM_INVALID_PARAMETER, "source",
                        "The image stands on another file (backing or data file); flatten it first "
                        "(qemu-img convert).");
    if (!json_is_integer(size) || json_integer_value(size) <= 0 || (guint64)json_integer_value(size) > VIRTUAL_MAX)
        return arm_fail(error, ARM_INVALID_PARAMETER, "source", "The image's virtual size is not from 1 byte to 4 TiB.");
    info->virtual_size = (guint64)json_integer_value(size);
    return TRUE;
}

static gboolean
checksum_check(ImageInfo *info, char *sha256, GError **error)
{
    if (info->sha256 && strcmp(info->sha256, sha256) != 0) {
        arm_fail(error, ARM_INVALID_PARAMETER, "sha256", "The image's SHA-256 is %s, its definition says %s.", sha256,
                 info->sha256);
        g_free(sha256);
        return FALSE;
    }
    g_free(info->sha256);
    info->sha256 = sha256;
    return TRUE;
}

static gboolean
look_at(int fd, const char *path, ImageFormat format, GError **error)
{
    Ends ends = { 0 };
    return ends_read(fd, path, &ends, error) &&
           image_probe(format, ends.head, ends.head_length, ends.tail, ends.tail_length, error);
}

/* An image that was cut short opens well: only its own tables tell that clusters lie beyond its
 * end. */
static gboolean
content_check(const char *path, ImageFormat format, GError **error)
{
    static const char *const formats[IMAGE_N_FORMATS] = { [IMAGE_QCOW2] = "qcow2" };
    const char *const argv[] = { "qemu-img", "check", "-q", "-f", formats[format], path, NULL };
    const RunLimits limits = { .memory_max = 2ull << 30, .cpu_s = 60, .file_max = 1, .uid = NOBODY, .gid = NOBODY };
    g_autoptr(GError) problem = NULL;
    if (!formats[format] || run_program(argv, &limits, NULL, &problem))
        return TRUE;
    return arm_fail(error, ARM_INVALID_PARAMETER, "source", "The qcow2 image is damaged, or was cut short: %s",
                    problem->message);
}

/* The copy is what counts, and it is looked at again: the source may change while it is read. */
static gboolean
copy_check(int fd, const char *path, char *sha256, ImageInfo *info, GError **error)
{
    return sha256 && checksum_check(info, sha256, error) && look_at(fd, path, info->format, error) &&
           (fchmod(fd, 0444) == 0 || io_fail(error, "set the mode of", path)) && inspect(path, info, error) &&
           content_check(path, info->format, error);
}

/* VMs may run on the file that is there: the same content never takes its place. */
static gboolean
copy_store(const char *temporary, const char *target, GError **error)
{
    if (g_file_test(target, G_FILE_TEST_EXISTS))
        return unlink(temporary) == 0 || io_fail(error, "remove", temporary);
    return rename(temporary, target) == 0 || io_fail(error, "write", target);
}

gboolean
image_import(const char *state_dir, const char *source, ImageInfo *info, char **ret_file, GError **error)
{
    AUTO_FD from = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (from < 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, "source", "The image file '%s' cannot be read: %s.", source,
                        g_strerror(errno));
    if (!look_at(from, source, info->format, error))
        return FALSE;

    /* What is here under its sum is not copied again: a start with the same folder costs little,
     * and needs no room. */
    g_autofree char *here = info->sha256 ? image_stored_path(state_dir, info) : NULL;
    if (here && g_file_test(here, G_FILE_TEST_IS_REGULAR)) {
        *ret_file = g_path_get_basename(here);
        return inspect(here, info, error);
    }

    g_autofree char *temporary = g_build_filename(state_dir, "images", IMAGE_IMPORT_PREFIX "XXXXXX", NULL);
    AUTO_FD to = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);
    if (to < 0)
        return io_fail(error, "write", temporary);
    char *sha256 = copy_hashed(from, to, source, temporary, error);
    gboolean ok = copy_check(to, temporary, sha256, info, error);
    g_autofree char *target = ok ? image_stored_path(state_dir, info) : NULL;
    if (!ok || !copy_store(temporary, target, error)) {
        unlink(temporary);
        return FALSE;
    }
    *ret_file = g_path_get_basename(target);
    return TRUE;
}

/* ---- folders ---- */

static ImageInfo *
definition_read(const char *path, GError **error)
{
    gsize length;
    g_autofree char *text = file_read(path, DEFINITION_MAX, &length, error);
    g_autoptr(json_t) definition = text ? json_parse(text, length, error) : NULL;
    ImageInfo *info = definition ? image_info_parse(definition, error) : NULL;
    if (!info && text)
        g_prefix_error(error, "%s: ", path);
    return info;
}

static gint
text_order(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
definitions_list(const char *folder, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &problem);
    const char *name;
    if (!dir) {
        arm_fail(error, ARM_INVALID_PARAMETER, "images", "The folder of images '%s': %s", folder, problem->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".json"))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, text_order);
    return names;
}

/* The same content that is stored already is not copied again. */
static gboolean
is_stored(const char *state_dir, ImageInfo *info, char **ret_file)
{
    if (!info->sha256)
        return FALSE;
    g_autofree char *path = image_stored_path(state_dir, info);
    if (!g_file_test(path, G_FILE_TEST_EXISTS) || !inspect(path, info, NULL))
        return FALSE;
    *ret_file = g_path_get_basename(path);
    return TRUE;
}

gboolean
image_import_folder(const char *state_dir, const char *folder,
                    gboolean (*each)(const ImageInfo *info, const char *stored_file, void *data, GError **error), void *data,
                    GError **error)
{
    g_autoptr(GPtrArray) names = definitions_list(folder, error);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, g_ptr_array_index(names, i), NULL);
        g_autofree char *stored = NULL;
        g_autoptr(ImageInfo) info = definition_read(path, error);
        if (!info)
            return FALSE;
        if (!info->file)
            return arm_fail(error, ARM_INVALID_PARAMETER, "file", "%s: the definition names no 'file'.", path);
        g_autofree char *source = g_build_filename(folder, info->file, NULL);
        if (!is_stored(state_dir, info, &stored) && !image_import(state_dir, source, info, &stored, error)) {
            g_prefix_error(error, "%s: ", source);
            return FALSE;
        }
        if (!each(info, stored, data, error))
            return FALSE;
    }
    return names != NULL;
}

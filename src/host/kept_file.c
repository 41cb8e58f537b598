#include "host/kept_file.h"

#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

/* qcow2.txt, "Header": the virtual size in bytes, big-endian. */
#define QCOW2_AT_SIZE 24
#define GIB_BITS      30
#define GIB_MOST      32767u

guint
kept_file_size(const char *path)
{
    guint64 bytes = 0;
    AUTO_FD fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || pread(fd, &bytes, sizeof bytes, QCOW2_AT_SIZE) != sizeof bytes)
        return 0;
    bytes = GUINT64_FROM_BE(bytes);
    guint64 gib = (bytes >> GIB_BITS) + ((bytes & ((G_GUINT64_CONSTANT(1) << GIB_BITS) - 1)) != 0 ? 1 : 0);
    return gib <= GIB_MOST ? (guint)gib : 0;
}

gboolean
kept_file_remove(const char *path, GError **error)
{
    return unlink(path) == 0 || errno == ENOENT || io_fail(error, "remove the kept disk", path);
}

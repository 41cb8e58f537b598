/* assess: what an upgrade to Trusted launch would cost this guest is looked up, and judged by the host. */
#include "guest/assess.h"

#include "base/guest_wire.h"
#include "guest/guest.h"
#include "guest/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* So that an answer stays below what the host takes. */
#define LINES_MAX 400u

/* ---- lines ---- */

/* One word, whatever it was. */
static void
field_add(Text *line, const char *value)
{
    char word[ASSESS_FIELD + 2] = " ";
    size_t n = 1;
    for (; *value && n <= ASSESS_FIELD; value++)
        word[n++] = *value > ' ' && *value <= '~' ? *value : '?';
    word[n] = '\0';
    text_add(line, n > 1 ? word : " -");
}

void
assess_tell(Assess *assess, const char *word, ...)
{
    char bytes[4 * ASSESS_FIELD + 64];
    Text line = TEXT_IN(bytes);
    va_list args;
    if (++assess->lines > LINES_MAX)
        return;
    text_add(&line, word);
    va_start(args, word);
    for (const char *value; (value = va_arg(args, const char *));)
        field_add(&line, value);
    va_end(args);
    text_add(&line, "\n");
    assess->broken = assess->broken || !say_text(bytes);
}

/* ---- files ---- */

int
assess_open(const Assess *assess, const char *dir, const char *name, const char *more)
{
    char path[ASSESS_PATH];
    Text text = TEXT_IN(path);
    text_add_all(&text, assess->root, dir, name, more, NULL);
    if (!text.full)
        return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    errno = ENAMETOOLONG;
    return -1;
}

size_t
assess_take(int fd, char *bytes, size_t max)
{
    size_t length = 0;
    for (ssize_t n; length < max && ((n = read(fd, bytes + length, max - length)) > 0 || (n < 0 && errno == EINTR));)
        length += n > 0 ? (size_t)n : 0;
    return length;
}

ssize_t
assess_read(const Assess *assess, const char *dir, const char *name, char *bytes, size_t max)
{
    const int fd = assess_open(assess, dir, name, "");
    if (fd < 0)
        return -1;
    const size_t length = assess_take(fd, bytes, max);
    close(fd);
    return (ssize_t)length;
}

bool
assess_is_there(const Assess *assess, const char *path)
{
    const int fd = assess_open(assess, path, "", "");
    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno == EACCES;
}

bool
names_open(const Assess *assess, const char *dir, Names *names)
{
    names->fd = assess_open(assess, dir, "", "/");
    names->at = names->length = 0;
    return names->fd >= 0;
}

const char *
names_next(Names *names)
{
    while (names->fd >= 0) {
        if (names->at >= names->length) {
            const long n = syscall(SYS_getdents64, names->fd, names->bytes, sizeof names->bytes);
            names->at = 0;
            names->length = n > 0 ? (size_t)n : 0;
            if (n <= 0)
                break;
        }
        const struct dirent64 *entry = (const void *)(names->bytes + names->at);
        names->at += entry->d_reclen;
        if (entry->d_name[0] != '.')
            return entry->d_name;
    }
    if (names->fd >= 0)
        close(names->fd);
    names->fd = -1;
    return NULL;
}

int
assess_main(char **argv)
{
    static Assess assess; /* zeroes, so that no byte of the program is spent on it */
    assess.root = "";
    if (argv[1] && strcmp(argv[1], "--root") == 0 && argv[2] && !argv[3])
        assess.root = argv[2];
    else if (argv[1])
        return say_usage("assess [--root DIR]");
    assess_tell(&assess, WIRE_ASSESSMENT, NULL);
    /* Modules last: what is lost for good is told even where they are many. */
    assess_bound(&assess);
    assess_boot(&assess);
    const bool cut = assess.lines > LINES_MAX;
    assess.lines = 0;
    if (cut)
        assess_tell(&assess, WIRE_UNSEEN, "rest", NULL);
    assess_tell(&assess, WIRE_END, NULL);
    return assess.broken ? GUEST_FAILED : GUEST_OK;
}

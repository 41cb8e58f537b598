#include "guest/guest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool
write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

bool
say(const void *bytes, size_t length)
{
    return write_all(STDOUT_FILENO, bytes, length);
}

bool
say_text(const char *text)
{
    return say(text, strlen(text));
}

void
say_aside(const char *text)
{
    write_all(STDERR_FILENO, text, strlen(text));
    write_all(STDERR_FILENO, "\n", 1);
}

int
say_usage(const char *usage)
{
    write_all(STDERR_FILENO, "usage: testudo-guest ", strlen("usage: testudo-guest "));
    say_aside(usage);
    return GUEST_USAGE;
}

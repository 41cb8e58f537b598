/* Debian builds BearSSL against glibc, with checks that musl has no names for (Linux Standard Base, "fortify"). Linked into the
 * musl program alone. */
#include <stddef.h>
#include <string.h>

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
void *__memmove_chk(void *to, const void *from, size_t n, size_t room);
void *__memset_chk(void *to, int byte, size_t n, size_t room);

static void
check(size_t n, size_t room)
{
    if (n > room)
        __builtin_trap();
}

void *
__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
    check(n, room);
    return memcpy(to, from, n);
}

void *
__memmove_chk(void *to, const void *from, size_t n, size_t room)
{
    check(n, room);
    return memmove(to, from, n);
}

void *
__memset_chk(void *to, int byte, size_t n, size_t room)
{
    check(n, room);
    return memset(to, byte, n);
}

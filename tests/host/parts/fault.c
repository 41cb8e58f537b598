#include "fault.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CRASHED 86
#define FAILED  87

static gint changes_left = -1; /* negative: no crash is due; changed by threads */

static void
change(void)
{
    if (g_atomic_int_get(&changes_left) >= 0 && g_atomic_int_add(&changes_left, -1) == 0)
        _exit(CRASHED);
}

/* What the linker puts in the place of the real ones. */
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __real_unlinkat(int parent, const char *name, int flags);
int __wrap_unlinkat(int parent, const char *name, int flags);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int
__wrap_rename(const char *from, const char *to)
{
    change();
    return __real_rename(from, to);
}

int
__wrap_unlink(const char *path)
{
    change();
    return __real_unlink(path);
}

int
__wrap_unlinkat(int parent, const char *name, int flags)
{
    change();
    return __real_unlinkat(parent, name, flags);
}

int
__wrap_fsync(int fd)
{
    change();
    return __real_fsync(fd);
}

gboolean
fault_crash_at(guint k, gboolean (*body)(void *data), void *data)
{
    int status;
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        g_atomic_int_set(&changes_left, (gint)k);
        _exit(body(data) ? 0 : FAILED);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CRASHED);
    return WEXITSTATUS(status) == CRASHED;
}

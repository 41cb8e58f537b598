#include "host/child.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define STACK (64u << 10)

typedef struct {
    int (*run)(void *data);
    void *data;
    sigset_t mask;
} Child;

/* A handler of ours that ran here would run in the parent's memory, behind its back. */
static void
handlers_reset(void)
{
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL)
            continue;
        action = (struct sigaction){ .sa_handler = SIG_DFL };
        sigaction(number, &action, NULL);
    }
}

static int
child_begin(void *data)
{
    const Child *child = data;
    handlers_reset();
    sigprocmask(SIG_SETMASK, &child->mask, NULL);
    return child->run(child->data);
}

pid_t
child_start(int (*run)(void *data), void *data)
{
    _Alignas(16) char stack[STACK];
    Child child = { .run = run, .data = data };
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &child.mask);
    int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    pid_t pid = clone(child_begin, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
    int saved = errno;
    pthread_sigmask(SIG_SETMASK, &child.mask, NULL);
    /* What ran there ended in exec: no function of it took back the marks that it had set on its frames. */
    ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack);
    /* At its change of user the kernel closed the memory, which is ours too, to debuggers and core dumps. */
    if (dumpable == 1)
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    errno = saved;
    return pid;
}

int
child_user_set(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups)
{
    if (syscall(SYS_setgroups, n_groups, groups) != 0 || syscall(SYS_setresgid, gid, gid, gid) != 0)
        return -1;
    return syscall(SYS_setresuid, uid, uid, uid) != 0 ? -1 : 0;
}

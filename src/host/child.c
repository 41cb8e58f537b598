#include "host/child.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK (64u << 10)

pid_t
child_start(int (*run)(void *data), void *data)
{
    _Alignas(16) char stack[STACK];
    int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    pid_t pid = clone(run, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, data);
    /* At its change of user the kernel closed the memory, which is ours too, to debuggers and core
     * dumps. */
    if (dumpable == 1)
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return pid;
}

int
child_user_set(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups)
{
    if (syscall(SYS_setgroups, n_groups, groups) != 0 || syscall(SYS_setresgid, gid, gid, gid) != 0)
        return -1;
    return syscall(SYS_setresuid, uid, uid, uid) != 0 ? -1 : 0;
}

/* host/child.h: a child process that runs in our memory until it has become its program.
 *
 * A fork copies the page tables, and afterwards page after page that we write to: that takes longer than most programs that are
 * run here. So the child borrows our memory, and the thread that asks waits until the child has it no more. */
#pragma once

#include <sys/types.h>

#define CHILD_NOT_RUN 127

/* Its id, or -1 with errno. In the child run() ends in exec, or returns its exit status (CHILD_NOT_RUN). It may not allocate or
 * lock (another thread may hold the lock), nor change what we read. It has a stack of 64 KiB. */
pid_t child_start(int (*run)(void *data), void *data);

/* In the child: becomes another user, with these further groups only. By system calls, because the C library's functions do so
 * in every thread that they know, and these are ours. -1 with errno. */
int child_user_set(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups);

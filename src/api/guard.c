#include "api/guard.h"

#include <sys/socket.h>

#define NEVER G_MAXINT64

struct Watched {
    int fd;
    gint64 until; /* atomic; monotonic time */
    GList link;   /* in Guard.all; data is the entry itself */
};

struct Guard {
    gint64 limit_usec;
    GMutex lock; /* of `all` and `ends` */
    GCond wake;
    GQueue all;
    gboolean ends;
    GThread *thread;
};

static void
overdue_shut(Guard *guard)
{
    gint64 now = g_get_monotonic_time();
    for (GList *link = guard->all.head; link; link = link->next) {
        Watched *watched = link->data;
        if (__atomic_load_n(&watched->until, __ATOMIC_RELAXED) > now)
            continue;
        /* The server sees an end of input and closes it itself. */
        shutdown(watched->fd, SHUT_RDWR);
        __atomic_store_n(&watched->until, NEVER, __ATOMIC_RELAXED);
    }
}

static gpointer
guard_run(gpointer data)
{
    Guard *guard = data;
    g_mutex_lock(&guard->lock);
    while (!guard->ends) {
        overdue_shut(guard);
        g_cond_wait_until(&guard->wake, &guard->lock, g_get_monotonic_time() + guard->limit_usec / 8);
    }
    g_mutex_unlock(&guard->lock);
    return NULL;
}

Guard *
guard_new(gint64 limit_usec)
{
    Guard *guard = g_new0(Guard, 1);
    guard->limit_usec = limit_usec;
    g_mutex_init(&guard->lock);
    g_cond_init(&guard->wake);
    g_queue_init(&guard->all);
    guard->thread = g_thread_new("http-guard", guard_run, guard);
    return guard;
}

void
guard_free(Guard *guard)
{
    if (!guard)
        return;
    g_mutex_lock(&guard->lock);
    g_assert(g_queue_is_empty(&guard->all));
    guard->ends = TRUE;
    g_cond_signal(&guard->wake);
    g_mutex_unlock(&guard->lock);
    g_thread_join(guard->thread);
    g_mutex_clear(&guard->lock);
    g_cond_clear(&guard->wake);
    g_free(guard);
}

Watched *
guard_watch(Guard *guard, int fd)
{
    Watched *watched = g_new0(Watched, 1);
    watched->fd = fd;
    watched->link.data = watched;
    guard_resume(guard, watched);
    g_mutex_lock(&guard->lock);
    g_queue_push_tail_link(&guard->all, &watched->link);
    g_mutex_unlock(&guard->lock);
    return watched;
}

void
guard_unwatch(Guard *guard, Watched *watched)
{
    g_mutex_lock(&guard->lock);
    g_queue_unlink(&guard->all, &watched->link);
    g_mutex_unlock(&guard->lock);
    g_free(watched);
}

void
guard_pause(Watched *watched)
{
    __atomic_store_n(&watched->until, NEVER, __ATOMIC_RELAXED);
}

void
guard_resume(Guard *guard, Watched *watched)
{
    __atomic_store_n(&watched->until, g_get_monotonic_time() + guard->limit_usec, __ATOMIC_RELAXED);
}

#include "host/qemu/vtpm_stock.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define STOCK_FOLDER "vtpm-ahead"
#define MAKING       ".new"
/* The programs inherit it: a VM that starts meanwhile comes first. Not the lowest there is, because
 * the CA's lock is held in it. */
#define NICENESS 10
/* Who takes one is about to start a VM: that comes first. */
#define REFILL_AFTER G_TIME_SPAN_SECOND
/* What went wrong (a full disk, a broken CA) is tried again this much later. */
#define RETRY_AFTER (60 * G_TIME_SPAN_SECOND)

struct VtpmStock {
    char *folder;
    VtpmMaker *maker;
    guint size;
    GThread *filler;
    GMutex lock;
    GCond changed;
    GQueue ready; /* of char*: names in the folder; under the lock, as is what follows */
    gboolean closing;
};

/* One that was made by other settings goes: it is nobody's yet. */
static gboolean
is_as_made_now(const VtpmStock *stock, const char *name, const char *path)
{
    return g_uuid_string_is_valid(name) && vtpm_is_as_made_now(stock->maker, path);
}

/* What is half made goes; the rest is stock. A program that outlived a killed daemon may still
 * write to one that goes: what then stays of it goes at the next start, and its name is never used
 * again. */
static gboolean
stock_read(VtpmStock *stock, GError **error)
{
    const char *name;
    if (!folder_make(stock->folder, error))
        return FALSE;
    g_autoptr(GDir) dir = g_dir_open(stock->folder, 0, error);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = folder_file(stock->folder, name);
        if (is_as_made_now(stock, name, path))
            g_queue_push_tail(&stock->ready, g_strdup(name));
        else if (g_uuid_string_is_valid(name) || g_str_has_suffix(name, MAKING))
            folder_remove(path, NULL);
    }
    return dir != NULL;
}

static gboolean
one_make(const VtpmStock *stock, const char *name, GError **error)
{
    g_autofree char *path = folder_file(stock->folder, name);
    g_autofree char *making = g_strconcat(path, MAKING, NULL);
    return vtpm_make(stock->maker, making, /* uid= */ 0, /* gid= */ 0, error) &&
           (rename(making, path) == 0 || io_fail(error, "make", path));
}

/* Under the lock. */
static void
pause_for(VtpmStock *stock, GTimeSpan span)
{
    gint64 until = g_get_monotonic_time() + span;
    while (!stock->closing && g_cond_wait_until(&stock->changed, &stock->lock, until))
        ;
}

/* Under the lock, which is let go while one is made. */
static void
one_add(VtpmStock *stock)
{
    g_autofree char *name = g_uuid_string_random();
    g_autoptr(GError) error = NULL;

    g_mutex_unlock(&stock->lock);
    gboolean ok = one_make(stock, name, &error);
    g_mutex_lock(&stock->lock);
    if (ok) {
        g_queue_push_tail(&stock->ready, g_steal_pointer(&name));
        return;
    }
    g_warning("no vTPM is made ahead: %s", error->message);
    pause_for(stock, RETRY_AFTER);
}

static gpointer
fill(gpointer data)
{
    VtpmStock *stock = data;
    /* On Linux a thread's own, and that of the processes it makes. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    g_mutex_lock(&stock->lock);
    while (!stock->closing) {
        if (stock->ready.length < stock->size) {
            one_add(stock);
            continue;
        }
        g_cond_wait(&stock->changed, &stock->lock);
        pause_for(stock, REFILL_AFTER);
    }
    g_mutex_unlock(&stock->lock);
    return NULL;
}

VtpmStock *
vtpm_stock_new(const char *state_dir, VtpmMaker *maker, guint size, GError **error)
{
    VtpmStock *stock = g_new0(VtpmStock, 1);
    stock->folder = folder_file(state_dir, STOCK_FOLDER);
    stock->maker = maker;
    stock->size = size;
    g_mutex_init(&stock->lock);
    g_cond_init(&stock->changed);
    g_queue_init(&stock->ready);
    if (stock_read(stock, error)) {
        stock->filler = g_thread_new("vtpm-ahead", fill, stock);
        return stock;
    }
    vtpm_stock_free(stock);
    return NULL;
}

void
vtpm_stock_free(VtpmStock *stock)
{
    if (!stock)
        return;
    g_mutex_lock(&stock->lock);
    stock->closing = TRUE;
    g_cond_signal(&stock->changed);
    g_mutex_unlock(&stock->lock);
    if (stock->filler)
        g_thread_join(stock->filler);
    g_queue_clear_full(&stock->ready, g_free);
    g_cond_clear(&stock->changed);
    g_mutex_clear(&stock->lock);
    g_free(stock->folder);
    g_free(stock);
}

gboolean
vtpm_stock_take(VtpmStock *stock, const char *folder, guint uid, guint gid, GError **error)
{
    g_mutex_lock(&stock->lock);
    g_autofree char *name = g_queue_pop_head(&stock->ready);
    g_cond_signal(&stock->changed);
    g_mutex_unlock(&stock->lock);
    if (!name)
        return FALSE;
    g_autofree char *path = folder_file(stock->folder, name);
    if (rename(path, folder) != 0)
        return io_fail(error, "take", path);
    return folder_give(folder, uid, gid, error);
}

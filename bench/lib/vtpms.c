/* Manufactures vTPMs with the host driver's own code, so many at a time, and prints how long all of it took, as JSON. */
#include "base/error.h"
#include "host/qemu/vtpm.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    VtpmMaker *maker;
    const char *folder;
    gint left; /* atomic */
} Work;

static void
make_one(Work *work, gint number)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("vtpm%d", number), *path = g_build_filename(work->folder, name, NULL);
    if (!vtpm_make(work->maker, path, 0, 0, &error))
        g_error("%s", error->message);
}

static gpointer
worker(gpointer data)
{
    Work *work = data;
    gint number;
    while ((number = g_atomic_int_add(&work->left, -1)) > 0)
        make_one(work, number);
    return NULL;
}

int
main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: vtpms FOLDER COUNT AT-A-TIME\n", stderr);
        return 2;
    }
    g_autoptr(GError) error = NULL;
    const gint count = atoi(argv[2]), threads = atoi(argv[3]);
    Work work = { .maker = vtpm_maker_new(argv[1], NULL, NULL, /* state_key= */ NULL, /* authority= */ NULL, &error),
                  .folder = argv[1] };
    if (!work.maker)
        g_error("%s", error->message);
    /* The CA makes its own keys at its first use; nobody is charged for that. */
    make_one(&work, 0);
    work.left = count;
    const gint64 began = g_get_monotonic_time();
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (gint i = 0; i < threads; i++)
        g_ptr_array_add(all, g_thread_new("vtpm", worker, &work));
    for (guint i = 0; i < all->len; i++)
        g_thread_join(g_ptr_array_index(all, i));
    printf("{\"per_s\": %.3f}\n", count * (double)G_USEC_PER_SEC / (double)(g_get_monotonic_time() - began));
    vtpm_maker_free(work.maker);
    return 0;
}

/* The simulation's command line, and the seeds shared out among processes. */
#include "disk.h"
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define USAGE                                                                                                                  \
    "simulation --seeds FROM-TO [--jobs N]   runs these seeds, on N processes (all processors)\n"                              \
    "simulation --seed N [--trace]           runs one; --trace tells each step\n"

/* Shared with the workers. */
typedef struct {
    guint64 next; /* the seed that is taken next */
    guint64 to;   /* the last one */
    guint64 failed;
    guint64 in_hand[]; /* of each worker */
} Board;

static void
seed_report(Board *board, guint64 seed)
{
    g_autofree char *story = seed_run(seed, /* print= */ FALSE);
    if (!story)
        return;
    __atomic_add_fetch(&board->failed, 1, __ATOMIC_RELAXED);
    /* In one piece, so that the stories of two workers do not mix. */
    fputs(story, stdout);
    fflush(stdout);
}

static void
worker_run(Board *board, guint worker)
{
    for (;;) {
        guint64 seed = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED);
        if (seed > board->to)
            _exit(0);
        board->in_hand[worker] = seed;
        seed_report(board, seed);
    }
}

static pid_t
worker_start(Board *board, guint worker)
{
    pid_t pid = fork();
    if (pid == 0)
        worker_run(board, worker);
    if (pid < 0)
        g_error("cannot fork: %s", g_strerror(errno));
    return pid;
}

/* A worker that dies has found something too; another one goes on behind it. */
static void
workers_wait(Board *board, pid_t *workers, guint jobs)
{
    for (guint left = jobs; left > 0;) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        guint worker = 0;
        if (pid < 0)
            g_error("cannot wait: %s", g_strerror(errno));
        while (worker < jobs && workers[worker] != pid)
            worker++;
        if (worker == jobs)
            continue;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            left--;
            continue;
        }
        board->failed++;
        printf("seed %" G_GUINT64_FORMAT ": the program ended (%s %d)\n", board->in_hand[worker],
               WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        fflush(stdout);
        workers[worker] = worker_start(board, worker);
    }
}

static int
seeds_run(guint64 from, guint64 to, guint jobs)
{
    gsize size = sizeof(Board) + jobs * sizeof(guint64);
    gint64 began = g_get_monotonic_time();
    Board *board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        g_error("cannot map %zu bytes: %s", size, g_strerror(errno));
    g_autofree pid_t *workers = g_new0(pid_t, jobs);
    board->next = from;
    board->to = to;
    for (guint i = 0; i < jobs; i++)
        workers[i] = worker_start(board, i);
    workers_wait(board, workers, jobs);
    guint64 failed = board->failed;
    munmap(board, size);
    printf("%" G_GUINT64_FORMAT " seeds, %" G_GUINT64_FORMAT " failed, %.1f s\n", to - from + 1, failed,
           (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
    return failed == 0 ? 0 : 1;
}

static int
seed_alone(guint64 seed, gboolean trace)
{
    g_autofree char *story = seed_run(seed, trace);
    if (story)
        fputs(story, stdout);
    else
        printf("seed %" G_GUINT64_FORMAT ": well\n", seed);
    return story ? 1 : 0;
}

static gboolean
range_read(const char *text, guint64 *ret_from, guint64 *ret_to)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    return g_strv_length(ends) == 2 && g_ascii_string_to_unsigned(ends[0], 10, 0, G_MAXINT64, ret_from, NULL) &&
           g_ascii_string_to_unsigned(ends[1], 10, *ret_from, G_MAXINT64, ret_to, NULL);
}

/* The product warns of a store that fails, once for each failure at most. */
static gboolean
is_of_disk(const GLogField *fields, gsize n_fields)
{
    static const char *const beginnings[] = { "the store refused a pass", "upkeep failed", "change records are written later",
                                              "baselines could not be looked through", "answered 500: The store" };
    static guint told;
    for (gsize i = 0; i < n_fields; i++) {
        for (guint k = 0; k < G_N_ELEMENTS(beginnings); k++) {
            if (strcmp(fields[i].key, "MESSAGE") == 0 && g_str_has_prefix(fields[i].value, beginnings[k]))
                return ++told <= disk_failures();
        }
    }
    return FALSE;
}

/* What nobody expects to be logged is a finding. */
static GLogWriterOutput
log_write(GLogLevelFlags level, const GLogField *fields, gsize n_fields, void *data)
{
    if ((level & G_LOG_LEVEL_MASK) > G_LOG_LEVEL_WARNING || is_of_disk(fields, n_fields))
        return G_LOG_WRITER_HANDLED;
    g_log_writer_standard_streams(level, fields, n_fields, data);
    abort();
}

int
main(int argc, char **argv)
{
    g_autofree char *seeds = NULL;
    gint64 seed = -1;
    int jobs = 0;
    gboolean trace = FALSE;
    const GOptionEntry entries[] = {
        { "seeds", 0, 0, G_OPTION_ARG_STRING, &seeds, NULL, NULL }, { "jobs", 0, 0, G_OPTION_ARG_INT, &jobs, NULL, NULL },
        { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, NULL, NULL },    { "trace", 0, 0, G_OPTION_ARG_NONE, &trace, NULL, NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    guint64 from, to;

    g_log_set_writer_func(log_write, NULL, NULL);
    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc > 1 || (seeds != NULL) == (seed >= 0) || jobs < 0 ||
        (seeds && trace)) {
        fprintf(stderr, "%s%s" USAGE, error ? error->message : "", error ? "\n" : "");
        return 2;
    }
    if (!seeds)
        return seed_alone((guint64)seed, trace);
    if (!range_read(seeds, &from, &to)) {
        fputs("--seeds takes FROM-TO, such as 1-200\n" USAGE, stderr);
        return 2;
    }
    return seeds_run(from, to, jobs > 0 ? (guint)jobs : g_get_num_processors());
}

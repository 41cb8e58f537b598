#include "host/qemu/handler.h"

#include "host/qemu/placer.h"

/* Where it cannot be run anywhere it is not put there again with every question. */
#define REST (60 * USEC_PER_SEC)

typedef struct {
    char **argv;
    UnixTime deadline;
    guint timer;
    HostExecDone done;
    void *data;
    Handler *handler;
} Run;

/* One question to the agent. It may outlive the handler, which then has no use for the answer. */
typedef struct {
    Handler *handler;
} Ask;

struct Handler {
    Qga *qga;
    Clock *clock;
    Placer *placer;
    GQueue runs;      /* of Run: not told yet */
    Run *current;     /* the one of these that is being run; NULL while none is */
    Ask *ask;         /* a run's, under way */
    gboolean placing; /* and no run is */
    char *file;       /* where it was put; NULL: nowhere, or that is not known any more */
    gboolean fresh;   /* it has not run since: where it does not run now, it never will */
    UnixTime rest;    /* until then no place will do */
};

static void next_begin(Handler *self);

/* ---- runs ---- */

static void
run_free(Run *run)
{
    g_strfreev(run->argv);
    g_free(run);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Run, run_free)

static void
run_tell(Run *run, int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const GError *error)
{
    Handler *self = run->handler;
    if (run->timer)
        self->clock->timer_remove(self->clock, run->timer);
    g_queue_remove(&self->runs, run);
    if (self->current == run)
        self->current = NULL;
    run->done(exit_code, out, out_length, err, err_length, error, run->data);
    run_free(run);
}

/* Of nobody: its time was over. */
G_GNUC_PRINTF(3, 4)
static void
run_fail(Run *run, ArmCode code, const char *format, ...)
{
    g_autoptr(GError) error = NULL;
    if (!run)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    arm_fail(&error, code, NULL, "%s", message);
    run_tell(run, -1, "", 0, "", 0, error);
}

/* What is under way in the guest for it goes on to its own end, and only then the next begins. */
static void
on_deadline(void *data)
{
    Run *run = data;
    run->timer = 0;
    run_fail(run, ARM_GUEST_RUN_FAILED, "testudo-guest did not end in time.");
}

static Run *
first(Handler *self)
{
    return self->current ? self->current : g_queue_peek_head(&self->runs);
}

static void
fail_by(Handler *self, const QgaError *error)
{
    Run *run = first(self);
    switch (error->fault) {
    case QGA_FORBIDDEN:
        run_fail(run, ARM_GUEST_AGENT_RESTRICTED,
                 "The guest does not let its agent do what is needed (guest-exec, guest-exec-status, guest-file-open, -read, "
                 "-write and -close): see its configuration of qemu-guest-agent. The agent's words: %s",
                 error->text);
        return;
    case QGA_SILENT:
        run_fail(run, ARM_OPERATION_NOT_ALLOWED, "The guest agent does not answer.");
        return;
    case QGA_TIMED_OUT:
        run_fail(run, ARM_GUEST_RUN_FAILED, "testudo-guest did not end in time.");
        return;
    case QGA_ENDED:
    case QGA_REFUSED:
        run_fail(run, ARM_OPERATION_NOT_ALLOWED, "%s", error->text);
        return;
    }
}

/* ---- running ---- */

static void
file_set(Handler *self, const char *file)
{
    g_free(self->file);
    self->file = g_strdup(file);
    self->fresh = file != NULL;
}

/* Where nobody waits any more too: half a file is no use, and one left open a loss. */
static void
on_placed(const char *file, const QgaError *error, void *data)
{
    Handler *self = data;
    self->placing = FALSE;
    file_set(self, file);
    if (error)
        fail_by(self, error);
    else if (!file)
        self->rest = self->clock->now(self->clock) + REST;
    next_begin(self);
}

/* It could not be started: gone since the last time, or not to be run from there. */
static void
not_started(Handler *self, const char *words)
{
    self->current = NULL;
    self->placing = TRUE;
    if (self->fresh)
        placer_put_elsewhere(self->placer, words);
    else
        placer_put(self->placer);
}

static void
on_run(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const QgaError *error, void *data)
{
    g_autofree Ask *ask = data;
    Handler *self = ask->handler;
    if (!self)
        return;
    self->ask = NULL;
    if (error && error->fault == QGA_REFUSED) {
        not_started(self, error->text);
        return;
    }
    self->fresh = FALSE;
    /* Whether it is there when the agent is back is not known. */
    if (error && error->fault != QGA_TIMED_OUT)
        file_set(self, NULL);
    if (!self->current)
        ; /* Its time was over. */
    else if (error)
        fail_by(self, error);
    else if (out_length > HOST_GUEST_OUT_MAX || err_length > HOST_GUEST_OUT_MAX)
        run_fail(self->current, ARM_GUEST_RUN_FAILED, "testudo-guest said more than %u bytes.", HOST_GUEST_OUT_MAX);
    else
        run_tell(self->current, exit_code, out, out_length, err, err_length, NULL);
    next_begin(self);
}

static void
program_run(Handler *self)
{
    const Run *run = self->current = g_queue_peek_head(&self->runs);
    const gint64 left = run->deadline - self->clock->now(self->clock);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, self->file);
    for (char **arg = run->argv; *arg; arg++)
        g_ptr_array_add(argv, *arg);
    g_ptr_array_add(argv, NULL);
    self->ask = g_new0(Ask, 1);
    self->ask->handler = self;
    qga_exec(self->qga, (const char *const *)argv->pdata, NULL, MAX(left, 0), on_run, self->ask);
}

/* ---- one after the other ---- */

static void
rest_tell(Handler *self)
{
    g_autofree char *why_not = self->runs.head ? placer_why_not(self->placer) : NULL;
    while (self->runs.head)
        run_fail(self->runs.head->data, ARM_GUEST_RUN_FAILED, "testudo-guest cannot be run in this guest, %s.", why_not);
}

static void
next_begin(Handler *self)
{
    if (self->clock->now(self->clock) < self->rest)
        rest_tell(self);
    if (self->placing || self->ask || g_queue_is_empty(&self->runs))
        return;
    if (self->file) {
        program_run(self);
        return;
    }
    self->placing = TRUE;
    placer_put(self->placer);
}

Handler *
handler_new(Qga *qga, Clock *clock, GBytes *program)
{
    Handler *self = g_new0(Handler, 1);
    self->qga = qga;
    self->clock = clock;
    self->placer = placer_new(qga, program, on_placed, self);
    g_queue_init(&self->runs);
    return self;
}

void
handler_free(Handler *self)
{
    if (!self)
        return;
    if (self->ask)
        self->ask->handler = NULL;
    while (self->runs.head)
        run_fail(self->runs.head->data, ARM_OPERATION_NOT_ALLOWED, "The VM ended, or booted anew, before testudo-guest had.");
    placer_free(self->placer);
    g_free(self->file);
    g_free(self);
}

void
handler_run(Handler *self, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data)
{
    if (self->runs.length >= HOST_GUEST_QUEUE_MAX) {
        g_autoptr(GError) error = NULL;
        arm_fail(&error, ARM_TOO_MANY_REQUESTS, NULL, "%u commands of testudo-guest wait for this VM already.",
                 HOST_GUEST_QUEUE_MAX);
        done(-1, "", 0, "", 0, error, data);
        return;
    }
    Run *run = g_new0(Run, 1);
    run->handler = self;
    run->argv = g_strdupv((char **)argv);
    run->done = done;
    run->data = data;
    run->deadline = self->clock->now(self->clock) + timeout_usec;
    run->timer = self->clock->timer_add(self->clock, run->deadline, on_deadline, run);
    g_queue_push_tail(&self->runs, run);
    next_begin(self);
}

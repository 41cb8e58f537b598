#include "host/qemu/handler.h"

#include <string.h>

/* Of the program, in one guest-file-write. */
#define CHUNK          (48u << 10)
#define HELPER_TIMEOUT (10 * USEC_PER_SEC)
/* Where it cannot be run anywhere it is not put there again with every question. */
#define REST (60 * USEC_PER_SEC)

static const char *const places[] = HANDLER_PLACES;
#define N_PLACES G_N_ELEMENTS(places)

/* What is asked of the agent next. */
typedef enum { LOOK, LOOK_READ, LOOK_CLOSE, FOLDER, REMOVE, OPEN, WRITE, CLOSE, MODE, RUN } Step;

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
    GBytes *program;
    GQueue runs;  /* of Run: not told yet */
    Run *current; /* the one of these that is being run; NULL while none is */
    Ask *ask;     /* under way */
    Step step;
    guint place;
    gboolean there;   /* it was put at `place`, or found there, and made executable */
    gboolean fresh;   /* and has not run since: where it does not run now, it never will */
    gboolean written; /* by this placing: what LOOK finds is what was written */
    gboolean same;    /* what LOOK_READ found */
    gint64 file;      /* the agent's number of an open file */
    gsize at;         /* bytes written */
    char *why_not;    /* why the last place would not do */
    UnixTime rest;    /* until then no place will do */
};

static void step_take(Handler *self, Step step);
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

/* ---- placing ---- */

static void
placing_begin(Handler *self, guint place)
{
    self->there = self->fresh = self->written = FALSE;
    self->place = place;
    step_take(self, LOOK);
}

static void
why_not_set(Handler *self, const char *words)
{
    g_free(self->why_not);
    self->why_not = g_strdup(words);
}

/* For what why_not says. */
static void
place_give_up(Handler *self)
{
    if (self->place + 1 < N_PLACES) {
        placing_begin(self, self->place + 1);
        return;
    }
    self->there = FALSE;
    self->rest = self->clock->now(self->clock) + REST;
    next_begin(self);
}

static gboolean
bytes_are_program(const Handler *self, const json_t *result)
{
    const char *base64 = json_member_text(result, "buf-b64");
    gsize length = 0, size;
    const void *program = g_bytes_get_data(self->program, &size);
    g_autofree guchar *bytes = base64 && *base64 ? g_base64_decode(base64, &length) : NULL;
    return bytes && length == size && memcmp(bytes, program, size) == 0;
}

static gboolean
file_take(Handler *self, const json_t *result)
{
    self->file = json_integer_value(result);
    return json_is_integer(result);
}

static void
look_ended(Handler *self)
{
    if (self->same || !self->written) {
        step_take(self, self->same ? MODE : FOLDER);
        return;
    }
    why_not_set(self, "what was written there is not what is read");
    place_give_up(self);
}

static void
write_more(Handler *self, const json_t *result)
{
    const json_int_t count = json_integer_value(json_object_get(result, "count"));
    const gsize left = g_bytes_get_size(self->program) - self->at;
    const gboolean taken = count > 0 && (gsize)count <= MIN(left, CHUNK);
    self->at += taken ? (gsize)count : 0;
    step_take(self, taken && (gsize)count < left ? WRITE : CLOSE);
}

/* The agent did what was asked. */
static void
step_done(Handler *self, const json_t *result)
{
    switch (self->step) {
    case LOOK:
        self->same = FALSE;
        step_take(self, file_take(self, result) ? LOOK_READ : FOLDER);
        return;
    case LOOK_READ:
        self->same = bytes_are_program(self, result);
        step_take(self, LOOK_CLOSE);
        return;
    case LOOK_CLOSE:
        look_ended(self);
        return;
    case OPEN:
        self->at = 0;
        why_not_set(self, "the agent wrote less than it was given");
        step_take(self, file_take(self, result) ? WRITE : CLOSE);
        return;
    case WRITE:
        write_more(self, result);
        return;
    case CLOSE:
        self->written = TRUE;
        if (self->at == g_bytes_get_size(self->program))
            step_take(self, LOOK);
        else
            place_give_up(self);
        return;
    case FOLDER:
    case REMOVE:
    case MODE:
    case RUN:
        g_assert_not_reached();
    }
}

/* The agent says that it could not: something is not as it should be at this place. */
static void
step_refused(Handler *self, const char *words)
{
    why_not_set(self, words);
    switch (self->step) {
    case LOOK:
        if (self->written)
            place_give_up(self);
        else
            step_take(self, FOLDER);
        return;
    case LOOK_READ:
        self->same = FALSE;
        step_take(self, LOOK_CLOSE);
        return;
    case LOOK_CLOSE:
        look_ended(self);
        return;
    case WRITE:
        step_take(self, CLOSE);
        return;
    case RUN:
        /* Gone since the last time, or not to be run from there. */
        if (self->fresh)
            place_give_up(self);
        else
            placing_begin(self, 0);
        return;
    case FOLDER:
    case REMOVE:
    case OPEN:
    case CLOSE:
    case MODE:
        place_give_up(self);
        return;
    }
}

/* ---- asking ---- */

/* NULL: it is gone. Placing goes on where nobody waits any more: half a file is no use, and one left open a loss. */
static Handler *
answered(void *data)
{
    g_autofree Ask *ask = data;
    if (ask->handler)
        ask->handler->ask = NULL;
    return ask->handler;
}

/* FALSE: it was told, and the next has begun. */
static gboolean
goes_on(Handler *self, const QgaError *error)
{
    if (!error || error->fault == QGA_REFUSED)
        return TRUE;
    /* Whether it is there when the agent is back is not known. */
    self->there = FALSE;
    fail_by(self, error);
    next_begin(self);
    return FALSE;
}

static void
on_command(const json_t *result, const QgaError *error, void *data)
{
    Handler *self = answered(data);
    if (!self || !goes_on(self, error))
        return;
    if (error)
        step_refused(self, error->text);
    else
        step_done(self, result);
}

static void
on_helper(int exit_code, const char *out G_GNUC_UNUSED, gsize out_length G_GNUC_UNUSED, const char *err,
          gsize err_length G_GNUC_UNUSED, const QgaError *error, void *data)
{
    static const Step next[] = { [FOLDER] = REMOVE, [REMOVE] = OPEN };
    Handler *self = answered(data);
    if (!self || !goes_on(self, error))
        return;
    if (error || exit_code != 0) {
        g_autofree char *words = error ? g_strdup(error->text) : g_strdup_printf("%.200s", *err ? err : "a command failed");
        g_strchomp(words);
        step_refused(self, words);
        return;
    }
    if (self->step == MODE) {
        self->there = self->fresh = TRUE;
        next_begin(self);
        return;
    }
    step_take(self, next[self->step]);
}

static void
on_run(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const QgaError *error, void *data)
{
    Handler *self = answered(data);
    if (!self || (!(error && error->fault == QGA_TIMED_OUT) && !goes_on(self, error)))
        return;
    if (error && error->fault == QGA_REFUSED) {
        self->current = NULL;
        step_refused(self, error->text);
        return;
    }
    self->fresh = FALSE;
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

static Ask *
ask_new(Handler *self)
{
    Ask *ask = g_new0(Ask, 1);
    ask->handler = self;
    self->ask = ask;
    return ask;
}

static void
file_command(Handler *self, const char *name, json_t *arguments)
{
    qga_command(self->qga, name, arguments, on_command, ask_new(self));
}

static void
helper_run(Handler *self, const char *const *argv)
{
    qga_exec(self->qga, argv, NULL, HELPER_TIMEOUT, on_helper, ask_new(self));
}

static void
program_run(Handler *self, const char *file)
{
    const Run *run = self->current = g_queue_peek_head(&self->runs);
    const gint64 left = run->deadline - self->clock->now(self->clock);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, (char *)file);
    for (char **arg = run->argv; *arg; arg++)
        g_ptr_array_add(argv, *arg);
    g_ptr_array_add(argv, NULL);
    qga_exec(self->qga, (const char *const *)argv->pdata, NULL, MAX(left, 0), on_run, ask_new(self));
}

static json_t *
chunk_arguments(const Handler *self)
{
    gsize size;
    const guchar *program = g_bytes_get_data(self->program, &size);
    g_autofree char *base64 = g_base64_encode(program + self->at, MIN(size - self->at, CHUNK));
    return json_pack("{sI ss}", "handle", (json_int_t)self->file, "buf-b64", base64);
}

static void
step_take(Handler *self, Step step)
{
    const char *folder = places[self->place];
    g_autofree char *file = g_strdup_printf("%s/%s", folder, HANDLER_NAME);
    const json_int_t handle = self->file;
    self->step = step;
    switch (step) {
    case LOOK:
        file_command(self, "guest-file-open", json_pack("{ss ss}", "path", file, "mode", "r"));
        return;
    case LOOK_READ: {
        /* One more than there should be. */
        const json_int_t count = (json_int_t)g_bytes_get_size(self->program) + 1;
        file_command(self, "guest-file-read", json_pack("{sI sI}", "handle", handle, "count", count));
        return;
    }
    case LOOK_CLOSE:
    case CLOSE:
        file_command(self, "guest-file-close", json_pack("{sI}", "handle", handle));
        return;
    case FOLDER:
        helper_run(self, (const char *const[]){ "mkdir", "-p", "-m", "0700", folder, NULL });
        return;
    case REMOVE:
        helper_run(self, (const char *const[]){ "rm", "-f", file, NULL });
        return;
    case OPEN:
        file_command(self, "guest-file-open", json_pack("{ss ss}", "path", file, "mode", "w"));
        return;
    case WRITE:
        file_command(self, "guest-file-write", chunk_arguments(self));
        return;
    case MODE:
        helper_run(self, (const char *const[]){ "chmod", "0700", file, NULL });
        return;
    case RUN:
        program_run(self, file);
        return;
    }
}

/* ---- one after the other ---- */

static void
rest_tell(Handler *self)
{
    while (self->runs.head)
        run_fail(self->runs.head->data, ARM_GUEST_RUN_FAILED,
                 "testudo-guest cannot be run in this guest, neither in %s nor in %s: %s.", places[0], places[1],
                 self->why_not);
}

static void
next_begin(Handler *self)
{
    if (self->clock->now(self->clock) < self->rest)
        rest_tell(self);
    if (self->ask || g_queue_is_empty(&self->runs))
        return;
    if (self->there)
        step_take(self, RUN);
    else
        placing_begin(self, 0);
}

Handler *
handler_new(Qga *qga, Clock *clock, GBytes *program)
{
    Handler *self = g_new0(Handler, 1);
    self->qga = qga;
    self->clock = clock;
    self->program = program;
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
        run_fail(self->runs.head->data, ARM_OPERATION_NOT_ALLOWED, "The VM ended before testudo-guest did.");
    g_free(self->why_not);
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

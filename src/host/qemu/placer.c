#include "host/qemu/placer.h"

#include <string.h>

/* Of the program, in one guest-file-write. */
#define CHUNK          (48u << 10)
#define HELPER_TIMEOUT (10 * USEC_PER_SEC)

static const char *const places[] = PLACER_PLACES;
#define N_PLACES G_N_ELEMENTS(places)

/* What is asked of the agent next. */
typedef enum { LOOK, LOOK_READ, LOOK_CLOSE, FOLDER, REMOVE, OPEN, WRITE, CLOSE, MODE } Step;

/* One question to the agent. It may outlive the placer, which then has no use for the answer. */
typedef struct {
    Placer *placer;
} Ask;

struct Placer {
    Qga *qga;
    GBytes *program;
    PlacerDone done;
    void *data;
    Ask *ask; /* under way */
    Step step;
    guint place;
    char *path;       /* of the file at `place` */
    gboolean written; /* by this placing: what LOOK finds is what was written */
    gboolean same;    /* what LOOK_READ found */
    gint64 file;      /* the agent's number of an open file */
    gsize at;         /* bytes written */
    char *why_not;    /* why the last place would not do */
};

static void step_take(Placer *self, Step step);

static void
place_begin(Placer *self, guint place)
{
    self->written = FALSE;
    self->place = place;
    g_free(self->path);
    self->path = g_strdup_printf("%s/%s", places[place], PLACER_NAME);
    step_take(self, LOOK);
}

static void
why_not_set(Placer *self, const char *words)
{
    g_free(self->why_not);
    self->why_not = g_strdup(words);
}

/* For what why_not says. */
static void
place_give_up(Placer *self)
{
    if (self->place + 1 < N_PLACES)
        place_begin(self, self->place + 1);
    else
        self->done(NULL, NULL, self->data);
}

/* ---- what the agent answered ---- */

static gboolean
bytes_are_program(const Placer *self, const json_t *result)
{
    const char *base64 = json_member_text(result, "buf-b64");
    gsize length = 0, size;
    const void *program = g_bytes_get_data(self->program, &size);
    g_autofree guchar *bytes = base64 && *base64 ? g_base64_decode(base64, &length) : NULL;
    return bytes && length == size && memcmp(bytes, program, size) == 0;
}

static gboolean
file_take(Placer *self, const json_t *result)
{
    self->file = json_integer_value(result);
    return json_is_integer(result);
}

static void
look_ended(Placer *self)
{
    if (self->same || !self->written) {
        step_take(self, self->same ? MODE : FOLDER);
        return;
    }
    why_not_set(self, "what was written there is not what is read");
    place_give_up(self);
}

static void
write_more(Placer *self, const json_t *result)
{
    const json_int_t count = json_integer_value(json_object_get(result, "count"));
    const gsize left = g_bytes_get_size(self->program) - self->at;
    const gboolean taken = count > 0 && (gsize)count <= MIN(left, CHUNK);
    self->at += taken ? (gsize)count : 0;
    step_take(self, taken && (gsize)count < left ? WRITE : CLOSE);
}

/* The agent did what was asked. */
static void
step_done(Placer *self, const json_t *result)
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
    case FOLDER:
        step_take(self, REMOVE);
        return;
    case REMOVE:
        step_take(self, OPEN);
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
    case MODE:
        self->done(self->path, NULL, self->data);
        return;
    }
}

/* The agent says that it could not: something is not as it should be at this place. */
static void
step_refused(Placer *self, const char *words)
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

/* NULL: it is gone, or was told that the agent cannot be asked. */
static Placer *
answered(void *data, const QgaError *error)
{
    g_autofree Ask *ask = data;
    Placer *self = ask->placer;
    if (!self)
        return NULL;
    self->ask = NULL;
    if (!error || error->fault == QGA_REFUSED)
        return self;
    self->done(NULL, error, self->data);
    return NULL;
}

static void
on_command(const json_t *result, const QgaError *error, void *data)
{
    Placer *self = answered(data, error);
    if (!self)
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
    Placer *self = answered(data, error);
    if (!self)
        return;
    if (!error && exit_code == 0) {
        step_done(self, NULL);
        return;
    }
    g_autofree char *words = error ? g_strdup(error->text) : g_strdup_printf("%.200s", *err ? err : "a command failed");
    g_strchomp(words);
    step_refused(self, words);
}

static Ask *
ask_new(Placer *self)
{
    Ask *ask = g_new0(Ask, 1);
    ask->placer = self;
    self->ask = ask;
    return ask;
}

static void
file_command(Placer *self, const char *name, json_t *arguments)
{
    qga_command(self->qga, name, arguments, on_command, ask_new(self));
}

static void
helper_run(Placer *self, const char *const *argv)
{
    qga_exec(self->qga, argv, NULL, HELPER_TIMEOUT, on_helper, ask_new(self));
}

static json_t *
chunk_arguments(const Placer *self)
{
    gsize size;
    const guchar *program = g_bytes_get_data(self->program, &size);
    g_autofree char *base64 = g_base64_encode(program + self->at, MIN(size - self->at, CHUNK));
    return json_pack("{sI ss}", "handle", (json_int_t)self->file, "buf-b64", base64);
}

static void
step_take(Placer *self, Step step)
{
    const json_int_t handle = self->file;
    self->step = step;
    switch (step) {
    case LOOK:
        file_command(self, "guest-file-open", json_pack("{ss ss}", "path", self->path, "mode", "r"));
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
        helper_run(self, (const char *const[]){ "mkdir", "-p", "-m", "0700", places[self->place], NULL });
        return;
    case REMOVE:
        helper_run(self, (const char *const[]){ "rm", "-f", self->path, NULL });
        return;
    case OPEN:
        file_command(self, "guest-file-open", json_pack("{ss ss}", "path", self->path, "mode", "w"));
        return;
    case WRITE:
        file_command(self, "guest-file-write", chunk_arguments(self));
        return;
    case MODE:
        helper_run(self, (const char *const[]){ "chmod", "0700", self->path, NULL });
        return;
    }
}

Placer *
placer_new(Qga *qga, GBytes *program, PlacerDone done, void *data)
{
    Placer *self = g_new0(Placer, 1);
    self->qga = qga;
    self->program = program;
    self->done = done;
    self->data = data;
    return self;
}

void
placer_free(Placer *self)
{
    if (!self)
        return;
    if (self->ask)
        self->ask->placer = NULL;
    g_free(self->path);
    g_free(self->why_not);
    g_free(self);
}

void
placer_put(Placer *self)
{
    place_begin(self, 0);
}

void
placer_put_elsewhere(Placer *self, const char *words)
{
    why_not_set(self, words);
    place_give_up(self);
}

char *
placer_why_not(const Placer *self)
{
    return g_strdup_printf("neither in %s nor in %s: %s", places[0], places[1], self->why_not);
}

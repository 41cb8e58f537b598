/* Looking into a VM: its serial log, its screen, a command in its guest. */
#include "host/qemu/machine.h"

#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/screen.h"

#include <fcntl.h>
#include <sys/stat.h>

#define PPM_MAX         (256u << 20)
#define CERTIFICATE_MAX 8192
/* A daemon that was just started is in touch with a VM that runs long before that. */
#define QUESTION_WAITS (30 * USEC_PER_SEC)

char *
qemu_serial_log(Host *host, const char *key, gsize max, gsize *ret_length, GError **error)
{
    const Qemu *self = (const Qemu *)host;
    g_autofree char *folder = folder_path(self->state_dir, key);
    g_autofree char *path = folder_file(folder, "serial.log");
    struct stat st;
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        arm_fail(error, ARM_NOT_FOUND, NULL, "The instance has not been started yet: there is no serial log.");
        return NULL;
    }
    if (fd < 0 || fstat(fd, &st) != 0) {
        io_fail(error, "read", path);
        return NULL;
    }
    gsize length = MIN((gsize)st.st_size, max);
    g_autofree char *bytes = g_malloc(length + 1);
    ssize_t n = pread(fd, bytes, length, st.st_size - (off_t)length);
    if (n < 0) {
        io_fail(error, "read", path);
        return NULL;
    }
    bytes[n] = '\0';
    *ret_length = (gsize)n;
    return g_steal_pointer(&bytes);
}

GBytes *
qemu_vtpm_certificate(Host *host, const char *key, VtpmEk ek, GError **error)
{
    static const char *const files[VTPM_N_EKS] = { [VTPM_EK_RSA_2048] = "ek-rsa2048.crt", [VTPM_EK_P384] = "ek-secp384r1.crt" };
    const Qemu *self = (const Qemu *)host;
    g_autofree char *folder = folder_path(self->state_dir, key);
    g_autofree char *vtpm = folder_file(folder, "vtpm");
    gsize length;
    char *bytes = folder_read(vtpm, files[ek], CERTIFICATE_MAX, &length, error);
    return bytes ? g_bytes_new_take(bytes, length) : NULL;
}

GPtrArray *
qemu_forwards(Host *host, const char *key)
{
    const Machine *machine = g_hash_table_lookup(((Qemu *)host)->machines, key);
    return machine ? g_ptr_array_ref(machine->forwards) : g_ptr_array_new();
}

/* ---- questions: asked from the main loop, so that no answer comes from inside the caller's call
 * ---- */

typedef struct {
    Qemu *host;
    char *key, *screen, **argv, *input;
    gint64 timeout_usec;
    GSourceFunc asked;
    gboolean waited;
    HostDone shot_done;
    HostExecDone exec_done;
    void *data;
} Question;

static void
question_free(Question *question)
{
    g_free(question->key);
    g_free(question->screen);
    g_strfreev(question->argv);
    g_free(question->input);
    g_free(question);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_free)

static void
question_post(Question *question)
{
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, question->asked, question, NULL);
    g_source_attach(source, question->host->context);
    g_source_unref(source);
}

static Question *
question_ask(Host *host, const char *key, GSourceFunc asked)
{
    Question *question = g_new0(Question, 1);
    question->host = (Qemu *)host;
    question->key = g_strdup(key);
    question->asked = asked;
    question_post(question);
    return question;
}

static void
question_fail(Question *question, ArmCode code, const char *why)
{
    g_autoptr(GError) error = g_error_new_literal(ARM_ERROR, (int)code, why);
    if (question->shot_done)
        question->shot_done(NULL, 0, error, question->data);
    else
        question->exec_done(-1, "", 0, "", 0, error, question->data);
    question_free(question);
}

void
machine_questions_go(Machine *machine)
{
    Question *question;
    machine_timer_stop(machine, &machine->questions_timer);
    while ((question = g_queue_pop_head(&machine->questions))) {
        if (machine->host->closing)
            question_fail(question, ARM_UNAVAILABLE, "The daemon is stopping.");
        else
            question_post(question);
    }
}

static void
on_questions_late(void *data)
{
    Machine *machine = data;
    machine->questions_timer = 0;
    machine_questions_go(machine);
}

/* TRUE: it is asked again, once, when it is known what QEMU says, or that it does not say anything. */
static gboolean
question_waits(Question *question)
{
    Machine *machine = g_hash_table_lookup(question->host->machines, question->key);
    if (question->waited || !machine || !machine->qemu_watch || machine->monitor_lost || machine->in_touch)
        return FALSE;
    question->waited = TRUE;
    g_queue_push_tail(&machine->questions, question);
    if (!machine->questions_timer)
        machine->questions_timer = machine_timer(machine, QUESTION_WAITS, on_questions_late);
    return TRUE;
}

static Machine *
running(const Question *question, GError **error)
{
    Machine *machine = g_hash_table_lookup(question->host->machines, question->key);
    if (machine && machine->qemu_watch && machine->greeted && !machine->monitor_lost)
        return machine;
    arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL, "The instance does not run.");
    return NULL;
}

static void
on_dumped(const json_t *result, const char *error_text, void *data)
{
    g_autoptr(Question) question = data;
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *folder = folder_path(question->host->state_dir, question->key);
    g_autofree char *path = folder_file(folder, question->screen);
    g_autofree char *ppm = NULL;
    g_autoptr(GBytes) png = NULL;

    if (!result)
        arm_fail(&error, ARM_INTERNAL, NULL, "The screen could not be read: %s.", error_text);
    else if ((ppm = folder_read(folder, question->screen, PPM_MAX, &length, &error)))
        png = screen_png_from_ppm(ppm, length, &error);
    unlink(path);
    if (png)
        question->shot_done(g_bytes_get_data(png, NULL), g_bytes_get_size(png), NULL, question->data);
    else
        question->shot_done(NULL, 0, error, question->data);
}

static gboolean
screenshot_asked(gpointer data)
{
    if (question_waits(data))
        return G_SOURCE_REMOVE;
    g_autoptr(Question) question = data;
    g_autoptr(GError) error = NULL;
    Machine *machine = running(question, &error);
    if (!machine) {
        question->shot_done(NULL, 0, error, question->data);
        return G_SOURCE_REMOVE;
    }
    question->screen = g_strdup_printf("screen-%u.ppm", g_random_int());
    g_autofree char *path = folder_file(machine->folder, question->screen);
    json_t *arguments = json_pack("{ss}", "filename", path);
    qmp_command(machine->qmp, "screendump", arguments, on_dumped, g_steal_pointer(&question));
    return G_SOURCE_REMOVE;
}

void
qemu_screenshot(Host *host, const char *key, HostDone done, void *data)
{
    Question *question = question_ask(host, key, screenshot_asked);
    question->shot_done = done;
    question->data = data;
}

static void
on_executed(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const QgaError *why,
            void *data)
{
    g_autoptr(Question) question = data;
    g_autoptr(GError) error = NULL;
    if (why)
        arm_fail(&error, ARM_OPERATION_NOT_ALLOWED, NULL, "%s", why->text);
    question->exec_done(exit_code, out, out_length, err, err_length, error, question->data);
}

static Machine *
running_with_agent(const Question *question, GError **error)
{
    Machine *machine = running(question, error);
    if (!machine || (machine->agent && machine->qga && !qga_is_closed(machine->qga)))
        return machine;
    arm_fail(error, ARM_OPERATION_NOT_ALLOWED, NULL, "The guest agent does not answer.");
    return NULL;
}

static gboolean
exec_asked(gpointer data)
{
    if (question_waits(data))
        return G_SOURCE_REMOVE;
    g_autoptr(Question) question = data;
    g_autoptr(GError) error = NULL;
    Machine *machine = running_with_agent(question, &error);
    if (!machine) {
        question->exec_done(-1, "", 0, "", 0, error, question->data);
        return G_SOURCE_REMOVE;
    }
    const Question *asked = question;
    qga_exec(machine->qga, (const char *const *)asked->argv, asked->input, asked->timeout_usec, on_executed,
             g_steal_pointer(&question));
    return G_SOURCE_REMOVE;
}

void
qemu_exec(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, HostExecDone done,
          void *data)
{
    Question *question = question_ask(host, key, exec_asked);
    question->argv = g_strdupv((char **)argv);
    question->input = g_strdup(input);
    question->timeout_usec = timeout_usec;
    question->exec_done = done;
    question->data = data;
}

static gboolean
guest_run_asked(gpointer data)
{
    if (question_waits(data))
        return G_SOURCE_REMOVE;
    g_autoptr(Question) question = data;
    g_autoptr(GError) error = NULL;
    Machine *machine = NULL;
    if (!question->host->guest_program)
        arm_fail(&error, ARM_NOT_SUPPORTED, NULL,
                 "This testudod was built without testudo-guest (it needs musl-gcc): nothing can be asked inside a guest.");
    else
        machine = running_with_agent(question, &error);
    if (!machine) {
        question->exec_done(-1, "", 0, "", 0, error, question->data);
        return G_SOURCE_REMOVE;
    }
    if (!machine->handler)
        machine->handler = handler_new(machine->qga, machine->host->clock, machine->host->guest_program);
    handler_run(machine->handler, (const char *const *)question->argv, question->timeout_usec, question->exec_done,
                question->data);
    return G_SOURCE_REMOVE;
}

void
qemu_guest_run(Host *host, const char *key, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data)
{
    Question *question = question_ask(host, key, guest_run_asked);
    question->argv = g_strdupv((char **)argv);
    question->timeout_usec = timeout_usec;
    question->exec_done = done;
    question->data = data;
}

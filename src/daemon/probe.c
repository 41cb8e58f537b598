#include "daemon/probe.h"

#include "base/json.h"
#include "host/image_components.h"
#include "host/image_import.h"
#include "host/kept_file.h"

struct Probe {
    ApiProbe table;
    Host *host;
    Engine *engine;
    Authority *authority;
    GMainContext *context;
    const char *state_dir;
};

/* One question on its way; the arrays are copies, because the asker's may be gone by then. */
typedef struct {
    Probe *probe;
    char *key;
    char **argv;
    char *input;
    gint64 timeout_usec;
    ProbeBytes bytes_done;
    ProbeExec exec_done;
    ProbeForwards forwards_done;
    void *done_data;
} Question;

static Question *
question_new(void *data, const char *key, void *done_data)
{
    Question *question = g_new0(Question, 1);
    question->probe = data;
    question->key = g_strdup(key);
    question->done_data = done_data;
    return question;
}

static void
question_free(void *data)
{
    Question *question = data;
    g_free(question->key);
    g_strfreev(question->argv);
    g_free(question->input);
    g_free(question);
}

static void
ask(Question *question, GSourceFunc on_engine_thread)
{
    g_main_context_invoke_full(question->probe->context, G_PRIORITY_DEFAULT, on_engine_thread, question, NULL);
}

#define SERIAL_MAX (4u << 20)

/* Reading a file needs no hop. */
static void
probe_serial_log(void *data, const char *key, ProbeBytes done, void *done_data)
{
    Probe *probe = data;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = host_serial_log(probe->host, key, SERIAL_MAX, &length, &error);
    done(text, length, error, done_data);
}

static void
bytes_answered(gconstpointer bytes, gsize length, const GError *error, void *data)
{
    Question *question = data;
    question->bytes_done(bytes, length, error, question->done_data);
    question_free(question);
}

static gboolean
screenshot_on_engine(void *data)
{
    Question *question = data;
    host_screenshot(question->probe->host, question->key, bytes_answered, question);
    return G_SOURCE_REMOVE;
}

static void
probe_screenshot(void *data, const char *key, ProbeBytes done, void *done_data)
{
    Question *question = question_new(data, key, done_data);
    question->bytes_done = done;
    ask(question, screenshot_on_engine);
}

static void
exec_answered(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const GError *error,
              void *data)
{
    Question *question = data;
    question->exec_done(exit_code, out, out_length, err, err_length, error, question->done_data);
    question_free(question);
}

static gboolean
exec_on_engine(void *data)
{
    Question *question = data;
    host_exec(question->probe->host, question->key, (const char *const *)question->argv, question->input,
              question->timeout_usec, exec_answered, question);
    return G_SOURCE_REMOVE;
}

static void
probe_exec(void *data, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, ProbeExec done,
           void *done_data)
{
    Question *question = question_new(data, key, done_data);
    question->argv = g_strdupv((char **)argv);
    question->input = g_strdup(input);
    question->timeout_usec = timeout_usec;
    question->exec_done = done;
    ask(question, exec_on_engine);
}

static gboolean
guest_run_on_engine(void *data)
{
    Question *question = data;
    host_guest_run(question->probe->host, question->key, (const char *const *)question->argv, question->timeout_usec,
                   exec_answered, question);
    return G_SOURCE_REMOVE;
}

static void
probe_guest_run(void *data, const char *key, const char *const *argv, gint64 timeout_usec, ProbeExec done, void *done_data)
{
    Question *question = question_new(data, key, done_data);
    question->argv = g_strdupv((char **)argv);
    question->timeout_usec = timeout_usec;
    question->exec_done = done;
    ask(question, guest_run_on_engine);
}

static gboolean
forwards_on_engine(void *data)
{
    Question *question = data;
    g_autoptr(GPtrArray) found = host_forwards(question->probe->host, question->key);
    g_autoptr(GPtrArray) ports = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < found->len; i++) {
        const HostForward *forward = g_ptr_array_index(found, i);
        ApiForward *port = g_new0(ApiForward, 1);
        *port = (ApiForward){ forward->guest_port, forward->host_address, forward->host_port };
        g_ptr_array_add(ports, port);
    }
    question->forwards_done(ports, NULL, question->done_data);
    question_free(question);
    return G_SOURCE_REMOVE;
}

static void
probe_forwards(void *data, const char *key, ProbeForwards done, void *done_data)
{
    Question *question = question_new(data, key, done_data);
    question->forwards_done = done;
    ask(question, forwards_on_engine);
}

static gboolean
attest_on_engine(void *data)
{
    Question *question = data;
    engine_attest(question->probe->engine, question->key);
    question_free(question);
    return G_SOURCE_REMOVE;
}

static void
probe_attest(void *data, const char *key)
{
    ask(question_new(data, key, NULL), attest_on_engine);
}

static gboolean
probe_image_import(void *data, const char *path, ImageInfo *info, GError **error)
{
    Probe *probe = data;
    g_autofree char *stored = NULL;
    return image_import(probe->state_dir, path, info, &stored, error);
}

static char *
probe_image_components(void *data, const ImageInfo *info, BootChain *ret_chain, GError **error)
{
    Probe *probe = data;
    g_autoptr(Components) components = image_components(probe->state_dir, info, error);
    if (!components)
        return NULL;
    g_autoptr(json_t) json = components_json(components);
    *ret_chain = image_boot_chain(components);
    return json_text(json);
}

static gboolean
probe_disk_remove(void *data, const char *file, GError **error)
{
    (void)data;
    return kept_file_remove(file, error);
}

static UnixTime
wall_time(void)
{
    return g_get_real_time();
}

static gboolean
probe_vtpm_revoke(void *data, const char *const *serials, const char *reason, GError **error)
{
    const Probe *probe = data;
    return authority_revoke(probe->authority, serials, reason, wall_time(), error);
}

static gboolean
probe_vtpm_renew(void *data, const char *root_key, GError **error)
{
    const Probe *probe = data;
    return authority_renew(probe->authority, root_key, wall_time(), error);
}

static json_t *
probe_vtpm_revoked(void *data)
{
    const Probe *probe = data;
    return authority_revoked(probe->authority);
}

static char *
probe_vtpm_crls(void *data)
{
    const Probe *probe = data;
    return authority_crls(probe->authority, wall_time());
}

static GBytes *
probe_vtpm_crl(void *data, const char *id)
{
    const Probe *probe = data;
    return authority_crl(probe->authority, id, wall_time());
}

static char *
probe_vtpm_authority(void *data, gboolean *ret_root_key, GError **error G_GNUC_UNUSED)
{
    const Probe *probe = data;
    *ret_root_key = authority_root_key_here(probe->authority);
    return authority_chain(probe->authority);
}

Probe *
probe_new(Host *host, Engine *engine, Authority *authority, GMainContext *context, const char *state_dir)
{
    Probe *probe = g_new0(Probe, 1);
    probe->host = host;
    probe->engine = engine;
    probe->authority = authority;
    probe->context = context;
    probe->state_dir = state_dir;
    probe->table = (ApiProbe){
        .data = probe,
        .serial_log = probe_serial_log,
        .screenshot = probe_screenshot,
        .exec = probe_exec,
        .forwards = probe_forwards,
        .image_import = probe_image_import,
        .image_components = probe_image_components,
        .disk_remove = probe_disk_remove,
        .attest = probe_attest,
        .vtpm_authority = probe_vtpm_authority,
        .vtpm_revoke = probe_vtpm_revoke,
        .vtpm_renew = probe_vtpm_renew,
        .vtpm_revoked = probe_vtpm_revoked,
        .vtpm_crls = probe_vtpm_crls,
        .vtpm_crl = probe_vtpm_crl,
        .guest_run = probe_guest_run,
    };
    return probe;
}

void
probe_free(Probe *probe)
{
    g_free(probe);
}

const ApiProbe *
probe_table(Probe *probe)
{
    return &probe->table;
}

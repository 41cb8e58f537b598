#include "host/qemu/run_file.h"

#include "base/error.h"
#include "base/json.h"
#include "host/qemu/folder.h"

#include <string.h>

#define RUN_FILE "run.json"
#define RUN_MAX  (256u << 10)

void
run_file_free(RunFile *run)
{
    if (!run)
        return;
    launch_spec_free(run->spec);
    g_free(run->refused_file);
    g_free(run);
}

static gboolean
number_read(const json_t *object, const char *name, gint64 max, guint64 *ret, GError **error)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
        return arm_fail(error, ARM_INTERNAL, name, RUN_FILE ": '%s' is no number of a process.", name);
    *ret = (guint64)json_integer_value(value);
    return TRUE;
}

RunFile *
run_file_parse(const char *text, gsize length, GError **error)
{
    guint64 qemu, swtpm;
    g_autoptr(json_t) object = json_parse(text, length, error);
    if (!object)
        return NULL;
    g_autoptr(RunFile) run = g_new0(RunFile, 1);
    if (!number_read(object, "qemu", G_MAXINT32, &qemu, error) ||
        !number_read(object, "qemuStart", G_MAXINT64, &run->qemu_start, error) ||
        !number_read(object, "swtpm", G_MAXINT32, &swtpm, error) ||
        !number_read(object, "swtpmStart", G_MAXINT64, &run->swtpm_start, error))
        return NULL;
    run->qemu = (pid_t)qemu;
    run->swtpm = (pid_t)swtpm;
    run->agent = json_is_true(json_object_get(object, "agent"));
    run->isolated = json_is_true(json_object_get(object, "isolated"));
    run->refused_file = g_strdup(json_string_value(json_object_get(object, "refusedFile")));
    g_autofree char *spec = json_text(json_object_get(object, "spec"));
    run->spec = spec ? launch_spec_parse(spec, strlen(spec), error) : NULL;
    if (!spec)
        arm_fail(error, ARM_INTERNAL, "spec", RUN_FILE ": 'spec' is missing.");
    return run->spec ? g_steal_pointer(&run) : NULL;
}

RunFile *
run_file_read(const char *folder, GError **error)
{
    gsize length;
    g_autofree char *text = folder_read(folder, RUN_FILE, RUN_MAX, &length, error);
    return text ? run_file_parse(text, length, error) : NULL;
}

gboolean
run_file_write(const char *folder, const RunFile *run, GError **error)
{
    g_autoptr(json_t) object =
        json_pack("{si sI si sI sb sb}", "qemu", (int)run->qemu, "qemuStart", (json_int_t)run->qemu_start, "swtpm",
                  (int)run->swtpm, "swtpmStart", (json_int_t)run->swtpm_start, "agent", run->agent, "isolated", run->isolated);
    json_set_text(object, "refusedFile", run->refused_file);
    json_set_new(object, "spec", launch_spec_json(run->spec));
    g_autofree char *text = json_text(object);
    return folder_write(folder, RUN_FILE, text, error);
}

#include "door.h"

typedef struct {
    Host host;
    World *world;
} Door;

void
door_step(World *world)
{
    if (world->dead || ++world->steps != world->crash_at)
        return;
    world->dead = TRUE;
    world->revision_at_death = store_revision(world->store);
}

void
door_event(const HostEvent *event, void *data)
{
    World *world = data;
    if (world->watch.event)
        world->watch.event(world->watch.data, event);
    door_step(world);
    if (!world->dead && world->engine)
        engine_host_event(event, world->engine);
}

static World *
world_of(Host *host)
{
    return ((Door *)host)->world;
}

static void
door_close(Host *host)
{
    g_free(host);
}

static HostInfo *
door_info(Host *host)
{
    return host_info(world_of(host)->simulated);
}

static GPtrArray *
door_found(Host *host)
{
    return host_found(world_of(host)->simulated);
}

static void
door_start(Host *host, const LaunchSpec *spec)
{
    World *world = world_of(host);
    if (world->dead)
        return;
    if (world->watch.start)
        world->watch.start(world->watch.data, spec);
    host_start(world->simulated, spec);
    door_step(world);
}

static void
door_release(Host *host, const char *key)
{
    World *world = world_of(host);
    if (world->dead)
        return;
    host_release(world->simulated, key);
    door_step(world);
}

static void
door_isolate(Host *host, const char *key, gboolean isolated)
{
    World *world = world_of(host);
    if (world->dead)
        return;
    if (world->watch.isolate)
        world->watch.isolate(world->watch.data, key, isolated);
    host_isolate(world->simulated, key, isolated);
    door_step(world);
}

static void
door_stop(Host *host, const char *key, gint64 grace_usec)
{
    World *world = world_of(host);
    if (world->dead)
        return;
    if (world->watch.stop)
        world->watch.stop(world->watch.data, key);
    host_stop(world->simulated, key, grace_usec);
    door_step(world);
}

static void
door_destroy(Host *host, const char *key, const char *keep_dir)
{
    World *world = world_of(host);
    if (world->dead)
        return;
    if (world->watch.destroy)
        world->watch.destroy(world->watch.data, key);
    host_destroy(world->simulated, key, keep_dir);
    door_step(world);
}

static gboolean
door_disk_remove(Host *host, const char *file, GError **error)
{
    World *world = world_of(host);
    gboolean removed = world->dead || host_disk_remove(world->simulated, file, error);
    door_step(world);
    return removed;
}

static GBytes *
door_vtpm_certificate(Host *host, const char *key, VtpmEk ek, GError **error)
{
    return host_vtpm_certificate(world_of(host)->simulated, key, ek, error);
}

static char *
door_serial_log(Host *host, const char *key, gsize max, gsize *ret_length, GError **error)
{
    return host_serial_log(world_of(host)->simulated, key, max, ret_length, error);
}

/* An answer on its way to a control plane: the one that asked may be dead, or gone, when it comes. */
typedef struct {
    World *world;
    guint incarnation;
    HostDone done;
    HostExecDone exec_done;
    void *data;
} Asked;

static Asked *
asked_new(World *world, void *data)
{
    Asked *asked = g_new0(Asked, 1);
    asked->world = world;
    asked->incarnation = world->incarnation;
    asked->data = data;
    return asked;
}

static gboolean
somebody_waits(const Asked *asked)
{
    return !asked->world->dead && asked->world->incarnation == asked->incarnation;
}

static void
bytes_come(gconstpointer bytes, gsize length, const GError *error, void *data)
{
    g_autofree Asked *asked = data;
    if (somebody_waits(asked))
        asked->done(bytes, length, error, asked->data);
}

static void
output_comes(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const GError *error,
             void *data)
{
    g_autofree Asked *asked = data;
    if (somebody_waits(asked))
        asked->exec_done(exit_code, out, out_length, err, err_length, error, asked->data);
}

static void
door_screenshot(Host *host, const char *key, HostDone done, void *data)
{
    World *world = world_of(host);
    if (world->dead)
        return;
    Asked *asked = asked_new(world, data);
    asked->done = done;
    host_screenshot(world->simulated, key, bytes_come, asked);
}

static void
door_exec(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, HostExecDone done,
          void *data)
{
    World *world = world_of(host);
    if (world->dead)
        return;
    Asked *asked = asked_new(world, data);
    asked->exec_done = done;
    host_exec(world->simulated, key, argv, input, timeout_usec, output_comes, asked);
}

static void
orphan_return(Asked *asked)
{
    g_autoptr(GError) error = NULL;
    arm_fail(&error, ARM_OPERATION_NOT_ALLOWED, NULL, "Whoever asked is gone.");
    asked->exec_done(-1, "", 0, "", 0, error, asked->data);
    g_free(asked);
}

void
door_orphans_return(World *world)
{
    Asked *asked;
    while ((asked = g_queue_pop_head(&world->orphans)))
        orphan_return(asked);
}

/* The engine's own, which it has let go of by the time when it is gone. */
static void
guest_answers(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length, const GError *error,
              void *data)
{
    Asked *asked = data;
    if (somebody_waits(asked))
        output_comes(exit_code, out, out_length, err, err_length, error, asked);
    else if (asked->world->incarnation != asked->incarnation)
        orphan_return(asked);
    else
        g_queue_push_tail(&asked->world->orphans, asked);
}

static void
door_guest_run(Host *host, const char *key, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data)
{
    World *world = world_of(host);
    Asked *asked = asked_new(world, data);
    asked->exec_done = done;
    if (world->dead)
        g_queue_push_tail(&world->orphans, asked);
    else
        host_guest_run(world->simulated, key, argv, timeout_usec, guest_answers, asked);
}

static GPtrArray *
door_forwards(Host *host, const char *key)
{
    return host_forwards(world_of(host)->simulated, key);
}

static const HostDriver driver = {
    .name = "door",
    .close = door_close,
    .info = door_info,
    .found = door_found,
    .start = door_start,
    .release = door_release,
    .isolate = door_isolate,
    .stop = door_stop,
    .destroy = door_destroy,
    .disk_remove = door_disk_remove,
    .serial_log = door_serial_log,
    .vtpm_certificate = door_vtpm_certificate,
    .screenshot = door_screenshot,
    .exec = door_exec,
    .guest_run = door_guest_run,
    .forwards = door_forwards,
};

Host *
door_new(World *world)
{
    Door *door = g_new0(Door, 1);
    door->host.driver = &driver;
    door->world = world;
    return &door->host;
}

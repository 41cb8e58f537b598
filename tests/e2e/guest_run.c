/* Asks testudo-guest inside a VM that a stopped daemon left running, as the next daemon would: host_guest_run() on the real
 * driver. guest_run STATE-DIR KEY; a line on stdin is a command, a line of JSON on stdout its answer. */
#include "base/json.h"
#include "host/host.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT    (120 * USEC_PER_SEC)
#define PATIENCE_S 60

typedef struct {
    GMainContext *context;
    Host *host;
    gboolean answered;
    gboolean no_agent;
} World;

static void
on_event(const HostEvent *event G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
}

static void
print(json_t *answer)
{
    g_autofree char *text = json_text(answer);
    puts(text);
    fflush(stdout);
    json_decref(answer);
}

static void
on_told(int exit_code, const char *out, gsize out_length, const char *err G_GNUC_UNUSED, gsize err_length G_GNUC_UNUSED,
        const GError *error, void *data)
{
    World *world = data;
    world->answered = TRUE;
    world->no_agent = error && error->code == ARM_OPERATION_NOT_ALLOWED;
    if (world->no_agent)
        return;
    if (error)
        print(json_pack("{ss ss}", "error", arm_code_text((ArmCode)error->code), "message", error->message));
    else
        print(json_pack("{si ss%}", "exit", exit_code, "out", out, (size_t)out_length));
}

static void
ask(World *world, const char *key, const char *line)
{
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    const gint64 until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    /* The agent is connected to anew: until it answers, it is not there. */
    do {
        world->answered = FALSE;
        host_guest_run(world->host, key, (const char *const *)argv, TIMEOUT, on_told, world);
        while (!world->answered)
            g_main_context_iteration(world->context, TRUE);
    } while (world->no_agent && g_get_monotonic_time() < until);
    if (world->no_agent)
        print(json_pack("{ss}", "error", "no agent"));
}

int
main(int argc, char **argv)
{
    char line[4096];
    g_autoptr(GError) error = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: %s STATE-DIR KEY\n", argv[0]);
        return 2;
    }
    World world = { .context = g_main_context_new() };
    Clock *clock = clock_real_new(world.context);
    g_autoptr(GBytes) program =
        g_resources_lookup_data("/testudo/guest/testudo-guest", G_RESOURCE_LOOKUP_FLAGS_NONE, /* error= */ NULL);
    const HostConfig config = { .state_dir = argv[1], .guest_program = program };
    world.host = host_qemu_open(&config, world.context, clock, on_event, &world, &error);
    if (!world.host) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        ask(&world, argv[2], line);
    }
    host_close(world.host);
    clock_real_free(clock);
    g_main_context_unref(world.context);
    return 0;
}

/* host/qemu/handler.h: a guest agent that answers each question with the next line of these bytes, whatever was asked; a line
 * of P alone answers with testudo-guest itself, as if it were read. Whoever ran something is told exactly once, in time. */
#include "host/qemu/handler.h"

#include "fuzz.h"
#include "host/qemu/line_socket.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM "testudo-guest, as it were"
#define RUNS    2u

typedef struct {
    GMainContext *context;
    Clock *clock;
    int peer;
    guint told;
} World;

static void
on_agent(void *data G_GNUC_UNUSED)
{
}

static void
on_told(int exit_code G_GNUC_UNUSED, const char *out, gsize out_length, const char *err, gsize err_length,
        const GError *error G_GNUC_UNUSED, void *data)
{
    g_assert(out && err && out_length <= HOST_GUEST_OUT_MAX && err_length <= HOST_GUEST_OUT_MAX);
    ((World *)data)->told++;
}

static void
settle(const World *world)
{
    while (g_main_context_iteration(world->context, FALSE))
        ;
    clock_virtual_advance_to(world->clock, world->clock->now(world->clock) + USEC_PER_SEC);
}

static void
say(const World *world, const char *text, gsize length)
{
    (void)!send(world->peer, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)!send(world->peer, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
answer(const World *world, const char *line, gsize length)
{
    g_autofree char *base64 = g_base64_encode((const guchar *)PROGRAM, strlen(PROGRAM));
    g_autofree char *read = g_strdup_printf("{\"return\":{\"count\":%zu,\"buf-b64\":\"%s\"}}", strlen(PROGRAM), base64);
    if (length == 1 && *line == 'P')
        say(world, read, strlen(read));
    else
        say(world, line, length);
}

static void
converse(const World *world, const char *text, gsize length)
{
    char heard[4096];
    for (guint seconds = 0; seconds < 120 && world->told < RUNS; seconds++) {
        const ssize_t n = recv(world->peer, heard, sizeof heard - 1, MSG_DONTWAIT);
        heard[MAX(n, 0)] = '\0';
        const char *id = strstr(heard, "\"id\":");
        if (id) {
            g_autofree char *sync = g_strdup_printf("\xff{\"return\":%.*s}", (int)strspn(id + 5, "0123456789"), id + 5);
            say(world, sync, strlen(sync));
        } else if (n > 0) {
            const char *end = memchr(text, '\n', length);
            const gsize line = end ? (gsize)(end - text) : length;
            answer(world, text, line);
            text += MIN(line + 1, length);
            length -= MIN(line + 1, length);
        }
        settle(world);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const argv[] = { "health", "tcp", "22", NULL };
    g_autofree char *folder = g_dir_make_tmp("testudo-fuzz-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "s", NULL);
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GBytes) program = g_bytes_new_static(PROGRAM, strlen(PROGRAM));
    World world = { .context = g_main_context_new(), .clock = clock_virtual_new(USEC_PER_SEC) };
    int listener = line_socket_listen(path, NULL);
    Qga *qga = qga_connect(path, world.context, world.clock, on_agent, &world, NULL);
    g_assert(listener >= 0 && qga);
    world.peer = accept(listener, NULL, NULL);
    Handler *handler = handler_new(qga, world.clock, program);
    for (guint i = 0; i < RUNS; i++)
        handler_run(handler, argv, 30 * USEC_PER_SEC, on_told, &world);
    converse(&world, text, size);
    g_assert(world.told == RUNS);
    handler_free(handler);
    qga_free(qga);
    g_assert(world.told == RUNS);
    close(world.peer);
    close(listener);
    unlink(path);
    rmdir(folder);
    clock_virtual_free(world.clock);
    g_main_context_unref(world.context);
    return 0;
}

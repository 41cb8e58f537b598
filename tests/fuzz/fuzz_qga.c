/* host/qemu/qga.h: a guest agent that answers with these bytes, whatever it is asked. Time goes on
 * until all is given up: whoever asked is answered exactly once. */
#include "host/qemu/qga.h"

#include "fuzz.h"
#include "host/qemu/line_socket.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    guint ended, answered;
} Told;

static void
on_answered(void *data)
{
    ((Told *)data)->answered++;
}

static void
on_exec(int exit_code G_GNUC_UNUSED, const char *out, gsize out_length G_GNUC_UNUSED, const char *err,
        gsize err_length G_GNUC_UNUSED, const QgaError *error G_GNUC_UNUSED, void *data)
{
    g_assert(out && err);
    ((Told *)data)->ended++;
}

static void
settle(GMainContext *context)
{
    while (g_main_context_iteration(context, FALSE))
        ;
}

/* The sync's id is random; an input says S where it wants to answer it. */
static GString *
input_write(const uint8_t *data, size_t size, const char *sync)
{
    const char *digits = strstr(sync, "\"id\":");
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == 'S' && digits)
            g_string_append_len(text, digits + 5, (gssize)strspn(digits + 5, "0123456789"));
        else
            g_string_append_c(text, (char)data[i]);
    }
    return text;
}

static void
converse(Qga *qga, Clock *clock, GMainContext *context, int peer, const uint8_t *data, size_t size, Told *told)
{
    static const char *const argv[] = { "/bin/true", NULL };
    char heard[4096];
    qga_exec(qga, argv, "input", 30 * USEC_PER_SEC, on_exec, told);
    ssize_t n = recv(peer, heard, sizeof heard - 1, MSG_DONTWAIT);
    heard[MAX(n, 0)] = '\0';
    g_autoptr(GString) input = input_write(data, size, heard);
    for (gsize at = 0; at < input->len; at += 512) {
        (void)!send(peer, input->str + at, MIN(512, input->len - at), MSG_NOSIGNAL | MSG_DONTWAIT);
        settle(context);
        clock_virtual_advance_to(clock, clock->now(clock) + USEC_PER_SEC);
    }
    for (guint i = 0; i < 60; i++) {
        settle(context);
        clock_virtual_advance_to(clock, clock->now(clock) + USEC_PER_SEC);
    }
    g_assert(told->ended == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Told told = { 0 };
    g_autofree char *folder = g_dir_make_tmp("testudo-fuzz-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "s", NULL);
    GMainContext *context = g_main_context_new();
    Clock *clock = clock_virtual_new(USEC_PER_SEC);
    int listener = line_socket_listen(path, NULL);
    Qga *qga = qga_connect(path, context, clock, on_answered, &told, NULL);
    g_assert(listener >= 0 && qga);
    int peer = accept(listener, NULL, NULL);
    converse(qga, clock, context, peer, data, size, &told);
    qga_free(qga);
    close(peer);
    close(listener);
    unlink(path);
    rmdir(folder);
    clock_virtual_free(clock);
    g_main_context_unref(context);
    return 0;
}

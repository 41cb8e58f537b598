/* Plays qemu-system-x86_64 for test_machine: holds the descriptors that it is given, speaks enough
 * QMP and guest agent, and behaves as the guest's name says: mute        never greets dies ends at
 * once, with words on stderr stubborn    ignores the power button       refused    the firmware
 * refuses the boot loader flood       floods its serial console      full       its first write
 * finds the disk full, until "cont" silent      has no guest agent lingers    ends its swtpm long
 * before itself Anything else boots, opens the agent's port, and powers off when asked. Told to run
 * something, it reboots instead, and once more before its agent is back. */
#include "base/json.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIFE_MAX_S 600
#define LINGERS_MS 1000

typedef struct {
    const char *guest;
    int qmp_listener, qga_listener, qmp, qga, tpm;
    FILE *serial;
    gboolean full;
    gboolean asks_for_kvm;
} Fake;

static gboolean
is(const Fake *fake, const char *name)
{
    return g_str_has_prefix(fake->guest, name);
}

static void
arguments_read(Fake *fake, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "guest="))
            fake->guest = argv[i] + strlen("guest=");
        fake->asks_for_kvm = fake->asks_for_kvm || strstr(argv[i], "accel=kvm");
        sscanf(argv[i], "socket,id=qmp,fd=%d", &fake->qmp_listener);
        sscanf(argv[i], "socket,id=qga,fd=%d", &fake->qga_listener);
        sscanf(argv[i], "socket,id=tpm,fd=%d", &fake->tpm);
        if (g_str_has_prefix(argv[i], "file,id=serial,path=")) {
            g_autofree char *path = g_strdup(argv[i] + strlen("file,id=serial,path="));
            path[strcspn(path, ",")] = '\0';
            fake->serial = fopen(path, "a");
        }
    }
}

static void
say(int fd, const char *text)
{
    /* Nobody may be there to hear it. */
    if (fd >= 0)
        (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void
boot(Fake *fake)
{
    if (is(fake, "refused"))
        fputs("BdsDxe: failed to load Boot0001 \"x\" from PciRoot(0x0): Access Denied\r\n", fake->serial);
    else
        fputs("Linux version 6.1\r\n", fake->serial);
    for (guint i = 0; is(fake, "flood") && i < 4000; i++)
        fprintf(fake->serial, "%01000u\n", i);
    fflush(fake->serial);
    if (is(fake, "full"))
        say(fake->qmp, "{\"event\":\"BLOCK_IO_ERROR\",\"data\":{\"nospace\":true,\"action\":\"stop\"}}\r\n");
    fake->full = is(fake, "full");
    if (!is(fake, "refused") && !is(fake, "silent"))
        say(fake->qmp, "{\"event\":\"VSERPORT_CHANGE\",\"data\":{\"open\":true,\"id\":\"qga\"}}\r\n");
}

static const char *
result_of(Fake *fake, const char *command)
{
    if (strcmp(command, "human-monitor-command") == 0)
        return "\"  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ "
               "SendQ\\r\\n"
               "  TCP[HOST_FORWARD]  12       127.0.0.1 40022       10.0.2.15    22     0     "
               "0\\r\\n\"";
    if (strcmp(command, "query-chardev") == 0)
        return is(fake, "refused") || is(fake, "silent") ? "[{\"label\":\"qga\",\"frontend-open\":false}]"
                                                         : "[{\"label\":\"qga\",\"frontend-open\":true}]";
    if (strcmp(command, "query-status") == 0)
        return fake->full ? "{\"status\":\"io-error\"}" : "{\"status\":\"running\"}";
    return "{}";
}

/* What stands still, or is cut off, says so on the serial console, where a test reads it. */
static void
isolation_note(const Fake *fake, const char *command, const json_t *question)
{
    const gboolean up = json_is_true(json_path(question, "arguments.up"));
    if (strcmp(command, "set_link") == 0)
        fprintf(fake->serial, "[%s %s]", json_string_value(json_path(question, "arguments.name")), up ? "up" : "down");
    else if (strcmp(command, "stop") == 0 || strcmp(command, "cont") == 0)
        fprintf(fake->serial, "[%s]", command);
    fflush(fake->serial);
}

static void
qmp_answer(Fake *fake, const json_t *question)
{
    const char *command = json_member_text(question, "execute");
    json_int_t id = json_integer_value(json_object_get(question, "id"));
    if (strcmp(command, "cont") == 0)
        fake->full = FALSE;
    isolation_note(fake, command, question);
    g_autofree char *text = g_strdup_printf("{\"return\":%s,\"id\":%lld}\r\n", result_of(fake, command), (long long)id);
    say(fake->qmp, text);
    if (strcmp(command, "query-status") == 0 && ftell(fake->serial) == 0)
        boot(fake);
    if (strcmp(command, "system_powerdown") == 0 && !is(fake, "stubborn")) {
        say(fake->qmp, "{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true,\"reason\":\"guest-shutdown\"}}\r\n");
        if (is(fake, "lingers")) {
            close(fake->tpm);
            poll(NULL, 0, LINGERS_MS);
        }
        exit(0);
    }
}

static void
reboot(const Fake *fake, gboolean agent)
{
    say(fake->qmp, "{\"event\":\"VSERPORT_CHANGE\",\"data\":{\"open\":false,\"id\":\"qga\"}}\r\n"
                   "{\"event\":\"RESET\",\"data\":{\"guest\":true,\"reason\":\"guest-reset\"}}\r\n");
    if (agent)
        say(fake->qmp, "{\"event\":\"VSERPORT_CHANGE\",\"data\":{\"open\":true,\"id\":\"qga\"}}\r\n");
}

static void
qga_answer(Fake *fake, const json_t *question)
{
    const json_t *id = json_path(question, "arguments.id");
    g_autofree char *text = id ? g_strdup_printf("\xff{\"return\":%lld}\n", (long long)json_integer_value(id)) : NULL;
    if (text)
        say(fake->qga, text);
    if (strcmp(json_member_text(question, "execute"), "guest-exec") == 0) {
        reboot(fake, /* agent= */ FALSE);
        reboot(fake, /* agent= */ TRUE);
    }
}

/* FALSE: the other side hung up. */
static gboolean
conversation(Fake *fake, int fd, void (*answer)(Fake *fake, const json_t *question))
{
    char block[4096];
    ssize_t n = read(fd, block, sizeof block - 1);
    if (n <= 0)
        return FALSE;
    block[n] = '\0';
    g_auto(GStrv) lines = g_strsplit(block, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *text = (guchar) * *line == 0xff ? *line + 1 : *line;
        g_autoptr(json_t) question = json_parse(text, strlen(text), NULL);
        if (question)
            answer(fake, question);
    }
    return TRUE;
}

static void
connection_take(int listener, int *fd, gboolean *ret_new)
{
    *ret_new = *fd < 0 && (*fd = accept(listener, NULL, NULL)) >= 0;
}

int
main(int argc, char **argv)
{
    Fake fake = { .guest = "", .qmp_listener = -1, .qga_listener = -1, .qmp = -1, .qga = -1, .tpm = -1 };
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("QEMU emulator version 0.0.0 (played by a test)");
        return 0;
    }
    /* A test that was ended half-way leaves nobody behind for long. */
    alarm(LIFE_MAX_S);
    arguments_read(&fake, argc, argv);
    /* Tests are to go the same way on every machine. */
    if (fake.asks_for_kvm)
        return 1;
    if (is(&fake, "dies")) {
        fputs("first words\nthe last words\n", stderr);
        return 1;
    }
    for (;;) {
        struct pollfd fds[] = { { fake.qmp < 0 ? fake.qmp_listener : fake.qmp, POLLIN, 0 },
                                { fake.qga < 0 ? fake.qga_listener : fake.qga, POLLIN, 0 } };
        gboolean fresh = FALSE;
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
            return 1;
        if (fds[0].revents && fake.qmp < 0) {
            connection_take(fake.qmp_listener, &fake.qmp, &fresh);
            if (fresh && !is(&fake, "mute"))
                say(fake.qmp, "{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n");
        } else if (fds[0].revents && !conversation(&fake, fake.qmp, qmp_answer)) {
            close(fake.qmp);
            fake.qmp = -1;
        }
        if (fds[1].revents && fake.qga < 0) {
            connection_take(fake.qga_listener, &fake.qga, &fresh);
        } else if (fds[1].revents && !conversation(&fake, fake.qga, qga_answer)) {
            close(fake.qga);
            fake.qga = -1;
        }
    }
}

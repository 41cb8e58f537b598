/* testudo-guest put into a guest and run there, by an agent that a test plays: it has files, and what is wrong with them. */
#include "host/qemu/handler.h"

#include "base/json.h"

#include "peer.h"

#include <stdio.h>
#include <string.h>

#define RUN_FILE "/run/testudo/bin/testudo-guest"
#define VAR_FILE "/var/lib/testudo/bin/testudo-guest"
#define SMALL    1200u
/* Two whole chunks and some. */
#define LARGE 120000u

typedef struct {
    Peer peer;
    Clock *clock;
    Qga *qga;
    Handler *handler;
    GBytes *program;
    GString *asked; /* of the agent, a word each */
    GString *told;  /* to whoever ran something */

    GHashTable *files; /* path -> GByteArray */
    GByteArray *open;
    gsize read_at;
    char *executed; /* argv of what runs, until its status was asked for */
    const char *noexec_run, *noexec_var, *forbidden, *full, *rots, *no_folder;
    gboolean mute, hangs;
    gsize out_size;
} Fixture;

static void
on_told(int exit_code, const char *out, gsize out_length, const char *err G_GNUC_UNUSED, gsize err_length G_GNUC_UNUSED,
        const GError *error, void *data)
{
    Fixture *f = data;
    if (error)
        g_string_append_printf(f->told, "%s: %s;", arm_code_text((ArmCode)error->code), error->message);
    else
        g_string_append_printf(f->told, "exit %d %.*s;", exit_code, (int)MIN(out_length, 40), out);
}

static void
on_agent(void *data G_GNUC_UNUSED)
{
}

/* ---- the played agent ---- */

static gboolean
is_below(const char *path, const char *folder)
{
    return folder && g_str_has_prefix(path, folder);
}

static json_t *
refusal(const char *words)
{
    return json_pack("{s{ssss}}", "error", "class", "GenericError", "desc", words);
}

static json_t *
file_open(Fixture *f, const char *path, const char *mode)
{
    f->open = g_hash_table_lookup(f->files, path);
    f->read_at = 0;
    if (*mode == 'w') {
        f->open = g_byte_array_new();
        g_hash_table_replace(f->files, g_strdup(path), f->open);
    }
    return f->open ? json_pack("{si}", "return", 1000) : refusal("failed to open file: No such file or directory");
}

static json_t *
file_write(Fixture *f, const char *base64)
{
    gsize length;
    g_autofree guchar *bytes = g_base64_decode(base64, &length);
    if (f->full)
        return refusal("failed to write to file: No space left on device");
    g_byte_array_append(f->open, bytes, (guint)length);
    if (f->rots)
        f->open->data[0] ^= 1;
    return json_pack("{s{sisb}}", "return", "count", (int)length, "eof", 0);
}

static json_t *
file_read(Fixture *f, gsize count)
{
    const gsize n = MIN(count, f->open->len - f->read_at);
    g_autofree char *base64 = g_base64_encode(f->open->data + f->read_at, n);
    f->read_at += n;
    return json_pack("{s{sisssb}}", "return", "count", (int)n, "buf-b64", base64, "eof", 1);
}

static json_t *
exec(Fixture *f, const char *path, const json_t *args)
{
    g_autoptr(GString) line = g_string_new(path);
    for (size_t i = 0; i < json_array_size(args); i++)
        g_string_append_printf(line, " %s", json_string_value(json_array_get(args, i)));
    g_string_append_printf(f->asked, "(%s)", line->str);
    if (*path == '/' &&
        (!g_hash_table_contains(f->files, path) || is_below(path, f->noexec_run) || is_below(path, f->noexec_var)))
        return refusal("Guest agent command failed, error was 'Failed to execute child process: Permission denied'");
    if (g_str_has_prefix(line->str, "rm -f "))
        g_hash_table_remove(f->files, line->str + strlen("rm -f "));
    g_free(f->executed);
    f->executed = g_string_free(g_steal_pointer(&line), FALSE);
    return json_pack("{s{si}}", "return", "pid", 7);
}

static json_t *
exec_status(Fixture *f)
{
    if (f->hangs && *f->executed == '/')
        return json_pack("{s{sb}}", "return", "exited", 0);
    if (f->no_folder && g_str_has_prefix(f->executed, "mkdir"))
        return json_pack("{s{sb si ss}}", "return", "exited", 1, "exitcode", 1, "err-data", "UmVhZC1vbmx5IGZpbGUgc3lzdGVtCg==");
    g_autofree char *text = f->out_size ? g_strnfill(f->out_size, 'x') : g_strdup(f->executed);
    g_autofree char *base64 = g_base64_encode((const guchar *)text, strlen(text));
    return json_pack("{s{sb si ss}}", "return", "exited", 1, "exitcode", 0, "out-data", base64);
}

static json_t *
result_of(Fixture *f, const char *command, const json_t *arguments)
{
    if (f->forbidden && strcmp(command, f->forbidden) == 0)
        return json_pack("{s{ssss}}", "error", "class", "CommandNotFound", "desc", "Command guest-exec has been disabled");
    if (strcmp(command, "guest-file-open") == 0)
        return file_open(f, json_member_text(arguments, "path"), json_member_text(arguments, "mode"));
    if (strcmp(command, "guest-file-write") == 0)
        return file_write(f, json_member_text(arguments, "buf-b64"));
    if (strcmp(command, "guest-file-read") == 0)
        return file_read(f, (gsize)json_integer_value(json_object_get(arguments, "count")));
    if (strcmp(command, "guest-file-close") == 0) {
        f->open = NULL;
        return json_pack("{s{}}", "return");
    }
    if (strcmp(command, "guest-exec") == 0)
        return exec(f, json_member_text(arguments, "path"), json_object_get(arguments, "arg"));
    return exec_status(f);
}

static void
answer(Fixture *f, const char *line)
{
    const char *text = (guchar)*line == 0xff ? line + 1 : line;
    g_autoptr(json_t) question = json_parse(text, strlen(text), NULL);
    const char *command = json_member_text(question, "execute");
    const json_t *id = json_path(question, "arguments.id");
    g_autoptr(json_t) result = NULL;
    if (id) {
        g_autofree char *sync = g_strdup_printf("\xff{\"return\":%lld}\n", (long long)json_integer_value(id));
        peer_say(&f->peer, sync);
        return;
    }
    if (strcmp(command, "guest-exec-status") != 0)
        g_string_append_printf(f->asked, "%s%s", f->asked->len ? " " : "", command + strlen("guest-"));
    if (f->mute)
        return;
    result = result_of(f, command, json_object_get(question, "arguments"));
    g_autofree char *said = json_text(result), *said_line = g_strconcat(said, "\n", NULL);
    peer_say(&f->peer, said_line);
}

/* Until nothing is asked any more, though time goes on; up to so many seconds of it. */
static void
play(Fixture *f, guint seconds)
{
    const UnixTime until = f->clock->now(f->clock) + seconds * USEC_PER_SEC;
    while (f->clock->now(f->clock) < until) {
        while (!peer_hears_nothing(&f->peer)) {
            g_autofree char *line = peer_hear(&f->peer);
            answer(f, line);
        }
        clock_virtual_advance_to(f->clock, f->clock->now(f->clock) + 100 * USEC_PER_MSEC);
    }
}

static void
byte_array_free(void *data)
{
    g_byte_array_unref(data);
}

static void
program_make(Fixture *f, guint size)
{
    guchar *bytes = g_malloc(size);
    for (guint i = 0; i < size; i++)
        bytes[i] = (guchar)(i * 7 + i / 251);
    f->program = g_bytes_new_take(bytes, size);
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    program_make(f, SMALL);
    peer_set_up(&f->peer);
    f->clock = clock_virtual_new(USEC_PER_SEC);
    f->asked = g_string_new(NULL);
    f->told = g_string_new(NULL);
    f->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, byte_array_free);
    f->qga = qga_connect(f->peer.path, f->peer.context, f->clock, on_agent, f, &error);
    g_assert_no_error(error);
    peer_accept(&f->peer);
    f->handler = handler_new(f->qga, f->clock, f->program);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    handler_free(f->handler);
    qga_free(f->qga);
    clock_virtual_free(f->clock);
    peer_tear_down(&f->peer);
    g_hash_table_unref(f->files);
    g_bytes_unref(f->program);
    g_string_free(f->asked, TRUE);
    g_string_free(f->told, TRUE);
    g_free(f->executed);
}

static void
run(Fixture *f, const char *word)
{
    const char *const argv[] = { word, "x", NULL };
    handler_run(f->handler, argv, 60 * USEC_PER_SEC, on_told, f);
}

static void
expect(Fixture *f, const char *told)
{
    g_assert_cmpstr(f->told->str, ==, told);
    g_string_truncate(f->told, 0);
}

static void
expect_asked(Fixture *f, const char *asked)
{
    g_assert_cmpstr(f->asked->str, ==, asked);
    g_string_truncate(f->asked, 0);
}

static void
file_put(Fixture *f, const char *path, const void *bytes, gsize length)
{
    GByteArray *array = g_byte_array_new();
    g_byte_array_append(array, bytes, (guint)length);
    g_hash_table_replace(f->files, g_strdup(path), array);
}

static void
file_is_program(const Fixture *f, const char *path)
{
    const GByteArray *file = g_hash_table_lookup(f->files, path);
    g_assert_nonnull(file);
    gsize size;
    const void *program = g_bytes_get_data(f->program, &size);
    g_assert_cmpmem(file->data, file->len, program, size);
}

/* The folder before the file, the file read back before it may run. */
#define FOLDER(dir) "exec(mkdir -p -m 0700 " dir ")"
#define WRITE(dir)                                                                                                             \
    FOLDER(dir)                                                                                                                \
    " exec(rm -f " dir "/testudo-guest) file-open file-write file-close"                                                       \
    " file-open file-read file-close exec(chmod 0700 " dir "/testudo-guest)"
#define RUN(dir, word) "exec(" dir "/testudo-guest " word " x)"

/* ---- tests ---- */

static void
test_it_is_put_there_once(Fixture *f, const void *data G_GNUC_UNUSED)
{
    run(f, "a");
    play(f, 5);
    expect(f, "exit 0 " RUN_FILE " a x;");
    expect_asked(f, "file-open " WRITE("/run/testudo/bin") " " RUN("/run/testudo/bin", "a"));
    file_is_program(f, RUN_FILE);
    run(f, "b");
    play(f, 5);
    expect(f, "exit 0 " RUN_FILE " b x;");
    expect_asked(f, RUN("/run/testudo/bin", "b"));
}

static void
test_a_large_one_goes_in_pieces(Fixture *f, const void *data G_GNUC_UNUSED)
{
    handler_free(f->handler);
    g_bytes_unref(f->program);
    program_make(f, LARGE);
    f->handler = handler_new(f->qga, f->clock, f->program);
    run(f, "a");
    play(f, 5);
    expect(f, "exit 0 " RUN_FILE " a x;");
    g_assert_nonnull(strstr(f->asked->str, " file-open file-write file-write file-write file-close "));
    file_is_program(f, RUN_FILE);
}

static void
test_what_another_daemon_put_there_is_compared_and_kept(Fixture *f, const void *data G_GNUC_UNUSED)
{
    file_put(f, RUN_FILE, g_bytes_get_data(f->program, NULL), SMALL);
    run(f, "a");
    play(f, 5);
    expect(f, "exit 0 " RUN_FILE " a x;");
    expect_asked(f, "file-open file-read file-close exec(chmod 0700 " RUN_FILE ") " RUN("/run/testudo/bin", "a"));
}

/* Shorter, longer, and with one byte that differs. */
static void
test_what_differs_is_written_anew(Fixture *f, const void *data G_GNUC_UNUSED)
{
    const guchar *program = g_bytes_get_data(f->program, NULL);
    for (guint i = 0; i < 3; i++) {
        g_autofree guchar *bytes = g_malloc0(SMALL + 1);
        memcpy(bytes, program, SMALL);
        bytes[i == 2 ? SMALL / 2 : 0] ^= i == 2;
        file_put(f, RUN_FILE, bytes, SMALL - 1 + MIN(i * 2, 2) - (i == 2));
        handler_free(f->handler);
        f->handler = handler_new(f->qga, f->clock, f->program);
        run(f, "a");
        play(f, 5);
        expect(f, "exit 0 " RUN_FILE " a x;");
        expect_asked(f, "file-open file-read file-close " WRITE("/run/testudo/bin") " " RUN("/run/testudo/bin", "a"));
        file_is_program(f, RUN_FILE);
    }
}

static void
test_where_it_vanished_it_is_put_again(Fixture *f, const void *data G_GNUC_UNUSED)
{
    run(f, "a");
    play(f, 5);
    g_hash_table_remove_all(f->files);
    g_string_truncate(f->asked, 0);
    g_string_truncate(f->told, 0);
    run(f, "b");
    play(f, 5);
    expect(f, "exit 0 " RUN_FILE " b x;");
    expect_asked(f, RUN("/run/testudo/bin", "b") " file-open " WRITE("/run/testudo/bin") " " RUN("/run/testudo/bin", "b"));
}

static void
test_where_run_lets_nothing_be_run_it_goes_to_the_disk(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->noexec_run = "/run/";
    run(f, "a");
    play(f, 10);
    expect(f, "exit 0 " VAR_FILE " a x;");
    file_is_program(f, VAR_FILE);
    g_string_truncate(f->asked, 0);
    run(f, "b");
    play(f, 5);
    expect(f, "exit 0 " VAR_FILE " b x;");
    expect_asked(f, RUN("/var/lib/testudo/bin", "b"));
}

static const struct {
    const char *name;
    gsize fault; /* offset of a text in Fixture */
    const char *value, *told;
} faults[] = {
    { "nothing-can-be-run-anywhere", G_STRUCT_OFFSET(Fixture, noexec_var), "/",
      "Failed to execute child process: Permission denied'" },
    { "the-disk-is-full", G_STRUCT_OFFSET(Fixture, full), "yes", "No space left on device" },
    { "what-is-written-is-not-what-is-read", G_STRUCT_OFFSET(Fixture, rots), "yes",
      "what was written there is not what is read" },
    { "no-folder", G_STRUCT_OFFSET(Fixture, no_folder), "yes", "Read-only file system" },
};

static void
test_fault(Fixture *f, const void *data)
{
    const guint i = GPOINTER_TO_UINT(data);
    G_STRUCT_MEMBER(const char *, f, faults[i].fault) = faults[i].value;
    run(f, "a");
    run(f, "b");
    play(f, 30);
    g_test_message("%s", f->told->str);
    g_auto(GStrv) told = g_strsplit(f->told->str, ";", -1);
    g_assert_cmpuint(g_strv_length(told), ==, 3);
    for (guint n = 0; n < 2; n++) {
        g_assert_true(g_str_has_prefix(told[n], "GuestRunFailed: testudo-guest cannot be run in this guest, neither in "));
        g_assert_nonnull(strstr(told[n], faults[i].told));
    }
    /* Not put there again with every question … */
    g_string_truncate(f->told, 0);
    g_string_truncate(f->asked, 0);
    run(f, "c");
    g_assert_true(g_str_has_prefix(f->told->str, "GuestRunFailed: testudo-guest cannot be run in this guest"));
    play(f, 60);
    g_assert_cmpstr(f->asked->str, ==, "");
    /* … but whoever mends the guest need not restart it. */
    G_STRUCT_MEMBER(const char *, f, faults[i].fault) = NULL;
    g_string_truncate(f->told, 0);
    run(f, "c");
    play(f, 10);
    expect(f, "exit 0 " RUN_FILE " c x;");
    g_assert_null(f->open);
}

static void
test_an_agent_that_may_not_is_named(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const char *const commands[] = { "guest-exec", "guest-file-open", "guest-file-write", "guest-exec-status" };
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        f->forbidden = commands[i];
        g_hash_table_remove_all(f->files);
        run(f, "a");
        play(f, 5);
        g_test_message("%s: %s", commands[i], f->told->str);
        g_assert_true(g_str_has_prefix(f->told->str, "GuestAgentRestricted: The guest does not let its agent"));
        g_string_truncate(f->told, 0);
    }
}

static void
test_one_after_the_other(Fixture *f, const void *data G_GNUC_UNUSED)
{
    run(f, "a");
    run(f, "b");
    run(f, "c");
    play(f, 5);
    expect(f, "exit 0 " RUN_FILE " a x;exit 0 " RUN_FILE " b x;exit 0 " RUN_FILE " c x;");
    expect_asked(f, "file-open " WRITE("/run/testudo/bin") " " RUN("/run/testudo/bin", "a") " " RUN(
                        "/run/testudo/bin", "b") " " RUN("/run/testudo/bin", "c"));
}

static void
test_too_many_are_refused_at_once(Fixture *f, const void *data G_GNUC_UNUSED)
{
    for (guint i = 0; i < HOST_GUEST_QUEUE_MAX; i++)
        run(f, "a");
    expect(f, "");
    run(f, "b");
    expect(f, "TooManyRequests: 16 commands of testudo-guest wait for this VM already.;");
}

static void
test_one_that_does_not_end_is_given_up_and_the_next_runs(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->hangs = TRUE;
    run(f, "a");
    play(f, 59);
    expect(f, "");
    run(f, "b");
    play(f, 2);
    expect(f, "GuestRunFailed: testudo-guest did not end in time.;");
    f->hangs = FALSE;
    play(f, 5);
    expect(f, "exit 0 " RUN_FILE " b x;");
}

static void
test_a_mute_agent_keeps_nobody_waiting(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->mute = TRUE;
    run(f, "a");
    play(f, 20);
    expect(f, "OperationNotAllowed: The guest agent does not answer.;");
    f->mute = FALSE;
    run(f, "b");
    play(f, 5);
    expect(f, "exit 0 " RUN_FILE " b x;");
}

static void
test_too_much_output_is_none(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->out_size = HOST_GUEST_OUT_MAX;
    run(f, "a");
    play(f, 5);
    g_assert_true(g_str_has_prefix(f->told->str, "exit 0 xxx"));
    g_string_truncate(f->told, 0);
    f->out_size = HOST_GUEST_OUT_MAX + 1;
    run(f, "b");
    play(f, 5);
    expect(f, "GuestRunFailed: testudo-guest said more than 262144 bytes.;");
}

/* At any moment of it: after so many answers of the agent. */
static void
test_the_end_at_any_moment_tells_whoever_waits(Fixture *f, const void *data G_GNUC_UNUSED)
{
    for (guint answers = 0; answers < 20; answers++) {
        handler_free(f->handler);
        f->handler = handler_new(f->qga, f->clock, f->program);
        g_hash_table_remove_all(f->files);
        run(f, "a");
        run(f, "b");
        for (guint i = 0; i < answers; i++) {
            clock_virtual_advance_to(f->clock, f->clock->now(f->clock) + 100 * USEC_PER_MSEC);
            if (peer_hears_nothing(&f->peer))
                continue;
            g_autofree char *line = peer_hear(&f->peer);
            answer(f, line);
        }
        g_clear_pointer(&f->handler, handler_free);
        g_auto(GStrv) told = g_strsplit(f->told->str, ";", -1);
        g_assert_cmpuint(g_strv_length(told), ==, 3);
        g_string_truncate(f->told, 0);
        /* The agent's answer to what was under way comes to nobody. */
        play(f, 2);
        expect(f, "");
    }
}

static void
test_the_connection_may_end_first_or_last(Fixture *f, const void *data G_GNUC_UNUSED)
{
    run(f, "a");
    run(f, "b");
    g_clear_pointer(&f->handler, handler_free);
    g_clear_pointer(&f->qga, qga_free);
    expect(f, "OperationNotAllowed: The VM ended, or booted anew, before testudo-guest had.;"
              "OperationNotAllowed: The VM ended, or booted anew, before testudo-guest had.;");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/handler/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("it-is-put-there-once", test_it_is_put_there_once);
    ADD("a-large-one-goes-in-pieces", test_a_large_one_goes_in_pieces);
    ADD("what-another-daemon-put-there-is-compared-and-kept", test_what_another_daemon_put_there_is_compared_and_kept);
    ADD("what-differs-is-written-anew", test_what_differs_is_written_anew);
    ADD("where-it-vanished-it-is-put-again", test_where_it_vanished_it_is_put_again);
    ADD("where-run-lets-nothing-be-run-it-goes-to-the-disk", test_where_run_lets_nothing_be_run_it_goes_to_the_disk);
    ADD("an-agent-that-may-not-is-named", test_an_agent_that_may_not_is_named);
    ADD("one-after-the-other", test_one_after_the_other);
    ADD("too-many-are-refused-at-once", test_too_many_are_refused_at_once);
    ADD("one-that-does-not-end-is-given-up-and-the-next-runs", test_one_that_does_not_end_is_given_up_and_the_next_runs);
    ADD("a-mute-agent-keeps-nobody-waiting", test_a_mute_agent_keeps_nobody_waiting);
    ADD("too-much-output-is-none", test_too_much_output_is_none);
    ADD("the-end-at-any-moment-tells-whoever-waits", test_the_end_at_any_moment_tells_whoever_waits);
    ADD("the-connection-may-end-first-or-last", test_the_connection_may_end_first_or_last);
#undef ADD
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *path = g_strconcat("/handler/fault/", faults[i].name, NULL);
        g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_fault, tear_down);
    }
    return g_test_run();
}

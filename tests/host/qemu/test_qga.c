/* The guest agent, played by a guest that keeps to no rule; its time is ours. */
#include "host/qemu/qga.h"

#include "peer.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    Peer peer;
    Clock *clock;
    Qga *qga;
    guint answered;
    GString *ended; /* of execs, in order */
} Fixture;

static void
on_answered(void *data)
{
    ((Fixture *)data)->answered++;
}

static void
on_exec(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length G_GNUC_UNUSED,
        const QgaError *error, void *data)
{
    Fixture *f = data;
    if (error)
        g_string_append_printf(f->ended, "error %s;", error->text);
    else
        g_string_append_printf(f->ended, "exit %d %.*s|%s;", exit_code, (int)out_length, out, err);
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    peer_set_up(&f->peer);
    f->clock = clock_virtual_new(USEC_PER_SEC);
    f->ended = g_string_new(NULL);
    f->qga = qga_connect(f->peer.path, f->peer.context, f->clock, on_answered, f, &error);
    g_assert_no_error(error);
    peer_accept(&f->peer);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    qga_free(f->qga);
    clock_virtual_free(f->clock);
    peer_tear_down(&f->peer);
    g_string_free(f->ended, TRUE);
}

static void
seconds_pass(Fixture *f, guint seconds)
{
    clock_virtual_advance_to(f->clock, f->clock->now(f->clock) + seconds * USEC_PER_SEC);
    peer_settle(&f->peer);
}

/* The id of the sync that comes next. */
static long long
sync_hear(Fixture *f)
{
    long long id = 0;
    g_autofree char *line = peer_hear(&f->peer);
    g_assert_cmpint((guchar)line[0], ==, 0xff);
    g_assert_cmpint(sscanf(line + 1, "{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":%lld}}", &id), ==, 1);
    return id;
}

G_GNUC_PRINTF(2, 3)
static void
say(Fixture *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    peer_say(&f->peer, text);
}

static void
sync_answer(Fixture *f)
{
    say(f, "\xff{\"return\": %lld}\n", sync_hear(f));
}

static void
exec_ask(Fixture *f)
{
    static const char *const argv[] = { "/bin/true", "a b", NULL };
    qga_exec(f->qga, argv, "in", 60 * USEC_PER_SEC, on_exec, f);
}

static void
hear_is(Fixture *f, const char *expected)
{
    g_autofree char *line = peer_hear(&f->peer);
    g_assert_cmpstr(line, ==, expected);
}

#define EXEC                                                                                                                   \
    "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"/bin/true\",\"arg\":[\"a "                                          \
    "b\"],\"input-data\":\"aW4=\","                                                                                            \
    "\"capture-output\":true}}"
#define STATUS "{\"execute\":\"guest-exec-status\",\"arguments\":{\"pid\":7}}"

/* Up to the question how the command ended. */
static void
exec_begin(Fixture *f)
{
    sync_answer(f);
    exec_ask(f);
    hear_is(f, EXEC);
    say(f, "{\"return\":{\"pid\":7}}\n");
    seconds_pass(f, 1);
    hear_is(f, STATUS);
}

/* ---- the first answer ---- */

static void
test_the_first_answer_is_told_once(Fixture *f, const void *data G_GNUC_UNUSED)
{
    sync_answer(f);
    g_assert_cmpuint(f->answered, ==, 1);
    say(f, "{\"return\":1}\n");
    g_assert_cmpuint(f->answered, ==, 1);
}

static void
test_what_comes_before_it_is_dropped(Fixture *f, const void *data G_GNUC_UNUSED)
{
    long long id = sync_hear(f);
    say(f, "\": 5}\n");
    say(f, "{\"error\":{\"class\":\"GenericError\",\"desc\":\"JSON parse error\"}}\n");
    say(f, "{\"return\":%lld}\n{\"return\":{}}\n[]\n\x01\x02\n", id + 1);
    g_assert_cmpuint(f->answered, ==, 0);
    say(f, "half a line\xff{\"return\":%lld}\n", id);
    g_assert_cmpuint(f->answered, ==, 1);
}

static void
test_a_lost_sync_is_sent_again_under_another_id(Fixture *f, const void *data G_GNUC_UNUSED)
{
    long long first = sync_hear(f);
    seconds_pass(f, 2);
    long long second = sync_hear(f);
    g_assert_cmpint(first, !=, second);
    say(f, "{\"return\":%lld}\n", first);
    g_assert_cmpuint(f->answered, ==, 0);
    say(f, "{\"return\":%lld}\n", second);
    g_assert_cmpuint(f->answered, ==, 1);
    seconds_pass(f, 600);
    g_assert_true(peer_hears_nothing(&f->peer));
}

static void
test_a_silent_guest_is_asked_ever_more_seldom(Fixture *f, const void *data G_GNUC_UNUSED)
{
    guint asked = 0;
    sync_hear(f);
    for (guint second = 0; second < 600; second++) {
        seconds_pass(f, 1);
        while (!peer_hears_nothing(&f->peer)) {
            sync_hear(f);
            asked++;
        }
    }
    g_assert_cmpuint(asked, >, 5);
    g_assert_cmpuint(asked, <, 30);
}

/* ---- commands ---- */

static void
test_a_command_runs_to_its_end(Fixture *f, const void *data G_GNUC_UNUSED)
{
    exec_begin(f);
    say(f, "{\"return\":{\"exited\":false}}\n");
    seconds_pass(f, 1);
    hear_is(f, STATUS);
    say(f, "{\"return\":{\"exited\":true,\"exitcode\":3,\"out-data\":\"b3V0\",\"err-data\":"
           "\"ZXJy\"}}\n");
    g_assert_cmpstr(f->ended->str, ==, "exit 3 out|err;");
}

static void
test_commands_wait_for_the_first_answer_and_for_each_other(Fixture *f, const void *data G_GNUC_UNUSED)
{
    exec_ask(f);
    exec_ask(f);
    sync_answer(f);
    hear_is(f, EXEC);
    g_assert_true(peer_hears_nothing(&f->peer));
    say(f, "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"guest-exec is disabled\"}}\n");
    hear_is(f, EXEC);
    g_assert_cmpstr(f->ended->str, ==, "error The guest agent does not run commands: guest-exec is disabled;");
}

static const struct {
    const char *name, *status, *ended;
} statuses[] = {
    { "no-status", "{\"return\":7}\n", "error The guest agent did not say how the command ended.;" },
    { "an-error", "{\"error\":{}}\n", "error The guest agent did not say how the command ended.;" },
    { "a-signal", "{\"return\":{\"exited\":true,\"signal\":9}}\n", "exit 137 |;" },
    { "a-signal-that-is-none", "{\"return\":{\"exited\":true,\"signal\":2147483647}}\n", "exit 255 |;" },
    { "nothing-but-exited", "{\"return\":{\"exited\":true}}\n", "exit 128 |;" },
    { "output-that-is-no-text", "{\"return\":{\"exited\":true,\"exitcode\":0,\"out-data\":7}}\n", "exit 0 |;" },
    { "output-that-is-no-base64", "{\"return\":{\"exited\":true,\"exitcode\":0,\"out-data\":\"!!\"}}\n", "exit 0 |;" },
};

static void
test_status(Fixture *f, const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    exec_begin(f);
    say(f, "%s", statuses[i].status);
    g_assert_cmpstr(f->ended->str, ==, statuses[i].ended);
}

static void
test_a_command_that_does_not_end_is_given_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    exec_begin(f);
    for (guint i = 0; i < 200 && f->ended->len == 0; i++) {
        say(f, "{\"return\":{\"exited\":false}}\n");
        seconds_pass(f, 1);
        if (f->ended->len == 0)
            hear_is(f, STATUS);
    }
    g_assert_cmpstr(f->ended->str, ==, "error The command did not end in time; it goes on in the guest.;");
}

/* An answer that is late must not be taken for the answer to what is asked next. */
static void
test_after_silence_everything_begins_with_a_sync(Fixture *f, const void *data G_GNUC_UNUSED)
{
    sync_answer(f);
    exec_ask(f);
    hear_is(f, EXEC);
    seconds_pass(f, 10);
    g_assert_cmpstr(f->ended->str, ==, "error The guest agent does not run commands: no answer;");
    exec_ask(f);
    long long id = sync_hear(f);
    say(f, "{\"return\":{\"pid\":666}}\n\xff{\"return\":%lld}\n", id);
    hear_is(f, EXEC);
    say(f, "{\"return\":{\"pid\":7}}\n");
    seconds_pass(f, 1);
    hear_is(f, STATUS);
}

static void
test_an_answer_too_many_is_dropped(Fixture *f, const void *data G_GNUC_UNUSED)
{
    sync_answer(f);
    say(f, "{\"return\":{\"pid\":1}}\n{\"return\":{\"pid\":2}}\n");
    exec_ask(f);
    hear_is(f, EXEC);
    say(f, "{\"return\":{\"pid\":7}}\n");
    seconds_pass(f, 1);
    hear_is(f, STATUS);
}

static void
test_a_command_under_way_is_never_sent_twice(Fixture *f, const void *data G_GNUC_UNUSED)
{
    sync_answer(f);
    exec_ask(f);
    hear_is(f, EXEC);
    qga_sync(f->qga);
    sync_answer(f);
    g_assert_true(peer_hears_nothing(&f->peer));
    g_assert_cmpstr(f->ended->str, ==, "error The guest agent does not run commands: no answer;");
}

static void
test_a_silent_guest_keeps_nobody_waiting(Fixture *f, const void *data G_GNUC_UNUSED)
{
    exec_ask(f);
    exec_ask(f);
    seconds_pass(f, 30);
    g_assert_cmpstr(f->ended->str, ==,
                    "error The guest agent does not run commands: no answer;"
                    "error The guest agent does not run commands: no answer;");
}

static void
test_an_oversize_answer_ends_the_connection_and_every_wait(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autofree char *block = g_strnfill(1u << 20, 'x');
    sync_answer(f);
    exec_ask(f);
    for (guint i = 0; i < 8 && !qga_is_closed(f->qga); i++)
        peer_say(&f->peer, block);
    g_assert_true(qga_is_closed(f->qga));
    seconds_pass(f, 11);
    exec_ask(f);
    seconds_pass(f, 11);
    g_assert_cmpstr(f->ended->str, ==,
                    "error The guest agent does not run commands: no answer;"
                    "error The guest agent does not run commands: no answer;");
}

static void
test_shutting_down_waits_for_no_answer(Fixture *f, const void *data G_GNUC_UNUSED)
{
    sync_answer(f);
    qga_shutdown(f->qga);
    hear_is(f, "{\"execute\":\"guest-shutdown\",\"arguments\":{\"mode\":\"powerdown\"}}");
    say(f, "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no\"}}\n");
    exec_begin(f);
}

static void
test_freeing_answers_whoever_waits(Fixture *f, const void *data G_GNUC_UNUSED)
{
    exec_begin(f);
    exec_ask(f);
    g_clear_pointer(&f->qga, qga_free);
    g_assert_cmpstr(f->ended->str, ==,
                    "error The VM ended, or booted anew, while the command ran.;"
                    "error The VM ended, or booted anew, while the command ran.;");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/qga/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("the-first-answer-is-told-once", test_the_first_answer_is_told_once);
    ADD("what-comes-before-it-is-dropped", test_what_comes_before_it_is_dropped);
    ADD("a-lost-sync-is-sent-again-under-another-id", test_a_lost_sync_is_sent_again_under_another_id);
    ADD("a-silent-guest-is-asked-ever-more-seldom", test_a_silent_guest_is_asked_ever_more_seldom);
    ADD("a-command-runs-to-its-end", test_a_command_runs_to_its_end);
    ADD("commands-wait-for-the-first-answer-and-for-each-other", test_commands_wait_for_the_first_answer_and_for_each_other);
    ADD("a-command-that-does-not-end-is-given-up", test_a_command_that_does_not_end_is_given_up);
    ADD("after-silence-everything-begins-with-a-sync", test_after_silence_everything_begins_with_a_sync);
    ADD("an-answer-too-many-is-dropped", test_an_answer_too_many_is_dropped);
    ADD("a-command-under-way-is-never-sent-twice", test_a_command_under_way_is_never_sent_twice);
    ADD("a-silent-guest-keeps-nobody-waiting", test_a_silent_guest_keeps_nobody_waiting);
    ADD("an-oversize-answer-ends-the-connection-and-every-wait", test_an_oversize_answer_ends_the_connection_and_every_wait);
    ADD("shutting-down-waits-for-no-answer", test_shutting_down_waits_for_no_answer);
    ADD("freeing-answers-whoever-waits", test_freeing_answers_whoever_waits);
#undef ADD
    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *path = g_strconcat("/qga/status/", statuses[i].name, NULL);
        g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_status, tear_down);
    }
    return g_test_run();
}

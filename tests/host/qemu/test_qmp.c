/* QEMU's monitor, played by the test. */
#include "host/qemu/qmp.h"

#include "peer.h"

#include <string.h>

typedef struct {
    Peer peer;
    Qmp *qmp;
    GString *said; /* what the callbacks were told, in order */
} Fixture;

static void
on_ready(void *data)
{
    g_string_append(((Fixture *)data)->said, "ready;");
}

static void
on_event(const char *name, const json_t *event_data, void *data)
{
    g_autofree char *text = event_data ? json_text(event_data) : g_strdup("-");
    g_string_append_printf(((Fixture *)data)->said, "event %s %s;", name, text);
}

static void
on_closed(void *data)
{
    g_string_append(((Fixture *)data)->said, "closed;");
}

static void
on_done(const json_t *result, const char *error_text, void *data)
{
    g_autofree char *text = result ? json_text(result) : g_strdup(error_text);
    g_string_append_printf(((Fixture *)data)->said, "done %s;", text);
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    static const QmpCallbacks callbacks = { on_ready, on_event, on_closed };
    g_autoptr(GError) error = NULL;
    peer_set_up(&f->peer);
    f->said = g_string_new(NULL);
    f->qmp = qmp_connect(f->peer.path, f->peer.context, &callbacks, f, &error);
    g_assert_no_error(error);
    peer_accept(&f->peer);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    qmp_free(f->qmp);
    peer_tear_down(&f->peer);
    g_string_free(f->said, TRUE);
}

static void
hear_is(Fixture *f, const char *expected)
{
    g_autofree char *line = peer_hear(&f->peer);
    g_assert_cmpstr(line, ==, expected);
}

static void
greet(Fixture *f)
{
    peer_say(&f->peer, "{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n");
    hear_is(f, "{\"execute\":\"qmp_capabilities\",\"id\":1}");
    peer_say(&f->peer, "{\"return\":{},\"id\":1}\r\n");
    g_assert_cmpstr(f->said->str, ==, "ready;");
    g_string_truncate(f->said, 0);
}

static void
test_greets(Fixture *f, const void *data G_GNUC_UNUSED)
{
    greet(f);
}

static void
test_answers_find_their_question_in_any_order(Fixture *f, const void *data G_GNUC_UNUSED)
{
    greet(f);
    qmp_command(f->qmp, "a", NULL, on_done, f);
    qmp_command(f->qmp, "b", json_pack("{si}", "x", 7), on_done, f);
    hear_is(f, "{\"execute\":\"a\",\"id\":2}");
    hear_is(f, "{\"execute\":\"b\",\"id\":3,\"arguments\":{\"x\":7}}");
    peer_say(&f->peer, "{\"return\":\"of b\",\"id\":3}\n{\"error\":{\"class\":\"G\",\"desc\":\"no\"},\"id\":2}\n");
    g_assert_cmpstr(f->said->str, ==, "done \"of b\";done no;");
}

static void
test_an_answer_that_nobody_waits_for_is_dropped(Fixture *f, const void *data G_GNUC_UNUSED)
{
    greet(f);
    qmp_command(f->qmp, "a", NULL, on_done, f);
    peer_say(&f->peer, "{\"return\":1,\"id\":99}\n{\"return\":2}\n{\"return\":3,\"id\":2}\n{"
                       "\"return\":4,\"id\":2}\n");
    g_assert_cmpstr(f->said->str, ==, "done 3;");
}

static void
test_events_come_between(Fixture *f, const void *data G_GNUC_UNUSED)
{
    greet(f);
    peer_say(&f->peer, "{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true},\"timestamp\":{}}\n{"
                       "\"event\":\"STOP\"}\n");
    g_assert_cmpstr(f->said->str, ==, "event SHUTDOWN {\"guest\":true};event STOP -;");
}

static void
test_the_end_answers_whoever_waits(Fixture *f, const void *data G_GNUC_UNUSED)
{
    greet(f);
    qmp_command(f->qmp, "a", NULL, on_done, f);
    peer_hang_up(&f->peer);
    peer_settle(&f->peer);
    g_assert_cmpstr(f->said->str, ==, "closed;done the VM ended;");
}

static void
test_garbage_is_the_end(Fixture *f, const void *data G_GNUC_UNUSED)
{
    greet(f);
    peer_say(&f->peer, "Segmentation fault\n");
    g_assert_cmpstr(f->said->str, ==, "closed;");
}

static void
test_freeing_answers_whoever_waits(Fixture *f, const void *data G_GNUC_UNUSED)
{
    greet(f);
    qmp_command(f->qmp, "a", NULL, on_done, f);
    g_clear_pointer(&f->qmp, qmp_free);
    g_assert_cmpstr(f->said->str, ==, "done the VM ended;");
}

static void
test_refused_capabilities_are_no_readiness(Fixture *f, const void *data G_GNUC_UNUSED)
{
    peer_say(&f->peer, "{\"QMP\":{}}\n");
    peer_say(&f->peer, "{\"error\":{\"desc\":\"no\"},\"id\":1}\n");
    g_assert_cmpstr(f->said->str, ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/qmp/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("greets", test_greets);
    ADD("answers-find-their-question-in-any-order", test_answers_find_their_question_in_any_order);
    ADD("an-answer-that-nobody-waits-for-is-dropped", test_an_answer_that_nobody_waits_for_is_dropped);
    ADD("events-come-between", test_events_come_between);
    ADD("the-end-answers-whoever-waits", test_the_end_answers_whoever_waits);
    ADD("garbage-is-the-end", test_garbage_is_the_end);
    ADD("freeing-answers-whoever-waits", test_freeing_answers_whoever_waits);
    ADD("refused-capabilities-are-no-readiness", test_refused_capabilities_are_no_readiness);
#undef ADD
    return g_test_run();
}

/* Lines of JSON from a peer that keeps to no rule. */
#include "host/qemu/line_socket.h"

#include "base/file.h"
#include "peer.h"

#include <string.h>
#include <unistd.h>

static void
on_count(const json_t *object, void *data)
{
    GString *seen = data;
    const char *word = json_member_text(object, "w");
    g_string_append(seen, word ? word : "?");
}

static const struct {
    const char *name, *bytes, *seen;
    gboolean strict, garbage; /* is it accepted by these rules */
} cases[] = {
    { "one", "{\"w\":\"a\"}\n", "a", TRUE, TRUE },
    { "two-in-one-read", "{\"w\":\"a\"}\n{\"w\":\"b\"}\r\n", "ab", TRUE, TRUE },
    { "empty-lines", "\n\r\n  \n{\"w\":\"a\"}\n", "a", TRUE, TRUE },
    { "an-unfinished-line-waits", "{\"w\":\"a\"}\n{\"w\":", "a", TRUE, TRUE },
    { "what-comes-before-the-delimiter-is-void", "{\"w\":\"x\xff{\"w\":\"a\"}\n", "a", TRUE, TRUE },
    { "several-delimiters", "\xff\xff{\"w\":\"a\"}\n", "a", TRUE, TRUE },
    { "garbage", "hello\n{\"w\":\"a\"}\n", "a", FALSE, TRUE },
    { "an-array", "[1]\n{\"w\":\"a\"}\n", "a", FALSE, TRUE },
    { "invalid-utf-8", "{\"w\":\"\xc3\x28\"}\n{\"w\":\"a\"}\n", "a", FALSE, TRUE },
    { "a-duplicate-key", "{\"w\":\"x\",\"w\":\"y\"}\n{\"w\":\"a\"}\n", "a", FALSE, TRUE },
    { "too-long", "{\"w\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}\n", "", FALSE, FALSE },
};

#define LINE_MAX_IN_TEST 64u

static void
test_splits(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    const gboolean accepted[] = { [LINES_STRICT] = cases[i].strict, [LINES_WITH_GARBAGE] = cases[i].garbage };
    gsize length = strlen(cases[i].bytes);
    for (guint rules = 0; rules < G_N_ELEMENTS(accepted); rules++) {
        for (gsize piece = 1; piece <= length; piece++) {
            g_autoptr(GString) seen = g_string_new(NULL);
            LineSplitter *splitter = line_splitter_new(LINE_MAX_IN_TEST, (LineRules)rules);
            gboolean ok = TRUE;
            for (gsize at = 0; ok && at < length; at += piece)
                ok = line_splitter_feed(splitter, cases[i].bytes + at, MIN(piece, length - at), on_count, seen);
            g_assert_cmpint(ok, ==, accepted[rules]);
            if (ok)
                g_assert_cmpstr(seen->str, ==, cases[i].seen);
            line_splitter_free(splitter);
        }
    }
}

static void
test_deep_json_is_garbage(void)
{
    g_autoptr(GString) line = g_string_new(NULL), seen = g_string_new(NULL);
    LineSplitter *splitter = line_splitter_new(1u << 20, LINES_STRICT);
    for (guint i = 0; i < 100000; i++)
        g_string_append(line, "[");
    g_string_append(line, "\n");
    g_assert_false(line_splitter_feed(splitter, line->str, line->len, on_count, seen));
    line_splitter_free(splitter);
}

/* ---- over a socket ---- */

typedef struct {
    Peer peer;
    LineSocket *socket;
    GString *seen;
    guint closed;
    gboolean free_on_object;
} Fixture;

static void
on_object(const json_t *object, void *data)
{
    Fixture *f = data;
    on_count(object, f->seen);
    if (f->free_on_object)
        g_clear_pointer(&f->socket, line_socket_free);
}

static void
on_closed(void *data)
{
    ((Fixture *)data)->closed++;
}

static void
set_up(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    peer_set_up(&f->peer);
    f->seen = g_string_new(NULL);
    f->socket =
        line_socket_connect(f->peer.path, LINE_MAX_IN_TEST, LINES_STRICT, f->peer.context, on_object, on_closed, f, &error);
    g_assert_no_error(error);
    peer_accept(&f->peer);
}

static void
tear_down(Fixture *f, const void *data G_GNUC_UNUSED)
{
    line_socket_free(f->socket);
    peer_tear_down(&f->peer);
    g_string_free(f->seen, TRUE);
}

static void
test_both_ways(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(json_t) object = json_pack("{ss}", "w", "q");
    g_assert_true(line_socket_send(f->socket, "\xff", object));
    g_autofree char *heard = peer_hear(&f->peer);
    g_assert_cmpstr(heard, ==, "\xff{\"w\":\"q\"}");
    peer_say(&f->peer, "{\"w\":\"a\"}\n");
    g_assert_cmpstr(f->seen->str, ==, "a");
}

static void
test_the_end_is_told_once(Fixture *f, const void *data G_GNUC_UNUSED)
{
    peer_hang_up(&f->peer);
    peer_settle(&f->peer);
    peer_settle(&f->peer);
    g_assert_cmpuint(f->closed, ==, 1);
}

static void
test_an_oversize_line_ends_it(Fixture *f, const void *data G_GNUC_UNUSED)
{
    for (guint i = 0; i < 100; i++)
        peer_say(&f->peer, "xxxxxxxxxx");
    g_assert_cmpuint(f->closed, ==, 1);
}

/* One that does not end takes no more than its share of the thread; what was said is heard all the same. */
static void
test_a_flood_waits(Fixture *f, const void *data G_GNUC_UNUSED)
{
    enum { LINES = 10000 };
    g_autoptr(GString) flood = g_string_new(NULL);
    for (guint i = 0; i < LINES; i++)
        g_string_append(flood, "{}\n");
    peer_say(&f->peer, flood->str);
    g_assert_cmpuint(f->seen->len, <, LINES);
    while (f->seen->len < LINES)
        g_main_context_iteration(f->peer.context, TRUE);
    g_assert_cmpuint(f->closed, ==, 0);
}

static void
test_may_be_freed_from_its_own_callback(Fixture *f, const void *data G_GNUC_UNUSED)
{
    f->free_on_object = TRUE;
    peer_say(&f->peer, "{\"w\":\"a\"}\n");
    g_assert_null(f->socket);
    g_assert_true(peer_is_left(&f->peer));
}

static void
test_sending_to_nobody_fails(Fixture *f, const void *data G_GNUC_UNUSED)
{
    g_autoptr(json_t) object = json_pack("{ss}", "w", "q");
    peer_hang_up(&f->peer);
    g_assert_false(line_socket_send(f->socket, NULL, object));
}

static void
test_a_long_path_is_no_hindrance(void)
{
    g_autofree char *root = g_dir_make_tmp("testudo-long-XXXXXX", NULL);
    g_autofree char *name = g_strnfill(180, 'd'), *folder = g_build_filename(root, name, NULL);
    g_autofree char *path = g_build_filename(folder, "s.sock", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    int fd = line_socket_listen(path, &error);
    g_assert_no_error(error);
    LineSocket *socket = line_socket_connect(path, LINE_MAX_IN_TEST, LINES_STRICT, NULL, on_object, on_closed, NULL, &error);
    g_assert_no_error(error);
    line_socket_free(socket);
    close(fd);
    unlink(path);
    rmdir(folder);
    rmdir(root);
}

/* Who owns the folder would have us speak with whom he chooses. */
static void
test_a_link_is_not_followed(void)
{
    g_autofree char *root = g_dir_make_tmp("testudo-link-XXXXXX", NULL);
    g_autofree char *victim = g_build_filename(root, "victim.sock", NULL), *link = g_build_filename(root, "qga.sock", NULL);
    g_autofree char *file = g_build_filename(root, "file.sock", NULL);
    const char *const paths[] = { link, file };
    int fd = line_socket_listen(victim, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(symlink("victim.sock", link), ==, 0);
    g_assert_true(g_file_set_contents(file, "", 0, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        LineSocket *socket =
            line_socket_connect(paths[i], LINE_MAX_IN_TEST, LINES_STRICT, NULL, on_object, on_closed, NULL, &error);
        g_assert_null(socket);
        g_assert_nonnull(strstr(error->message, "is no socket"));
    }
    close(fd);
    g_assert_true(folder_remove(root, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/lines/", cases[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_splits);
    }
    g_test_add_func("/lines/deep-json-is-garbage", test_deep_json_is_garbage);
#define ADD(name, test) g_test_add("/socket/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("both-ways", test_both_ways);
    ADD("the-end-is-told-once", test_the_end_is_told_once);
    ADD("an-oversize-line-ends-it", test_an_oversize_line_ends_it);
    ADD("a-flood-waits", test_a_flood_waits);
    ADD("may-be-freed-from-its-own-callback", test_may_be_freed_from_its_own_callback);
    ADD("sending-to-nobody-fails", test_sending_to_nobody_fails);
#undef ADD
    g_test_add_func("/socket/a-long-path-is-no-hindrance", test_a_long_path_is_no_hindrance);
    g_test_add_func("/socket/a-link-is-not-followed", test_a_link_is_not_followed);
    return g_test_run();
}

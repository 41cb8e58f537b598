/* Whether another user gets at a path, and what is named where he does not. Mode bits alone: no
 * other user is needed for it. */
#include "host/reach.h"

#include "base/error.h"
#include "base/file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRANGER 61234u

static const struct {
    const char *name;
    mode_t outer, inner, file;
    const char *named; /* part that is at fault; NULL: reachable */
} cases[] = {
    { "open", 0755, 0755, 0644, NULL },
    { "searchable-is-enough", 0711, 0711, 0444, NULL },
    { "the-outer-folder", 0700, 0755, 0644, "outer" },
    { "the-inner-folder", 0755, 0750, 0644, "inner" },
    { "the-file", 0755, 0755, 0600, "file" },
    { "readable-is-not-searchable", 0744, 0755, 0644, "outer" },
};

/* In a folder of ours that strangers may pass; TMPDIR itself has to be so. */
static char *
tree_make(guint i)
{
    char *root = g_dir_make_tmp("testudo-reach-XXXXXX", NULL);
    g_autofree char *outer = g_build_filename(root, "outer", NULL), *inner = g_build_filename(outer, "inner", NULL);
    g_autofree char *file = g_build_filename(inner, "file", NULL);
    g_assert_true(folder_make(inner, NULL) && g_file_set_contents(file, "x", -1, NULL));
    g_assert_cmpint(chmod(file, cases[i].file) | chmod(inner, cases[i].inner), ==, 0);
    g_assert_cmpint(chmod(outer, cases[i].outer) | chmod(root, 0755), ==, 0);
    return root;
}

static void
test_case(const void *data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autofree char *root = tree_make(i), *path = g_build_filename(root, "outer", "inner", "file", NULL);
    g_autoptr(GError) error = NULL;
    if (!path_reachable_by(root, STRANGER, STRANGER, NULL)) {
        g_test_skip("TMPDIR is closed to other users");
    } else if (cases[i].named) {
        g_autofree char *named = g_strconcat(cases[i].named, "' (", NULL);
        g_assert_false(path_reachable_by(path, STRANGER, STRANGER, &error));
        g_assert_nonnull(strstr(error->message, named));
        g_assert_nonnull(strstr(error->message, "chmod o+"));
    } else {
        g_assert_true(path_reachable_by(path, STRANGER, STRANGER, &error));
    }
    folder_remove(root, NULL);
}

static void
test_root_reaches_everything(void)
{
    g_autofree char *root = tree_make(2), *path = g_build_filename(root, "outer", "inner", "file", NULL);
    g_assert_true(path_reachable_by(path, 0, 0, NULL));
    folder_remove(root, NULL);
}

static void
test_what_is_not_there_is_named(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(path_reachable_by("/no/such/path", STRANGER, STRANGER, &error));
    g_assert_nonnull(strstr(error->message, "/no"));
}

/* A link is as good as what it leads to. */
static void
test_links_are_followed(void)
{
    g_autofree char *closed = tree_make(2), *open_tree = tree_make(0);
    g_autofree char *path = g_build_filename(closed, "outer", "inner", "file", NULL);
    g_autofree char *link = g_build_filename(open_tree, "link", NULL);
    g_assert_cmpint(symlink(path, link), ==, 0);
    g_assert_false(path_reachable_by(link, STRANGER, STRANGER, NULL));
    folder_remove(closed, NULL);
    folder_remove(open_tree, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/reach/", cases[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_case);
    }
    g_test_add_func("/reach/root-reaches-everything", test_root_reaches_everything);
    g_test_add_func("/reach/what-is-not-there-is-named", test_what_is_not_there_is_named);
    g_test_add_func("/reach/links-are-followed", test_links_are_followed);
    return g_test_run();
}

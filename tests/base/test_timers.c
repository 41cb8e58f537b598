/* Timers, compared with a list that is searched from end to end. */
#include "base/timers.h"

#define STEPS 4000

typedef struct {
    gint64 at;
    guint64 number;
    guint id;
} Known;

static const Known *
first_of(const GArray *known)
{
    const Known *first = NULL;
    for (guint i = 0; i < known->len; i++) {
        const Known *one = &g_array_index(known, Known, i);
        if (!first || one->at < first->at || (one->at == first->at && one->number < first->number))
            first = one;
    }
    return first;
}

static void
assert_same_first(const Timers *timers, const GArray *known)
{
    const Known *wanted = first_of(known);
    DueTimer first = { 0 };
    g_assert_cmpint(timers_first(timers, &first), ==, wanted != NULL);
    if (!wanted)
        return;
    g_assert_cmpint(first.at, ==, wanted->at);
    g_assert_cmpuint(first.number, ==, wanted->number);
    g_assert_cmpuint(GPOINTER_TO_UINT(first.data), ==, (guint)wanted->number);
}

static void
add(Timers *timers, GArray *known, gint64 at)
{
    guint64 number = timers_added(timers) + 1;
    Known one = { at, number, timers_add(timers, at, NULL, GUINT_TO_POINTER((guint)number)) };
    g_assert_cmpuint(one.id, !=, 0);
    g_assert_cmpuint(timers_added(timers), ==, number);
    g_array_append_val(known, one);
}

static void
test_as_a_list(void)
{
    /* Few different times, so that many are the same. */
    static const gint32 spans[] = { 1, 5, 1000000 };
    for (guint s = 0; s < G_N_ELEMENTS(spans); s++) {
        g_autoptr(Timers) timers = timers_new();
        g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(Known));
        g_autoptr(GRand) random = g_rand_new_with_seed(s + 1);
        for (guint step = 0; step < STEPS; step++) {
            gint32 what = g_rand_int_range(random, 0, step < STEPS / 2 ? 5 : 9);
            if (what < 3 || known->len == 0) {
                add(timers, known, g_rand_int_range(random, 0, spans[s]));
            } else if (what < 6) {
                guint at = (guint)g_rand_int_range(random, 0, (gint32)known->len);
                guint id = g_array_index(known, Known, at).id;
                timers_remove(timers, id);
                timers_remove(timers, id); /* gone already */
                g_array_remove_index_fast(known, at);
            } else {
                const Known *first = first_of(known);
                guint at = (guint)(first - &g_array_index(known, Known, 0));
                timers_drop_first(timers);
                g_array_remove_index_fast(known, at);
            }
            assert_same_first(timers, known);
        }
        while (known->len > 0) {
            const Known *first = first_of(known);
            guint at = (guint)(first - &g_array_index(known, Known, 0));
            timers_drop_first(timers);
            g_array_remove_index_fast(known, at);
            assert_same_first(timers, known);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/timers/as-a-list", test_as_a_list);
    return g_test_run();
}

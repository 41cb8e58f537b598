/* Clocks: the virtual one moves only when told to, the real one fires in its own context. */
#include "base/clock.h"

typedef struct {
    Clock *clock;
    GString *order; /* a letter for each timer that fired */
    char letter;
    UnixTime fired_at;
} Shot;

static void
fire(void *data)
{
    Shot *shot = data;
    g_string_append_c(shot->order, shot->letter);
    shot->fired_at = shot->clock->now(shot->clock);
}

static void
test_virtual_order(void)
{
    Clock *clock = clock_virtual_new(1000);
    g_autoptr(GString) order = g_string_new(NULL);
    Shot shots[] = { { clock, order, 'a', 0 },
                     { clock, order, 'b', 0 },
                     { clock, order, 'c', 0 },
                     { clock, order, 'd', 0 },
                     { clock, order, 'e', 0 } };
    const UnixTime times[] = { 3000, 2000, 2000, 500, 9000 };
    guint ids[G_N_ELEMENTS(shots)];
    for (guint i = 0; i < G_N_ELEMENTS(shots); i++) {
        ids[i] = clock->timer_add(clock, times[i], fire, &shots[i]);
        g_assert_cmpuint(ids[i], !=, 0);
    }
    clock->timer_remove(clock, ids[0]);
    clock->timer_remove(clock, 12345);
    clock_virtual_advance_to(clock, 5000);
    g_assert_cmpstr(order->str, ==, "dbc");
    g_assert_cmpint(shots[3].fired_at, ==, 1000); /* overdue: at once, and no step back */
    g_assert_cmpint(shots[1].fired_at, ==, 2000);
    g_assert_cmpint(clock->now(clock), ==, 5000);
    clock_virtual_advance_to(clock, 4000);
    g_assert_cmpint(clock->now(clock), ==, 5000);
    g_assert_true(clock_virtual_fire_next(clock));
    g_assert_cmpint(clock->now(clock), ==, 9000);
    g_assert_false(clock_virtual_fire_next(clock));
    g_assert_cmpstr(order->str, ==, "dbce");
    clock_virtual_free(clock);
    clock_virtual_free(NULL);
}

typedef struct {
    Clock *clock;
    guint left;
} Chain;

static void
chain(void *data)
{
    Chain *self = data;
    if (--self->left > 0)
        self->clock->timer_add(self->clock, self->clock->now(self->clock) + 10, chain, self);
}

static void
test_virtual_timers_may_add_timers(void)
{
    Clock *clock = clock_virtual_new(0);
    Chain self = { clock, 5 };
    clock->timer_add(clock, 10, chain, &self);
    clock_virtual_advance_to(clock, 45);
    g_assert_cmpuint(self.left, ==, 1);
    clock_virtual_advance_to(clock, 50);
    g_assert_cmpuint(self.left, ==, 0);
    clock_virtual_free(clock);
}

static void
test_virtual_jump(void)
{
    Clock *clock = clock_virtual_new(1000);
    g_autoptr(GString) order = g_string_new(NULL);
    Shot shots[] = { { clock, order, 'a', 0 }, { clock, order, 'b', 0 } };
    clock->timer_add(clock, 1500, fire, &shots[0]);
    clock->timer_add(clock, 1200, fire, &shots[1]);
    clock_virtual_jump(clock, 10000);
    g_assert_cmpint(clock->now(clock), ==, 11000);
    clock_virtual_advance_to(clock, 11199);
    g_assert_cmpstr(order->str, ==, "");
    clock_virtual_advance_to(clock, 11500);
    g_assert_cmpstr(order->str, ==, "ba");
    g_assert_cmpint(shots[0].fired_at, ==, 11500);
    clock_virtual_free(clock);
}

static void
test_real(void)
{
    GMainContext *context = g_main_context_new();
    Clock *clock = clock_real_new(context);
    g_autoptr(GString) order = g_string_new(NULL);
    Shot past = { clock, order, 'p', 0 }, soon = { clock, order, 's', 0 }, never = { clock, order, 'n', 0 };
    UnixTime start = clock->now(clock);
    g_assert_cmpint(ABS(start - g_get_real_time()), <, 60 * USEC_PER_SEC);
    clock->timer_add(clock, start - USEC_PER_SEC, fire, &past);
    clock->timer_add(clock, start + 5 * USEC_PER_MSEC, fire, &soon);
    guint id = clock->timer_add(clock, start + 1, fire, &never);
    clock->timer_remove(clock, id);
    clock->timer_remove(clock, id);
    while (order->len < 2)
        g_main_context_iteration(context, TRUE);
    g_assert_cmpstr(order->str, ==, "ps");
    g_assert_cmpint(soon.fired_at, >=, start + 5 * USEC_PER_MSEC);
    clock_real_free(clock);
    g_main_context_unref(context);
}

typedef struct {
    Clock *clock;
    guint fired;
    gboolean *other; /* set by another source of the same loop */
} Again;

static void
fire_again(void *data)
{
    Again *self = data;
    self->fired++;
    if (self->fired < 1000 && !*self->other)
        self->clock->timer_add(self->clock, 0, fire_again, self);
}

static gboolean
on_idle(void *data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

/* One that is due again at once lets the loop's other sources have their turn. */
static void
test_real_timers_take_turns(void)
{
    GMainContext *context = g_main_context_new();
    Clock *clock = clock_real_new(context);
    gboolean other = FALSE;
    Again again = { clock, 0, &other };
    clock->timer_add(clock, 0, fire_again, &again);
    GSource *idle = g_idle_source_new();
    g_source_set_priority(idle, G_PRIORITY_DEFAULT);
    g_source_set_callback(idle, on_idle, &other, NULL);
    g_source_attach(idle, context);
    while (!other)
        g_main_context_iteration(context, TRUE);
    g_assert_cmpuint(again.fired, <, 10);
    g_source_unref(idle);
    clock_real_free(clock);
    g_main_context_unref(context);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/virtual-order", test_virtual_order);
    g_test_add_func("/clock/virtual-timers-may-add-timers", test_virtual_timers_may_add_timers);
    g_test_add_func("/clock/virtual-jump", test_virtual_jump);
    g_test_add_func("/clock/real", test_real);
    g_test_add_func("/clock/real-timers-take-turns", test_real_timers_take_turns);
    return g_test_run();
}

/* What was done and what followed, in words. */
#include "sim.h"

#include <stdio.h>

static void
trace_add(Sim *sim, char mark, const char *format, va_list arguments)
{
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    gint64 usec = sim->world->clock->now(sim->world->clock) - sim->began;
    char *line = g_strdup_printf("%c %5u %10.3f s  %s", mark, sim->steps, (double)usec / USEC_PER_SEC, text);
    g_ptr_array_add(sim->trace.lines, line);
    if (sim->trace.print)
        puts(line);
}

void
trace_act(Sim *sim, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    trace_add(sim, '*', format, arguments);
    va_end(arguments);
}

void
trace_step(Sim *sim, const char *format, ...)
{
    va_list arguments;
    if (!sim->trace.steps)
        return;
    va_start(arguments, format);
    trace_add(sim, ' ', format, arguments);
    va_end(arguments);
}

void
sim_break(Sim *sim, const char *invariant, const char *format, ...)
{
    va_list arguments;
    if (sim->broken)
        return;
    va_start(arguments, format);
    sim->broken = g_strdup(invariant);
    sim->why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    trace_act(sim, "BROKEN: %s: %s", invariant, sim->why);
}

#include "host/generations.h"

#include "base/error.h"

const char *
part_name(Part part)
{
    static const char *const names[N_PARTS] = { "OS disk", "UEFI variables", "vTPM" };
    return names[part];
}

guint64
part_wanted(const LaunchSpec *spec, Part part)
{
    const guint64 wanted[N_PARTS] = { spec->disk_gen, spec->generation == 2 ? spec->vars_gen : 0, spec->vtpm_gen };
    return wanted[part];
}

#define WINDOW 32u

/* The bit of `skipped` for a generation below the highest; 0: it is beyond them. */
static guint64
skipped_bit(PartPast past, guint64 generation)
{
    guint64 back = past.highest - generation;
    return back > 0 && back <= WINDOW ? G_GUINT64_CONSTANT(1) << (back - 1) : 0;
}

static gboolean
was_made(PartPast past, guint64 generation)
{
    return generation <= past.highest && !(past.skipped & skipped_bit(past, generation));
}

PartPast
part_past_with(PartPast past, guint64 generation)
{
    if (generation <= past.highest) {
        past.skipped &= ~skipped_bit(past, generation);
        return past;
    }
    guint64 rise = generation - past.highest;
    guint64 between = rise > WINDOW ? G_MAXUINT32 : (G_GUINT64_CONSTANT(1) << (rise - 1)) - 1;
    guint64 before = rise > WINDOW ? 0 : past.skipped << rise;
    return (PartPast){ generation, (before | between) & G_MAXUINT32 };
}

Source
part_source(guint64 wanted, guint64 present, PartPast past, gboolean is_kept)
{
    if (wanted == 0)
        return SOURCE_NONE;
    if (wanted == present)
        return SOURCE_PRESENT;
    if (is_kept)
        return SOURCE_PREVIOUS;
    return was_made(past, wanted) ? SOURCE_LOST : SOURCE_FRESH;
}

gboolean
part_lost_fail(Part part, guint64 wanted, GError **error)
{
    return arm_fail(error, part == PART_VTPM ? ARM_VTPM_FAILED : ARM_VM_START_FAILED, NULL,
                    "The former %s (generation %" G_GUINT64_FORMAT
                    ") is to be put back, and is not kept any more; a reimage makes "
                    "a new one.",
                    part_name(part), wanted);
}

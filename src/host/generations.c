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

Source
part_source(guint64 wanted, guint64 present, guint64 highest, gboolean is_kept)
{
    if (wanted == 0)
        return SOURCE_NONE;
    if (wanted == present)
        return SOURCE_PRESENT;
    if (is_kept)
        return SOURCE_PREVIOUS;
    return wanted > highest ? SOURCE_FRESH : SOURCE_LOST;
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

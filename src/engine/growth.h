/* engine/growth.h: what an instance takes of quota besides when it goes from one size to another. */
#pragma once

#include "engine/internal.h"

typedef struct {
    gint64 family, region; /* cores that one more takes of the new size's family, and of all; below 0: fewer */
} Growth;

/* Sizes by name; nothing where the new one is not in the catalogue. */
Growth growth_between(const EngineConfig *config, const char *from, const char *to);
gboolean growth_is_any(const Growth *growth);

/* Has quota room for it beside what is in use? What takes nothing more always has. `to` is the new size's name. */
gboolean growth_fits(const EngineConfig *config, const StoreUsage *usage, const char *to, const Growth *growth);

/* tests/simulation/data_disks.h: data disks that are kept, attached and taken off, and where each of them is. */
#pragma once

#include "rows.h"

/* Of what the host has of data disks, by their identity, as it was when all was at rest last. */
GHashTable *data_disks_new(void);
/* At rest: each is in one place, where the store's rows say, and none is lost. */
void data_disks_are_somewhere(Sim *sim, const Rows *rows, const char *name);

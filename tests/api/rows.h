/* tests/api/rows.h: requests in a table, one a line: what is asked, and what of the answer must be how. */
#pragma once

#include "world.h"

typedef struct {
    const char *method, *target, *body;
    int status;
    const char *path; /* in the answer's body; NULL: the status is all */
    const char *text; /* what is there; NULL: nothing may be */
} Row;

/* In order, on one world; nothing is settled between them. */
void rows_run(World *world, const Row *rows, guint n_rows);
#define ROWS_RUN(world, rows) rows_run(world, rows, G_N_ELEMENTS(rows))

/* One request by its own words: base_url is what the client calls us, caller NULL is nobody. */
Answer *ask_as(World *world, const char *base_url, const char *caller, const char *method, const char *target,
               const char *body);

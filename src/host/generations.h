/* host/generations.h: an instance's parts that a launch can replace, and where the one that it wants comes from. Pure; the same
 * for every driver.
 *
 * A part's content has a number of its own, which no other content of that part ever gets: to want a number again is to want
 * the very same disk, variables or keys again. Numbers only rise: one above all that there have been stands for a part that is
 * made afresh, and so does one below that no launch came to make; any other for one that is there, or was put aside, or is
 * lost. */
#pragma once

#include "host/launch_spec.h"

typedef enum {
    PART_DISK, /* the OS disk */
    PART_VARS, /* UEFI variables */
    PART_VTPM,
    N_PARTS
} Part;

typedef enum {
    SOURCE_NONE,     /* none is wanted */
    SOURCE_PRESENT,  /* it is there */
    SOURCE_PREVIOUS, /* it was put aside, and comes back */
    SOURCE_FRESH,    /* to be made */
    SOURCE_LOST      /* it was there once, and is no more: making another in its place is out of the question */
} Source;

/* "OS disk" and so on, for people. */
const char *part_name(Part part);

/* The generation of `part` that spec wants; 0: none. */
guint64 part_wanted(const LaunchSpec *spec, Part part);

/* Which generations of a part there ever were. All zero: none. */
typedef struct {
    guint64 highest;
    guint64 skipped; /* bit N, from 0 to 31: `highest` - 1 - N was never made; what is older still counts as made */
} PartPast;

/* present: generation that is there, 0: none. is_kept: the wanted one was put aside and is there to come back. */
Source part_source(guint64 wanted, guint64 present, PartPast past, gboolean is_kept);

/* With `generation` made besides; 0: nothing is. */
PartPast part_past_with(PartPast past, guint64 generation);

/* Sets *error for SOURCE_LOST; FALSE. */
gboolean part_lost_fail(Part part, guint64 wanted, GError **error);

/* model/change.h: what it takes to bring an instance from one model to another. Pure. */
#pragma once

#include "model/model.h"

typedef enum {
    CHANGE_NOTHING,
    CHANGE_IN_PLACE, /* recorded, the running VM is not touched */
    CHANGE_RESTART,  /* the VM is stopped and started: firmware, UEFI variables or vTPM differ */
    CHANGE_REDEPLOY, /* re-created with another size; OS disk kept */
    CHANGE_REIMAGE,  /* new OS disk: what was on the old one is lost */
    CHANGE_N_KINDS
} ChangeKind;

/* "nothing", "inPlace", "restart", "redeploy", "reimage" */
const char *change_kind_text(ChangeKind kind);

typedef struct {
    ChangeKind kind; /* the heaviest of all that differs */
    gboolean new_size;
    gboolean new_os_disk;
    gboolean new_guest_state;     /* UEFI variables and vTPM both new: new OS disk, or Standard <-> TrustedLaunch */
    gboolean new_variables;       /* UEFI variables new (also where new_guest_state) */
    gboolean new_vtpm;            /* a vTPM is made fresh (also where new_guest_state and the target has one) */
    gboolean vtpm_lost;           /* a vTPM and its keys that exist now are gone afterwards (deleted or made fresh) */
    gboolean waits_for_reimage;   /* user, password, keys, custom data or host name differ: they reach the next OS disk only */
    gboolean new_consequence;     /* what follows from a deviation is another thing */
    gboolean new_baseline_policy; /* a boot may differ in other things from what was approved */
    gboolean other_publisher;     /* image of another publisher or offer: allowed here, what-if warns */
} Change;

Change change_between(const Model *from, const Model *to);

/* From Standard to Trusted launch with data disks: no instance is changed in place, a new one takes its place (maxSurge). */
gboolean change_needs_surge(const Model *from, const Model *to);

/* Its parts, for people: "new size", "new OS disk", "new guest state" or what of it is new, each once; NULL-terminated, never
 * NULL; free with g_strfreev(). */
char **change_parts(const Change *change);

/* What is lost, as sentences ("OS disk: everything that was written to it since the instance was made. …"); NULL-terminated,
 * never NULL; free with g_strfreev(). generation: of the image where it stays (1 has no UEFI variables to lose; 0: not known).
 */
char **change_losses(const Change *change, guint generation);

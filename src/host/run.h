/* host/run.h: runs a short-lived child program and waits for it. Blocking; any thread. */
#pragma once

#include <glib.h>

typedef struct {
    guint64 memory_max;    /* bytes of address space; 0: no limit */
    guint cpu_s;           /* seconds of processor time; 0: no limit */
    guint64 file_max;      /* largest file it may write; 0: no limit */
    guint uid, gid;        /* to become before exec, where we are root; 0: as we are */
    gboolean reap_orphans; /* run under a child subreaper that reaps every orphan at once */
    guint wall_s;          /* ended by force, with all it started, when it takes longer; 0: WALL_DEFAULT_S */
    int keep_fd;           /* inherited under its number, though it closes on exec; 0: none */
    guint output_max;      /* bytes of output kept, 0: 64 KiB; what comes after is read and dropped */
} RunLimits;

#define WALL_DEFAULT_S 300u

/* Runs argv[0] from PATH, in the C locale, with stdin from /dev/null; stdout and stderr are captured together into *ret_output
 * (or NULL), NUL-terminated. FALSE: it could not be run (ARM_UNAVAILABLE), or took too long, was ended by a signal or with a
 * status that is not 0 (ARM_INTERNAL, or ARM_HOST_DISK_FULL where it says so; with its last words). */
gboolean run_program(const char *const *argv, const RunLimits *limits, char **ret_output, GError **error);

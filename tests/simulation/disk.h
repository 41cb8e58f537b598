/* tests/simulation/disk.h: the disk that holds the store: writes and commits of this program's store fail as SQLite says it of
 * a disk that is full, or that fails. One disk in the program, as it plays one run at a time. */
#pragma once

#include <glib.h>

typedef enum {
    DISK_COMMIT_FAILS,    /* nothing of the transaction is kept */
    DISK_WRITE_FAILS,     /* that one statement alone has no effect; the transaction goes on */
    DISK_WRITE_TAKES_ALL, /* SQLite takes the transaction back in the midst of it */
    DISK_N_WAYS
} DiskWay;

/* The write (statement or commit, by the way) that comes after `after` others fails, and `times` - 1 after it. is_full:
 * SQLITE_FULL, else SQLITE_IOERR. */
void disk_arm(DiskWay way, gboolean is_full, guint after, guint times);
/* From now on nothing fails. */
void disk_mend(void);
/* So many have failed since the program began. */
/* All connections were closed: what is opened next has not failed. */
void disk_closed(void);
guint disk_failures(void);

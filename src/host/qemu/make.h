/* host/qemu/make.h: makes what a launch wants anew, in FOLDER/next/. Blocking; any thread. What converge.c does with it: there.
 */
#pragma once

#include "host/qemu/converge.h"
#include "host/qemu/disk.h"

/* One folder that is brought to what one launch wants. */
typedef struct {
    const LaunchSpec *spec;
    const ConvergeContext *context;
    char *folder; /* the work folder: the instance's own, or <key>.new */
    char *next;   /* <folder>/next */
    char *image;
    FolderParts parts, parts_wanted;
    ConvergePlan plan;
} Work;

gboolean work_own(const Work *work, const char *path, GError **error);
DiskUser work_user(const Work *work);

/* All that the plan wants anew, and data disks that are missing; data disks that are there grow in their place. The next folder
 * is there. */
gboolean make_planned(const Work *work, GError **error);

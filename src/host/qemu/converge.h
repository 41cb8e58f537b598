/* host/qemu/converge.h: brings an instance's folder to what its LaunchSpec says. Blocking; a worker thread's job, and only
 * while nothing runs there. */
#pragma once

#include "host/launch_spec.h"
#include "host/qemu/firmware.h"
#include "host/qemu/parts.h"
#include "host/qemu/vtpm_stock.h"

/* A VM is not started, and one that waits for room does not go on, with less than this left: it is what a start makes, and what
 * the guest writes right after. */
#define HOST_ROOM_NEEDED (256u << 20)

typedef struct {
    const char *state_dir;
    const FirmwareSet *firmware;
    VtpmMaker *vtpm_maker; /* NULL: there is none, with the reason in why_no_vtpm */
    VtpmStock *vtpm_stock; /* NULL: none is made ahead */
    const char *why_no_vtpm;
    guint uid, gid;     /* owner of the folder; 0: the daemon's own user */
    gint64 now;         /* seconds since 1970 */
    gint64 retention_s; /* how long a part is kept that another took the place of */
} ConvergeContext;

/* Where each part comes from, and what else is to be made anew, beside missing data disks. */
typedef struct {
    Source part[N_PARTS];
    gboolean seed, vars, data;
} ConvergePlan;

/* Pure. `parts`: what the folder holds, all 0 for a new one. is_kept: whether the wanted generation of each part lies in
 * previous/. has_seed, has_vars: whether these files, which can be made again at any time, are there. */
ConvergePlan converge_plan(const LaunchSpec *spec, const FolderParts *parts, const gboolean is_kept[N_PARTS], gboolean has_seed,
                           gboolean has_vars);

/* Idempotent: what is as wanted stays untouched; after a crash the next call goes on. What is new is made beside what is there
 * and put in place when all of it is complete, together with what is put back (install.h): until then a failure leaves
 * everything as it was. Kept data disks are attached after that (attach.h). */
gboolean converge(const LaunchSpec *spec, const ConvergeContext *context, GError **error);

/* Bytes that an unprivileged user can still write to the file system of `path`; G_MAXUINT64 where that cannot be told. */
guint64 host_room(const char *path);

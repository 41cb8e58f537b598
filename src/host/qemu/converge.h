/* host/qemu/converge.h: brings an instance's folder to what its LaunchSpec says. Blocking; a worker thread's job. */
#pragma once

#include "host/launch_spec.h"
#include "host/qemu/firmware.h"
#include "host/qemu/vtpm.h"

typedef struct {
    const char *state_dir;
    const FirmwareSet *firmware;
    VtpmMaker *vtpm_maker;          /* NULL: there is none, with the reason in why_no_vtpm */
    const char *why_no_vtpm;
    guint uid, gid;                 /* owner of the folder; 0: the daemon's own user */
} ConvergeContext;

/* Which generation of each part a folder holds; 0: none. Kept as parts.json beside the parts. */
typedef struct {
    guint64 disk, vars, vtpm, data;
    guint os_disk_gib;
    guint uid;
} FolderParts;

/* FALSE where there is no such file or it makes no sense. */
gboolean folder_parts_read(const char *folder, FolderParts *ret_parts);

/* Idempotent: what is as wanted stays untouched; after a crash the next call goes on. A new OS disk moves the former one, with
 * its UEFI variables and vTPM, to previous/ as one unit. On failure nothing that was there is lost. */
gboolean converge(const LaunchSpec *spec, const ConvergeContext *context, GError **error);

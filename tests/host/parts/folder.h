/* tests/host/parts/folder.h: an instance's folder in a state folder of its own, brought to what a LaunchSpec says with the real
 * qemu-img, genisoimage and (for the vTPM) swtpm_setup, without a VM. */
#pragma once

#include "host/qemu/converge.h"

#include "base/error.h"

#define NOW 1700000000

typedef struct {
    char *state_dir, *folder, *image;
    FirmwareSet firmware;
    ConvergeContext context;
    LaunchSpec *spec;
    GError *error;
} Fixture;

void set_up(Fixture *f, const void *data);
void tear_down(Fixture *f, const void *data);

/* Is there what makes vTPMs? Where not, the test is skipped, with the reason. */
gboolean vtpm_skipped(void);

/* ---- what is wanted ---- */

void trust(Fixture *f);
/* Generations of disk, variables and vTPM (0: Standard), a minute later. */
void want(Fixture *f, guint64 disk, guint64 vars, guint64 vtpm);
void disk_want(Fixture *f, guint lun, guint size_gib);

/* ---- a launch ---- */

/* Of a Fixture; for fault_crash_at(). */
gboolean run(void *data);
void must_converge(Fixture *f);
void must_fail(Fixture *f, ArmCode code, const char *words);

/* ---- what is there ---- */

/* "" where there is none. A disk is told from another by its inode: its content is the guest's. */
char *identity(const Fixture *f, const char *name);
char *inode_of(const char *path);
/* Of what lies in previous/ as "<begins>.<seconds>". */
char *previous(const Fixture *f, const char *begins);
guint64 size_of(const Fixture *f, const char *name);
char *text_of(const Fixture *f, const char *name);

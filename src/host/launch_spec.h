/* host/launch_spec.h: everything a driver needs to bring one instance to where it should be, and to launch it.
 * The same document is kept beside the instance's disks as run.json: it says what was launched. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
    guint lun;
    guint size_gib;
    /* A kept disk that is to become this one: absolute path of a file in STATE/disks, which leaves it at the first launch and
     * is then a data disk like the others, but for this: a later data_gen does not replace it. NULL: made empty. */
    char *file;
} LaunchDisk;

typedef struct {
    char *key;      /* "<set uid>.<instance id>": names the instance on this host, for ever */
    char *name;     /* computer name */
    char *vm_id;    /* UUID: SMBIOS system UUID */
    char *owner;    /* ARM id of the instance, for people who look at the folder */
    guint64 epoch;  /* launch counter */
    guint revision; /* model revision that is launched */

    guint vcpus;
    guint memory_mib;
    guint generation;   /* 1: SeaBIOS, 2: UEFI */
    char *architecture; /* "x64" */
    gboolean trusted_launch;
    gboolean secure_boot;
    gboolean vtpm;

    char *image_urn;      /* exact version */
    char *image_format;   /* qemu's name: "qcow2", "raw", "vpc", "vhdx" */
    char *image_sha256;   /* names the stored file (host/image_import.h) */
    gboolean guest_agent; /* the image has one: the boot's end is its first answer */

    /* Generations (host/generations.h). A part that another takes the place of is kept for the retention time, and put back
     * where its number is wanted again. */
    guint64 disk_gen;
    guint64 vars_gen; /* means nothing without UEFI */
    guint64 vtpm_gen; /* 0: none */
    guint64 data_gen; /* data disks: a higher number than theirs has them made afresh, which keeps nothing of them */
    gboolean hold;    /* what is kept may be needed for an undo: nothing of it goes, however old it is, until
                       * another launch, or host_release() */

    guint os_disk_gib;     /* 0: the image's size */
    GPtrArray *data_disks; /* of LaunchDisk, by lun */
    /* Of LaunchDisk: attached ones that go back to their `file` before the launch, and are no data disks of it. One that lies
     * there already has gone. */
    GPtrArray *leaving;

    /* for the NoCloud seed */
    char *admin_username; /* or NULL */
    char *password_hash;  /* or NULL */
    GPtrArray *ssh_keys;  /* of char* */
    char *custom_data;    /* decoded text, or NULL */
} LaunchSpec;

LaunchDisk *launch_disk_new(guint lun, guint size_gib, const char *file);
void launch_disk_free(LaunchDisk *disk);

LaunchSpec *launch_spec_new(void); /* arrays made, all else zero */
LaunchSpec *launch_spec_copy(const LaunchSpec *spec);
void launch_spec_free(LaunchSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LaunchSpec, launch_spec_free)

/* Codec for run.json; parsing checks every member, because the file lies beside what a hostile guest writes to. */
json_t *launch_spec_json(const LaunchSpec *spec);
LaunchSpec *launch_spec_parse(const char *text, gsize length, GError **error);

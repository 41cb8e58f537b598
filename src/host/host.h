/* host/host.h: the driver's table of functions. A driver runs VMs; it knows nothing of scale sets.
 *
 * Threads: everything here is called on the engine's thread (the thread of the GMainContext given at open), and every
 * callback comes on it, never from inside the call that asked for it. serial_log() alone may be called from any thread.
 *
 * Calls are level-triggered and idempotent: start() of an epoch that runs already gives HOST_STARTED again; stop() of
 * what does not run gives HOST_EXITED; destroy() of what is not there gives HOST_DESTROYED. While one call for a key is
 * under way, a later one for the same key takes its place as soon as it can (a stop during a start ends the start). */
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/state_key.h"
#include "host/launch_spec.h"

typedef enum {
    HOST_STARTED,        /* QEMU runs, guest unpaused (QMP greeting seen) */
    HOST_START_FAILED,   /* nothing runs; code and message say why */
    HOST_AGENT_ANSWERED, /* the guest agent answered for the first time in this boot */
    HOST_REBOOTED,       /* the guest began another boot in the same launch; HOST_AGENT_ANSWERED comes again. Not told of a
                          * boot that its agent had not answered in, nor of one that no daemon was there to see */
    HOST_BOOT_REFUSED,   /* Secure Boot refused `file`; the process is still alive */
    HOST_EXITED,         /* no process any more; `code` ARM_N_CODES: ended by request or by the guest's own power-off */
    HOST_DESTROYED,      /* nothing of it is left but data disks that were to be kept */
    HOST_WARNING,        /* a named state: code, message (disk full: guest paused on write; serial flood: log capped);
                          * code ARM_N_CODES: it is over */
    HOST_N_EVENTS
} HostEventType;

/* The endorsement keys that each vTPM is made with. */
typedef enum { VTPM_EK_RSA_2048, VTPM_EK_P384, VTPM_N_EKS } VtpmEk;

/* What a data disk that outlives its instance is afterwards. */
typedef struct {
    guint lun;
    guint size_gib; /* 0: it cannot be told */
    char *file;
} HostKeptDisk;
HostKeptDisk *host_kept_disk_new(guint lun, guint size_gib, const char *file);
void host_kept_disk_free(HostKeptDisk *disk);

typedef struct {
    HostEventType type;
    const char *key;
    guint64 epoch;           /* the launch it is about; 0 for HOST_DESTROYED */
    ArmCode code;            /* ARM_N_CODES: nothing went wrong */
    const char *message;     /* a sentence, or NULL */
    const char *file;        /* HOST_BOOT_REFUSED: what was refused, such as "\\EFI\\BOOT\\grubx64.efi" */
    const GPtrArray *kept;   /* HOST_DESTROYED: of HostKeptDisk: its data disks that lie in keep_dir now; NULL: none */
    gboolean guest_shutdown; /* HOST_EXITED: the guest powered itself off (or was asked to, and did) */
} HostEvent;

typedef void (*HostEventFunc)(const HostEvent *event, void *data);

/* What was found at open, from folders and locks. */
typedef struct {
    char *key;
    gboolean alive;
    guint64 epoch;      /* of the launch that made the folder's present content */
    gboolean agent;     /* the guest agent is open on it */
    char *refused_file; /* the boot was refused, and a former daemon saw it; what this one sees comes as an event. Or NULL */
    gboolean isolated;  /* as isolate() made it */
    char *owner;        /* ARM id of the instance, as its last launch had it, or NULL: it cannot be told */
} HostFound;
void host_found_free(HostFound *found);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostFound, host_found_free)

typedef struct {
    guint guest_port;
    char *host_address; /* "127.0.0.1" */
    guint host_port;
} HostForward;

typedef struct {
    char *driver;       /* "qemu", "simulated" */
    char *accelerator;  /* "tcg", "kvm", "none" */
    char *architecture; /* "x64" */
    guint vcpus_max;    /* largest VM this host runs */
    guint memory_max_mib;
    gboolean secure_boot;
    gboolean vtpm;
    char *qemu_version;    /* or NULL */
    char *firmware_secure; /* path of the Secure Boot firmware code, or NULL with the reason in `notes` */
    char *firmware_plain;
    char *network; /* IPv4 prefix that VMs have their addresses in: "10.0.2.0/24"; NULL: this host does not know it */
    char *notes;   /* what this host lacks, one line each; or NULL */
} HostInfo;
void host_info_free(HostInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostInfo, host_info_free)

typedef struct {
    const char *state_dir;            /* absolute; instances/, images/, ca/ are below it */
    const char *const *forward_ports; /* guest ports as texts, NULL-terminated */
    const char *bridge;               /* operator's bridge, or NULL: user-mode network */
    gboolean outbound;                /* may guests reach out through user-mode network; FALSE: restricted */
    guint uid_first, uid_count;       /* range for instance users; count 0: run as the daemon's own user */
    guint64 serial_cap;               /* bytes of serial log kept per boot; 0: 16 MiB */
    gint64 retention_usec;            /* how long a former OS disk and its guest state are kept; 0: 7 days */
    guint vtpm_ahead;                 /* vTPMs kept ready for instances to come; 0: none */
    const char *qemu_binary;          /* NULL: from PATH; and so on */
    const char *swtpm_binary;
    const char *swtpm_setup_binary;
    const char *firmware_dir;    /* extra folder of firmware descriptors, or NULL */
    const StateKey *state_key;   /* borrowed; NULL: the state of vTPMs is not encrypted */
    struct Authority *authority; /* borrowed: who certifies vTPMs (host/authority.h); NULL: the driver sees to it itself */
    GBytes *guest_program;       /* testudo-guest, or NULL: this build has none */
    /* A guest asks for a token of its own: newly allocated, or NULL with *error. On the engine's thread. NULL: there are none.
     */
    char *(*token)(const char *key, const char *nonce, void *data, GError **error);
    void *token_data;
} HostConfig;

/* guest_run(): what it may print, and how many may wait for one VM. */
#define HOST_GUEST_OUT_MAX   (256u << 10)
#define HOST_GUEST_QUEUE_MAX 16u

typedef struct Host Host;
typedef struct HostDriver HostDriver;

typedef void (*HostDone)(gconstpointer bytes, gsize length, const GError *error, void *data);
typedef void (*HostExecDone)(int exit_code, const char *out, gsize out_length, const char *err, gsize err_length,
                             const GError *error, void *data);

struct HostDriver {
    const char *name;
    void (*close)(Host *host); /* leaves every VM running */
    HostInfo *(*info)(Host *host);
    GPtrArray *(*found)(Host *host); /* of HostFound: what was there at open; watched from then on */
    void (*start)(Host *host, const LaunchSpec *spec);
    /* What the last launch holds (LaunchSpec.hold) is held no longer. */
    void (*release)(Host *host, const char *key);
    /* TRUE: the VM stands still and its network is cut, until its end or until it is called with FALSE. Its memory, disks and
     * logs stay as they are. It outlives the daemon. Nothing where it does not run. */
    void (*isolate)(Host *host, const char *key, gboolean isolated);
    /* grace_usec > 0: ACPI and guest agent first, by force when it is over; 0: by force at once. */
    void (*stop)(Host *host, const char *key, gint64 grace_usec);
    /* Ends the VM by force and removes its folder; data disks are moved to `keep_dir`/<key>-lunN.qcow2 unless it is NULL. */
    void (*destroy)(Host *host, const char *key, const char *keep_dir);
    /* Removes the file of a kept disk, where there is one. */
    gboolean (*disk_remove)(Host *host, const char *file, GError **error);
    /* The serial log of the current boot, at most max bytes from its end; NULL sets *error. Any thread. */
    char *(*serial_log)(Host *host, const char *key, gsize max, gsize *ret_length, GError **error);
    /* The certificate (DER) that was made with an endorsement key of its vTPM's. NULL sets *error: it has no vTPM, or none that
     * was made here. */
    GBytes *(*vtpm_certificate)(Host *host, const char *key, VtpmEk ek, GError **error);
    void (*screenshot)(Host *host, const char *key, HostDone done, void *data); /* PNG */
    void (*exec)(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec,
                 HostExecDone done, void *data);
    /* Runs testudo-guest inside the guest with these arguments, NULL-terminated ("health", "tcp", "22"), where need be after
     * putting it there: once a boot, and again where it vanished. For one VM one runs after the other, in the order of the
     * calls; timeout_usec counts from the call. An error where it was not run to its end: the VM or its guest agent is not
     * there (ARM_OPERATION_NOT_ALLOWED), the guest's agent may not run or write files (ARM_GUEST_AGENT_RESTRICTED), there was
     * no time or too much output (ARM_GUEST_RUN_FAILED), too many wait (ARM_TOO_MANY_REQUESTS), or this build has no
     * testudo-guest (ARM_NOT_SUPPORTED). */
    void (*guest_run)(Host *host, const char *key, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data);
    GPtrArray *(*forwards)(Host *host, const char *key); /* of HostForward; empty where it does not run */
};

/* The first member of every driver's own struct. */
struct Host {
    const HostDriver *driver;
};

/* The one door: callers use these, which check what a driver may rely on. */
void host_close(Host *host); /* accepts NULL */
HostInfo *host_info(Host *host);
GPtrArray *host_found(Host *host);
void host_start(Host *host, const LaunchSpec *spec);
void host_release(Host *host, const char *key);
void host_isolate(Host *host, const char *key, gboolean isolated);
void host_stop(Host *host, const char *key, gint64 grace_usec);
void host_destroy(Host *host, const char *key, const char *keep_dir);
gboolean host_disk_remove(Host *host, const char *file, GError **error);
char *host_serial_log(Host *host, const char *key, gsize max, gsize *ret_length, GError **error);
GBytes *host_vtpm_certificate(Host *host, const char *key, VtpmEk ek, GError **error);
void host_screenshot(Host *host, const char *key, HostDone done, void *data);
void host_exec(Host *host, const char *key, const char *const *argv, const char *input, gint64 timeout_usec, HostExecDone done,
               void *data);
void host_guest_run(Host *host, const char *key, const char *const *argv, gint64 timeout_usec, HostExecDone done, void *data);
GPtrArray *host_forwards(Host *host, const char *key);

/* Drivers. `context` and `clock` are borrowed and outlive the host. NULL sets *error. */
Host *host_qemu_open(const HostConfig *config, GMainContext *context, Clock *clock, HostEventFunc func, void *data,
                     GError **error);

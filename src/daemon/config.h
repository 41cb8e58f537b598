/* daemon/config.h: what the operator chose: command line first, then the configuration file, then defaults. */
#pragma once

#include <glib.h>

typedef struct {
    char *state_dir;   /* absolute */
    char *listen_host; /* NULL: no HTTPS */
    guint listen_port;
    char *tls_certificate; /* own files; both or none */
    char *tls_key;
    char **tls_names;  /* further subjectAltNames */
    char *driver;      /* "qemu" or "simulated" */
    char **image_dirs; /* folders whose images are taken in at start */
    char *location;
    char **forward_ports; /* guest ports, checked */
    char *bridge;
    gboolean outbound;
    guint uid_first, uid_count; /* count 0: VMs run as the daemon's own user */
    guint max_starting;
    gint64 step_timeout_usec;
    gint64 health_wait_usec;
    gint64 attest_period_usec;
    char *token_issuer;        /* NULL: where it listens */
    gint64 token_key_age_usec; /* 0: keys sign until they are rotated by command */
    char *crl_url;             /* named in certificates of vTPMs; NULL: nothing is */
    gint64 stop_grace_usec;
    gint64 retention_usec;
    guint64 serial_cap; /* bytes */
    guint threads;
    guint vtpm_ahead;
    char *webhook;        /* where alerts are delivered; NULL: nowhere */
    char *webhook_secret; /* file; NULL: they are not signed */
    char *state_key;      /* file; NULL: the systemd credential, or none */
    char *qemu, *swtpm, *swtpm_setup, *firmware_dir;
    gboolean show_version;
} DaemonConfig;

/* Parses argv (consumed) and the configuration file. *error names the option or key, what was wrong and what is accepted. */
DaemonConfig *daemon_config_parse(int argc, char **argv, GError **error);
void daemon_config_free(DaemonConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonConfig, daemon_config_free)

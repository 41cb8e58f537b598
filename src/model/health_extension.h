/* model/health_extension.h: what the Application Health extension asks for, decoded. Pure.
 * Source of names, limits and defaults: Azure Compute, "Application Health extension", Linux, versions 1.0 and 2.0. */
#pragma once

#include <glib.h>
#include <jansson.h>

#define HEALTH_PUBLISHER          "Microsoft.ManagedServices"
#define HEALTH_TYPE               "ApplicationHealthLinux"
#define HEALTH_REQUEST_PATH_BYTES 1024 /* with the terminating NUL */

typedef enum { HEALTH_TCP, HEALTH_HTTP, HEALTH_HTTPS, HEALTH_N_PROTOCOLS } HealthProtocol;

/* "tcp", "http", "https" */
const char *health_protocol_text(HealthProtocol protocol);

typedef struct {
    HealthProtocol protocol;
    guint port;         /* 1–65535; 80 and 443 where http and https were given none */
    char *request_path; /* begins with '/', visible ASCII only; NULL with tcp */
    guint interval_s;   /* 5–60 */
    guint probes;       /* 1–24: answers of one kind in a row that make a state */
    guint grace_s;      /* 0–14400, rich only (0 with binary): Initializing at most this long */
    gboolean rich;      /* version 2.0: Initializing, Healthy, Unhealthy, Unknown; else 1.0: Healthy, Unhealthy */
} HealthExtension;

/* extension: an element of extensionProfile.extensions, read against the table of members, at `path`. Violations (GError*) are
 * appended, each with the path of its member as target; NULL where there were any. */
HealthExtension *health_extension_read(const json_t *extension, const char *path, GPtrArray *violations);
gboolean health_extension_same(const HealthExtension *a, const HealthExtension *b); /* both may be NULL */
void health_extension_free(HealthExtension *health);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HealthExtension, health_extension_free)

/* host/qemu/run_file.h: run.json, by which the next daemon knows what runs. Written before QEMU starts, and again once its id
 * is known: whatever moment a daemon dies at, a VM that runs can be found from it. */
#pragma once

#include "host/launch_spec.h"

#include <sys/types.h>

typedef struct {
    pid_t qemu, swtpm;               /* 0: not known, or none */
    guint64 qemu_start, swtpm_start; /* process_start_time() of each */
    gboolean agent;                  /* the guest agent has answered */
    gboolean isolated;               /* it was made to stand still, without network */
    char *refused_file;              /* Secure Boot refused this file; or NULL */
    LaunchSpec *spec;
} RunFile;

void run_file_free(RunFile *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunFile, run_file_free)

/* The text of run.json, from a folder that a hostile process may write to: every member is checked. */
RunFile *run_file_parse(const char *text, gsize length, GError **error);
RunFile *run_file_read(const char *folder, GError **error);
/* spec and refused_file are borrowed. */
gboolean run_file_write(const char *folder, const RunFile *run, GError **error);

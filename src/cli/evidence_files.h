/* cli/evidence_files.h: evidence and references as they lie in files. */
#pragma once

#include "attest/baseline.h"
#include "attest/evidence.h"
#include "base/json.h"

#define EVIDENCE_FILE_MAX EVENT_LOG_MAX_BYTES

/* Evidence as it lies in a folder, or in one piece. Parts that are not there are NULL: what follows from that is the verdict's
 * to say. A nonce is always there; one that nobody told is empty. */
typedef struct {
    Evidence evidence;
    GBytes *nonce;
    GBytes *certificate; /* of the endorsement key */
} Folder;
void folder_clear(Folder *folder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Folder, folder_clear)

gboolean evidence_read(const char *path, Folder *ret_folder, GError **error);
/* What a daemon sent (name of a file to its content in base64), into a new folder, as evidence_read() reads it. */
gboolean evidence_write(const json_t *evidence, const char *folder, GError **error);

/* What a boot is compared with: a baseline as it was exported, or a folder with evidence that holds. */
typedef struct {
    char *name; /* how a reason calls it */
    EventLog *log;
} Reference;
void reference_clear(Reference *reference);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reference, reference_clear)

gboolean reference_read(const char *path, Reference *ret_reference, GError **error);

/* attest/efi_variable.h: UEFI variables as events hold them. Pure.
 * Formats: TCG PC Client Platform Firmware Profile 1.06, section 10.2.6 (UEFI_VARIABLE_DATA); UEFI 2.10, sections 32.4.1
 * (signature lists), 3.1.3 (load options). */
#pragma once

#include "attest/event_log.h"

typedef struct {
    char *name;         /* owned */
    const guint8 *data; /* in the event */
    gsize size;
} EfiVariable;

/* FALSE: it is not one. */
gboolean efi_variable_parse(const guint8 *bytes, gsize size, EfiVariable *ret_variable);
void efi_variable_clear(EfiVariable *variable);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EfiVariable, efi_variable_clear)

/* What it says, in words; newly allocated, NULL where there is nothing to say.
 * SecureBoot: "on", "off". PK, KEK, db, dbx: "2 certificates (CN, CN), 77 hashes". BootOrder: "0001, 0000". Boot####: its
 * description and path. */
char *efi_variable_text(const EfiVariable *variable);

/* The same of one that let something be loaded: whose certificate, or which SBAT level. */
char *efi_authority_text(const EfiVariable *variable);

#include "attest/shim_signer.h"

#include "attest/efi_variable.h"
#include "attest/event_info.h"
#include "attest/event_type.h"

#include <string.h>

typedef struct {
    guint of_firmware, of_sbat, of_shim, others;
    char *signer;
} Authorities;

static void
authority_count(const LogEvent *event, Authorities *found)
{
    g_auto(EfiVariable) variable = { 0 };
    if (event_proof(event) != EVENT_PROOF_HOLDS || !efi_variable_parse(event->data, event->size, &variable)) {
        found->others++;
    } else if (strcmp(variable.name, "db") == 0) {
        found->of_firmware++;
    } else if (strcmp(variable.name, "SbatLevel") == 0) {
        found->of_sbat++;
    } else if (strcmp(variable.name, "MokListRT") == 0 || strcmp(variable.name, "vendor_db") == 0) {
        /* NULL: a digest of one program. */
        char *name = efi_authority_text(&variable);
        found->of_shim += name != NULL;
        found->others += name == NULL;
        g_free(found->signer);
        found->signer = name;
    } else {
        found->others++;
    }
}

static gboolean
has_usual_moks(const EventLog *log)
{
    static const char *const usual[] = { "MokList", "MokListX", "MokListTrusted", NULL };
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *event = event_log_get(log, i);
        g_autofree char *label = event->pcr == 14 ? g_strndup((const char *)event->data, event->size) : NULL;
        if (label && !g_strv_contains(usual, label))
            return FALSE;
    }
    return TRUE;
}

char *
shim_signer(const EventLog *log)
{
    Authorities found = { 0 };
    guint on = 0, off = 0;
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *event = event_log_get(log, i);
        gboolean is_on;
        if (event->pcr == 7 && event->type == EV_EFI_VARIABLE_AUTHORITY)
            authority_count(event, &found);
        else if (event_is_secure_boot(event, &is_on))
            *(is_on && event_proof(event) == EVENT_PROOF_HOLDS ? &on : &off) += 1;
    }
    if (on == 1 && off == 0 && found.of_firmware == 1 && found.of_sbat <= 1 && found.of_shim == 1 && found.others == 0 &&
        has_usual_moks(log))
        return found.signer;
    g_free(found.signer);
    return NULL;
}

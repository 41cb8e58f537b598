#include "attest/efi_variable.h"

#include "attest/device_path.h"
#include "attest/text.h"

#include <openssl/x509.h>
#include <string.h>

#define GUID_SIZE         16
#define MAX_NAMES_SHOWN   8
#define MAX_VARIABLE_NAME 256

/* UEFI 2.10, section 32.4.1, in the order of bytes. */
static const guint8 guid_x509[GUID_SIZE] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                                             0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

gboolean
efi_variable_parse(const guint8 *bytes, gsize size, EfiVariable *ret_variable)
{
    Cursor at = cursor_over(bytes, size);
    cursor_take(&at, GUID_SIZE);
    guint64 characters = cursor_u64le(&at), data_size = cursor_u64le(&at);
    if (at.failed || characters > MAX_VARIABLE_NAME || data_size > at.left)
        return FALSE;
    const guint8 *name = cursor_take(&at, 2 * (gsize)characters), *data = cursor_take(&at, (gsize)data_size);
    if (!cursor_is_done(&at))
        return FALSE;
    *ret_variable = (EfiVariable){ text_from_utf16le(name, 2 * (gsize)characters), data, (gsize)data_size };
    return TRUE;
}

void
efi_variable_clear(EfiVariable *variable)
{
    g_clear_pointer(&variable->name, g_free);
}

/* ---- certificates ---- */

/* The common name, else the whole subject; NULL: not a certificate. */
static char *
certificate_text(const guint8 *der, gsize size)
{
    char text[TEXT_MAX];
    g_autoptr(X509) certificate = size < G_MAXLONG ? d2i_X509(NULL, &der, (long)size) : NULL;
    const X509_NAME *subject = certificate ? X509_get_subject_name(certificate) : NULL;
    if (!subject)
        return NULL;
    int length = X509_NAME_get_text_by_NID((X509_NAME *)subject, NID_commonName, text, sizeof text);
    if (length <= 0 && !X509_NAME_oneline(subject, text, sizeof text))
        return NULL;
    return text_from_utf8((const guint8 *)text, strnlen(text, sizeof text));
}

typedef struct {
    guint certificates, others;
    GString *names;
} Signatures;

static void
signature_count(Signatures *found, gboolean x509, const guint8 *data, gsize size)
{
    if (!x509) {
        found->others++;
        return;
    }
    found->certificates++;
    if (found->certificates > MAX_NAMES_SHOWN)
        return;
    g_autofree char *name = certificate_text(data, size);
    g_string_append_printf(found->names, "%s%s", found->names->len > 0 ? ", " : "", name ? name : "?");
}

/* EFI_SIGNATURE_LIST after EFI_SIGNATURE_LIST. FALSE: it is cut, or says of itself what cannot be. */
static gboolean
signatures_read(Cursor at, Signatures *found)
{
    while (at.left > 0 && !at.failed) {
        const guint8 *type = cursor_take(&at, GUID_SIZE);
        gsize list = cursor_u32le(&at), header = cursor_u32le(&at), each = cursor_u32le(&at);
        if (at.failed || list < GUID_SIZE + 12 + header || each <= GUID_SIZE)
            return FALSE;
        cursor_take(&at, header);
        gsize body_size = list - GUID_SIZE - 12 - header;
        const guint8 *body = cursor_take(&at, body_size);
        for (gsize offset = 0; body && body_size - offset >= each; offset += each)
            signature_count(found, memcmp(type, guid_x509, GUID_SIZE) == 0, body + offset + GUID_SIZE, each - GUID_SIZE);
    }
    return !at.failed;
}

static char *
signatures_text(const EfiVariable *variable)
{
    Signatures found = { .names = g_string_new(NULL) };
    g_autofree char *names = NULL;
    gboolean whole = signatures_read(cursor_over(variable->data, variable->size), &found);
    names = g_string_free(found.names, FALSE);
    if (!whole)
        return g_strdup("cannot be read");
    if (found.certificates + found.others == 0)
        return g_strdup("empty");
    return g_strdup_printf("%u certificates%s%s%s, %u hashes", found.certificates, *names ? " (" : "", names, *names ? ")" : "",
                           found.others);
}

/* ---- boot order ---- */

static char *
boot_order_text(const EfiVariable *variable)
{
    GString *text = g_string_new(NULL);
    Cursor at = cursor_over(variable->data, variable->size);
    while (at.left >= 2 && text->len < TEXT_MAX)
        g_string_append_printf(text, "%s%04X", text->len > 0 ? ", " : "", cursor_u16le(&at));
    return g_string_free(text, FALSE);
}

/* EFI_LOAD_OPTION: attributes, length of the path, description, path. */
static char *
load_option_text(const EfiVariable *variable)
{
    Cursor at = cursor_over(variable->data, variable->size);
    cursor_u32le(&at);
    gsize path_size = cursor_u16le(&at);
    const guint8 *description = at.at;
    while (at.left >= 2 && cursor_u16le(&at) != 0)
        ;
    if (at.failed || path_size > at.left)
        return g_strdup("cannot be read");
    g_autofree char *words = text_from_utf16le(description, (gsize)(at.at - description));
    g_autofree char *path = device_path_text(at.at, path_size);
    return g_strdup_printf("%s: %s", words, path);
}

static gboolean
is_load_option(const char *name)
{
    return g_str_has_prefix(name, "Boot") && strlen(name) == 8 && strspn(name + 4, "0123456789ABCDEFabcdef") == 4;
}

char *
efi_variable_text(const EfiVariable *variable)
{
    static const char *const lists[] = { "PK", "KEK", "db", "dbx", "dbt", "dbr", NULL };
    if (strcmp(variable->name, "SecureBoot") == 0)
        return g_strdup(variable->size == 1 && variable->data[0] == 1 ? "on" : "off");
    if (g_strv_contains(lists, variable->name))
        return signatures_text(variable);
    if (strcmp(variable->name, "BootOrder") == 0)
        return boot_order_text(variable);
    return is_load_option(variable->name) ? load_option_text(variable) : NULL;
}

char *
efi_authority_text(const EfiVariable *variable)
{
    if (strcmp(variable->name, "SbatLevel") == 0)
        return text_from_utf8(variable->data, variable->size);
    /* EFI_SIGNATURE_DATA: whose, then the certificate. */
    if (variable->size <= GUID_SIZE)
        return NULL;
    return certificate_text(variable->data + GUID_SIZE, variable->size - GUID_SIZE);
}

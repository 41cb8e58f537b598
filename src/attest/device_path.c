#include "attest/device_path.h"

#include "attest/text.h"
#include "base/cursor.h"

#define NODE_HEADER 4
#define MAX_NODES   64

/* type << 8 | subtype */
enum {
    NODE_PCI = 0x0101,
    NODE_ACPI = 0x0201,
    NODE_SATA = 0x0312,
    NODE_NVME = 0x0317,
    NODE_HARD_DRIVE = 0x0401,
    NODE_CDROM = 0x0402,
    NODE_FILE_PATH = 0x0404,
    NODE_FIRMWARE_FILE = 0x0406,
    NODE_FIRMWARE_VOLUME = 0x0407,
    NODE_END = 0x7fff,
};

typedef struct {
    guint16 kind;
    Cursor body;
} Node;

/* FALSE: no more. One that is cut short fails `at`. */
static gboolean
node_read(Cursor *at, Node *ret_node)
{
    if (at->failed || at->left == 0)
        return FALSE;
    guint8 type = cursor_u8(at), subtype = cursor_u8(at);
    gsize length = cursor_u16le(at);
    const guint8 *body = cursor_take(at, length < NODE_HEADER ? G_MAXSIZE : length - NODE_HEADER);
    if (!body)
        return FALSE;
    *ret_node = (Node){ .kind = (guint16)((type & 0x7f) << 8 | subtype), .body = cursor_over(body, length - NODE_HEADER) };
    return ret_node->kind != NODE_END;
}

/* Section 10.3.5.1: of a GPT disk the signature is the partition's GUID. */
static void
hard_drive_append(GString *text, Cursor body)
{
    guint32 partition = cursor_u32le(&body);
    cursor_take(&body, 16);
    Cursor signature = body;
    g_autofree char *guid = text_from_guid(&body);
    guint8 format = cursor_u8(&body);
    if (format == 2)
        g_string_append_printf(text, "HD(%u,GPT,%s)", partition, guid);
    else
        g_string_append_printf(text, "HD(%u,MBR,0x%08x)", partition, cursor_u32le(&signature));
}

static void
node_append(GString *text, const Node *node)
{
    Cursor body = node->body;
    g_autofree char *words = NULL;
    switch (node->kind) {
    case NODE_PCI: {
        guint function = cursor_u8(&body), device = cursor_u8(&body);
        g_string_append_printf(text, "Pci(0x%x,0x%x)", device, function);
        return;
    }
    case NODE_ACPI: {
        guint32 hid = cursor_u32le(&body), uid = cursor_u32le(&body);
        /* EISA ids PNP0A03 and PNP0A08 */
        if (hid == 0x0a0341d0 || hid == 0x0a0841d0)
            g_string_append_printf(text, "PciRoot(0x%x)", uid);
        else
            g_string_append_printf(text, "Acpi(0x%08x,0x%x)", hid, uid);
        return;
    }
    case NODE_SATA:
        g_string_append_printf(text, "Sata(0x%x)", cursor_u16le(&body));
        return;
    case NODE_NVME:
        g_string_append_printf(text, "NVMe(0x%x)", cursor_u32le(&body));
        return;
    case NODE_HARD_DRIVE:
        hard_drive_append(text, body);
        return;
    case NODE_CDROM:
        g_string_append_printf(text, "CDROM(0x%x)", cursor_u32le(&body));
        return;
    case NODE_FILE_PATH:
        words = text_from_utf16le(body.at, body.left);
        g_string_append(text, words);
        return;
    case NODE_FIRMWARE_FILE:
        words = text_from_guid(&body);
        g_string_append_printf(text, "FvFile(%s)", words);
        return;
    case NODE_FIRMWARE_VOLUME:
        words = text_from_guid(&body);
        g_string_append_printf(text, "Fv(%s)", words);
        return;
    default:
        g_string_append_printf(text, "Path(%u,%u)", node->kind >> 8, node->kind & 0xff);
        return;
    }
}

char *
device_path_text(const guint8 *bytes, gsize size)
{
    GString *text = g_string_new(NULL);
    Cursor at = cursor_over(bytes, size);
    Node node;
    for (guint n = 0; n < MAX_NODES && node_read(&at, &node); n++) {
        if (text->len > 0)
            g_string_append_c(text, '/');
        node_append(text, &node);
    }
    if (at.failed)
        g_string_append(text, "…");
    return g_string_free(text, FALSE);
}

char *
device_path_file(const guint8 *bytes, gsize size)
{
    Cursor at = cursor_over(bytes, size);
    Node node;
    for (guint n = 0; n < MAX_NODES && node_read(&at, &node); n++) {
        if (node.kind == NODE_FILE_PATH)
            return text_from_utf16le(node.body.at, node.body.left);
    }
    return NULL;
}

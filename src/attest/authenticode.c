#include "attest/authenticode.h"

#include "base/cursor.h"

#include <string.h>

/* PE Format, sections "MS-DOS Stub", "COFF File Header", "Optional Header", "Section Table". Offsets within each. */
#define DOS_AT_PE             0x3c
#define PE_SIGNATURE          0x00004550u
#define COFF_SIZE             20
#define OPTIONAL_PE32         0x10b
#define OPTIONAL_PE32_PLUS    0x20b
#define OPTIONAL_AT_HEADERS   60 /* SizeOfHeaders; CheckSum is behind it */
#define OPTIONAL_AT_CHECKSUM  64
#define DIRECTORY_CERTIFICATE 4
#define DIRECTORY_SIZE        8
#define SECTION_SIZE          40
#define SECTION_AT_RAW_SIZE   16

typedef struct {
    gsize checksum;          /* where it lies */
    gsize certificate;       /* where its entry in the data directory lies; 0: there is none */
    gsize certificates_size; /* at the end of the file */
    gsize headers;           /* so many bytes */
    gsize sections;          /* where their table lies */
    guint n_sections;
} Layout;

typedef struct {
    guint32 at, size;
} Section;

static Cursor
cursor_at(const guint8 *bytes, gsize size, gsize at)
{
    Cursor cursor = cursor_over(bytes, size);
    cursor_take(&cursor, at);
    return cursor;
}

/* The optional header begins at `at`. */
static gboolean
directory_read(const guint8 *bytes, gsize size, gsize at, guint16 magic, Layout *layout)
{
    const gsize count_at = at + (magic == OPTIONAL_PE32 ? 92 : 108);
    Cursor cursor = cursor_at(bytes, size, count_at);
    const guint32 count = cursor_u32le(&cursor);
    if (cursor.failed || count <= DIRECTORY_CERTIFICATE)
        return !cursor.failed;
    layout->certificate = count_at + 4 + (gsize)DIRECTORY_CERTIFICATE * DIRECTORY_SIZE;
    cursor = cursor_at(bytes, size, layout->certificate + 4);
    layout->certificates_size = cursor_u32le(&cursor);
    return !cursor.failed;
}

static gboolean
layout_read(const guint8 *bytes, gsize size, Layout *ret_layout)
{
    Cursor cursor = cursor_over(bytes, size);
    if (size < 2 || memcmp(bytes, "MZ", 2) != 0)
        return FALSE;
    cursor = cursor_at(bytes, size, DOS_AT_PE);
    const gsize coff = (gsize)cursor_u32le(&cursor) + 4;
    cursor = cursor_at(bytes, size, coff - 4);
    if (cursor_u32le(&cursor) != PE_SIGNATURE)
        return FALSE;
    cursor_u16le(&cursor); /* machine */
    ret_layout->n_sections = cursor_u16le(&cursor);
    cursor_take(&cursor, 12);
    const guint16 optional_size = cursor_u16le(&cursor);
    const gsize optional = coff + COFF_SIZE;
    cursor = cursor_at(bytes, size, optional);
    const guint16 magic = cursor_u16le(&cursor);
    cursor = cursor_at(bytes, size, optional + OPTIONAL_AT_HEADERS);
    ret_layout->headers = cursor_u32le(&cursor);
    ret_layout->checksum = optional + OPTIONAL_AT_CHECKSUM;
    ret_layout->sections = optional + optional_size;
    return !cursor.failed && (magic == OPTIONAL_PE32 || magic == OPTIONAL_PE32_PLUS) &&
           directory_read(bytes, size, optional, magic, ret_layout);
}

static gint
by_place(gconstpointer a, gconstpointer b)
{
    const Section *first = a, *second = b;
    return first->at < second->at ? -1 : first->at > second->at;
}

/* In the order in which they lie in the file; NULL: one is not in it. */
static GArray *
sections_read(const guint8 *bytes, gsize size, const Layout *layout)
{
    g_autoptr(GArray) sections = g_array_new(FALSE, FALSE, sizeof(Section));
    Cursor cursor = cursor_at(bytes, size, layout->sections);
    for (guint i = 0; i < layout->n_sections; i++) {
        Section section;
        cursor_take(&cursor, SECTION_AT_RAW_SIZE);
        section.size = cursor_u32le(&cursor);
        section.at = cursor_u32le(&cursor);
        cursor_take(&cursor, SECTION_SIZE - SECTION_AT_RAW_SIZE - 8);
        if (cursor.failed || (section.size > 0 && (gsize)section.at + section.size > size))
            return NULL;
        if (section.size > 0)
            g_array_append_val(sections, section);
    }
    g_array_sort(sections, by_place);
    return g_steal_pointer(&sections);
}

/* Headers are in order: checksum, then the directory's entry. */
static gboolean
headers_hash(GChecksum *sum, const guint8 *bytes, gsize size, const Layout *layout)
{
    const gsize after_checksum = layout->checksum + 4;
    const gsize skip = layout->certificate ? layout->certificate : layout->headers;
    const gsize after_skip = layout->certificate ? layout->certificate + DIRECTORY_SIZE : layout->headers;
    if (layout->headers > size || after_checksum > skip || after_skip > layout->headers)
        return FALSE;
    g_checksum_update(sum, bytes, (gssize)layout->checksum);
    g_checksum_update(sum, bytes + after_checksum, (gssize)(skip - after_checksum));
    g_checksum_update(sum, bytes + after_skip, (gssize)(layout->headers - after_skip));
    return TRUE;
}

gboolean
authenticode_sha256(const guint8 *bytes, gsize size, guint8 ret_digest[SHA256_SIZE])
{
    Layout layout = { 0 };
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GArray) sections = layout_read(bytes, size, &layout) ? sections_read(bytes, size, &layout) : NULL;
    if (!sections || !headers_hash(sum, bytes, size, &layout))
        return FALSE;
    gsize hashed = layout.headers, length = SHA256_SIZE;
    for (guint i = 0; i < sections->len; i++) {
        const Section *section = &g_array_index(sections, Section, i);
        /* Sections that lie upon each other are no program, and would be work without end. */
        if (section->size > size - hashed)
            return FALSE;
        g_checksum_update(sum, bytes + section->at, (gssize)section->size);
        hashed += section->size;
    }
    if (layout.certificates_size > size - hashed)
        return FALSE;
    g_checksum_update(sum, bytes + hashed, (gssize)(size - hashed - layout.certificates_size));
    g_checksum_get_digest(sum, ret_digest, &length);
    return TRUE;
}

gboolean
authenticode_is_signed(const guint8 *bytes, gsize size)
{
    Layout layout = { 0 };
    return layout_read(bytes, size, &layout) && layout.certificates_size > 0;
}

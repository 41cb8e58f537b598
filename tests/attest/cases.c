#include "cases.h"

#include <string.h>

GBytes *
fixture_read(const char *path, gboolean may_be_absent)
{
    g_autofree char *file = g_build_filename(g_getenv("ATTEST_FIXTURES"), path, NULL);
    char *contents = NULL;
    gsize size;
    if (g_file_get_contents(file, &contents, &size, NULL))
        return g_bytes_new_take(contents, size);
    if (!may_be_absent)
        g_error("cannot read %s", file);
    return NULL;
}

static GBytes *
part(const char *name, const char *file)
{
    g_autofree char *path = g_build_filename(name, file, NULL);
    return fixture_read(path, strcmp(file, "eventlog.bin") == 0);
}

Case
case_read(const char *name)
{
    return (Case){
        .evidence = { .attest = part(name, "quote.attest"),
                      .signature = part(name, "quote.sig"),
                      .ak = part(name, "ak.pub"),
                      .ek = part(name, "ek.pub"),
                      .log = part(name, "eventlog.bin") },
        .nonce = part(name, "nonce.bin"),
    };
}

void
case_clear(Case *one)
{
    GBytes **const all[] = { &one->evidence.attest, &one->evidence.signature, &one->evidence.ak,
                             &one->evidence.ek,     &one->evidence.log,       &one->nonce };
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        g_clear_pointer(all[i], g_bytes_unref);
}

void
bytes_damage(GBytes **bytes, gsize at, guint8 mask)
{
    gsize size;
    guint8 *copy = g_bytes_unref_to_data(*bytes, &size);
    g_assert_cmpuint(at, <, size);
    copy[at] ^= mask;
    *bytes = g_bytes_new_take(copy, size);
}

void
bytes_cut(GBytes **bytes, gsize at, gsize count)
{
    gsize size;
    guint8 *copy = g_bytes_unref_to_data(*bytes, &size);
    g_assert_cmpuint(at + count, <=, size);
    memmove(copy + at, copy + at + count, size - at - count);
    *bytes = g_bytes_new_take(copy, size - count);
}

/* credential EK-FILE AK-FILE SECRET: the two arguments of activate, made by what the daemon makes them with. Files:
 * TPM2B_PUBLIC; the secret in hexadecimal, as they are printed. */
#include "attest/credential.h"

#include <stdio.h>
#include <string.h>

static TpmKey *
key_read(const char *path)
{
    char *contents;
    gsize size;
    if (!g_file_get_contents(path, &contents, &size, NULL))
        g_error("cannot read %s", path);
    g_autoptr(GBytes) bytes = g_bytes_new_take(contents, size);
    g_autoptr(GError) error = NULL;
    TpmKey *key = tpm_key_parse(bytes, &error);
    g_assert_no_error(error);
    return key;
}

static void
print(GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    for (gsize i = 0; i < size; i++)
        printf("%02x", data[i]);
    putchar('\n');
}

int
main(int argc, char **argv)
{
    guint8 secret[CREDENTIAL_SECRET_SIZE];
    g_assert_true(argc == 4 && strlen(argv[3]) == 2 * sizeof secret);
    for (guint i = 0; i < sizeof secret; i++)
        secret[i] = (guint8)(g_ascii_xdigit_value(argv[3][2 * i]) << 4 | g_ascii_xdigit_value(argv[3][2 * i + 1]));
    g_autoptr(TpmKey) ek = key_read(argv[1]), ak = key_read(argv[2]);
    g_autoptr(GBytes) object = NULL, wrapped = NULL;
    g_autoptr(GError) error = NULL;
    credential_make(ek, ak->name, secret, &object, &wrapped, &error);
    g_assert_no_error(error);
    print(object);
    print(wrapped);
    return 0;
}

#include "host/authority_files.h"

#include "base/error.h"
#include "base/file.h"

#include <string.h>

#define FILE_MAX    (1u << 20)
#define LABEL       "testudo CA keys"
#define NEXT_KEY    "next-signkey.pem"
#define NEXT        "next-issuercert.pem"
#define FORMERS_MAX 100u

void
pair_clear(Pair *pair)
{
    EVP_PKEY_free(g_steal_pointer(&pair->key));
    X509_free(g_steal_pointer(&pair->certificate));
}

Issuer
pair_issuer(const Pair *pair)
{
    return (Issuer){ .key = pair->key, .certificate = pair->certificate };
}

/* ---- files ---- */

static char *
path_of(const CaFiles *files, const char *name)
{
    return g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(files->folder, name, NULL);
}

gboolean
ca_file_is(const CaFiles *files, const char *name)
{
    g_autofree char *path = path_of(files, name);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

char *
ca_file_read(const CaFiles *files, const char *name, GError **error)
{
    g_autofree char *path = path_of(files, name);
    return file_read(path, FILE_MAX, NULL, error);
}

gboolean
ca_file_write(const CaFiles *files, const char *name, const char *text, GError **error)
{
    g_autofree char *path = path_of(files, name);
    return file_write(path, text, strlen(text), 0600, error);
}

static gboolean
unusable(const CaFiles *files, const char *name, const char *why, GError **error)
{
    g_autofree char *path = path_of(files, name);
    return arm_fail(error, ARM_INTERNAL, NULL, "'%s' %s: put it back from a copy, or move the folder away to have a new CA.",
                    path, why);
}

/* ---- keys ---- */

EVP_PKEY *
ca_key_read(const CaFiles *files, const char *name, GError **error)
{
    g_autofree char *stored = ca_file_read(files, name, error);
    char *text = stored ? state_key_open(files->key, LABEL, stored, error) : NULL;
    EVP_PKEY *key = text ? issuer_key_parse(text) : NULL;
    if (text && !key)
        unusable(files, name, "is no private key", error);
    state_key_text_free(text);
    return key;
}

static gboolean
key_write(const CaFiles *files, const char *name, const EVP_PKEY *key, GError **error)
{
    char *text = issuer_key_text(key);
    g_autofree char *stored = state_key_seal(files->key, LABEL, text);
    state_key_text_free(text);
    return ca_file_write(files, name, stored, error);
}

static gboolean
key_settle(const CaFiles *files, const char *name, const EVP_PKEY *key, GError **error)
{
    g_autofree char *stored = files->key ? ca_file_read(files, name, error) : NULL;
    if (!files->key)
        return TRUE;
    return stored && (state_key_is_sealed(stored) || key_write(files, name, key, error));
}

gboolean
ca_pair_read(const CaFiles *files, const char *key_name, const char *name, gboolean needs_key, Pair *ret_pair, GError **error)
{
    g_autofree char *text = ca_file_read(files, name, error);
    if (!text)
        return FALSE;
    ret_pair->certificate = issuer_certificate_parse(text);
    if (!ret_pair->certificate)
        return unusable(files, name, "is no certificate", error);
    if (!needs_key && !ca_file_is(files, key_name))
        return TRUE;
    ret_pair->key = ca_key_read(files, key_name, error);
    if (!ret_pair->key)
        return FALSE;
    const Issuer issuer = pair_issuer(ret_pair);
    if (!issuer_fits(&issuer))
        return unusable(files, key_name, "is not the key of its certificate", error);
    return key_settle(files, key_name, ret_pair->key, error);
}

/* The key first: a certificate that is there has its key. */
gboolean
ca_pair_write(const CaFiles *files, const char *key_name, const char *name, const Pair *pair, GError **error)
{
    g_autofree char *certificate = issuer_certificate_text(pair->certificate);
    return key_write(files, key_name, pair->key, error) && ca_file_write(files, name, certificate, error);
}

/* ---- the one that signs gives way to another ---- */

static char *
former_name(guint number, const char *what)
{
    return g_strdup_printf("former-%u-%s.pem", number, what);
}

static guint
formers_count(const CaFiles *files)
{
    guint n = 0;
    for (; n < FORMERS_MAX; n++) {
        g_autofree char *name = former_name(n + 1, "cert");
        if (!ca_file_is(files, name))
            break;
    }
    return n;
}

static gboolean
rename_in(const CaFiles *files, const char *from, const char *to, GError **error)
{
    g_autofree char *old_path = path_of(files, from), *new_path = path_of(files, to);
    return (rename(old_path, new_path) == 0 || io_fail(error, "rename", old_path)) && folder_sync(files->folder, error);
}

/* The certificate's file goes last: as long as it is there under its first name, the other one still is to be put in place. */
gboolean
ca_issuer_recover(const CaFiles *files, GError **error)
{
    if (!ca_file_is(files, NEXT))
        return TRUE;
    if (ca_file_is(files, NEXT_KEY) && !rename_in(files, NEXT_KEY, CA_ISSUER_KEY, error))
        return FALSE;
    return rename_in(files, NEXT, CA_ISSUER, error);
}

gboolean
ca_issuer_replace(const CaFiles *files, const Pair *now, const Pair *next, GError **error)
{
    const guint number = formers_count(files) + 1;
    g_autofree char *key_name = former_name(number, "key"), *name = former_name(number, "cert");
    if (number > FORMERS_MAX)
        return arm_fail(error, ARM_CONFLICT, NULL, "There were %u issuing CAs already: a new CA is due.", FORMERS_MAX);
    return ca_pair_write(files, key_name, name, now, error) && ca_pair_write(files, NEXT_KEY, NEXT, next, error) &&
           ca_issuer_recover(files, error);
}

static void
pair_clear_data(void *data)
{
    pair_clear(data);
}

GArray *
ca_formers_read(const CaFiles *files, GError **error)
{
    g_autoptr(GArray) formers = g_array_new(FALSE, FALSE, sizeof(Pair));
    const guint n = formers_count(files);
    g_array_set_clear_func(formers, pair_clear_data);
    for (guint i = 1; i <= n; i++) {
        g_autofree char *key_name = former_name(i, "key"), *name = former_name(i, "cert");
        Pair pair = { 0 };
        if (!ca_pair_read(files, key_name, name, /* needs_key= */ TRUE, &pair, error)) {
            pair_clear(&pair);
            return NULL;
        }
        g_array_append_val(formers, pair);
    }
    return g_steal_pointer(&formers);
}

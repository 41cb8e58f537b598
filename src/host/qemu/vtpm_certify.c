#include "host/qemu/vtpm_certify.h"

#include "attest/chain.h"
#include "attest/issuer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/state_key.h"
#include "host/qemu/folder.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define NAME            "testudo-certify"
#define CONFIG          "certify.conf"
#define GROUP           "certify"
#define CERTIFICATE     "ek.cert" /* as swtpm_localca names it in its folder */
#define CERTIFICATE_MAX 65536

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

gboolean
vtpm_certify_asked(const char *argv0)
{
    g_autofree char *name = argv0 ? g_path_get_basename(argv0) : NULL;
    return g_strcmp0(name, NAME) == 0;
}

/* ---- before ---- */

/* A link: programs in the state folder's file system may be forbidden to run. Made anew at each start, since an upgrade puts
 * another program in the place of this one. */
static gboolean
link_make(const char *path, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *next = g_strconcat(path, ".new", NULL);
    unlink(next);
    return (self && symlink(self, next) == 0 && rename(next, path) == 0) || io_fail(error, "make", path);
}

gboolean
vtpm_certify_prepare(const VtpmCertify *certify, const char *folder, char **ret_program, char **ret_config, GError **error)
{
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autofree char *program = folder_file(folder, NAME), *path = folder_file(folder, CONFIG);
    g_key_file_set_string(config, GROUP, "localca", certify->localca);
    g_key_file_set_string(config, GROUP, "localca-config", certify->localca_config);
    g_key_file_set_string(config, GROUP, "key", certify->key);
    g_key_file_set_string(config, GROUP, "issuer", certify->issuer);
    g_key_file_set_string(config, GROUP, "address", certify->address);
    gsize length;
    g_autofree char *text = g_key_file_to_data(config, &length, NULL);
    if (!link_make(program, error) || !file_write(path, text, length, 0600, error))
        return FALSE;
    *ret_program = g_steal_pointer(&program);
    *ret_config = g_steal_pointer(&path);
    return TRUE;
}

/* ---- as the other program ---- */

/* What comes after an option; NULL: it is not there. */
static char **
value_find(char **argv, const char *option)
{
    for (; argv[0] && argv[1]; argv++) {
        if (strcmp(argv[0], option) == 0)
            return &argv[1];
    }
    return NULL;
}

static gboolean
localca_run(const char *program, char **argv, GError **error)
{
    int status = 0;
    argv[0] = (char *)program;
    return g_spawn_sync(NULL, argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL, &status, error) &&
           g_spawn_check_wait_status(status, error);
}

static char *
text_read(const GKeyFile *config, const char *name, gsize max, GError **error)
{
    g_autofree char *path = g_key_file_get_string((GKeyFile *)config, GROUP, name, error);
    return path ? file_read(path, max, NULL, error) : NULL;
}

/* The key lies in memory, and is no file of the kind that is read otherwise. */
static EVP_PKEY *
key_read(const GKeyFile *config, GError **error)
{
    g_autofree char *path = g_key_file_get_string((GKeyFile *)config, GROUP, "key", error), *text = NULL;
    if (!path || !g_file_get_contents(path, &text, NULL, error))
        return NULL;
    EVP_PKEY *key = issuer_key_parse(text);
    state_key_text_free(g_steal_pointer(&text));
    if (!key)
        arm_fail(error, ARM_VTPM_FAILED, NULL, "'%s' is no private key.", path);
    return key;
}

static X509 *
certificate_read(const char *path, GError **error)
{
    gsize length;
    g_autofree char *bytes = file_read(path, CERTIFICATE_MAX, &length, error);
    const guint8 *at = (const guint8 *)bytes;
    X509 *certificate = bytes ? d2i_X509(NULL, &at, (long)length) : NULL;
    if (bytes && !certificate)
        arm_fail(error, ARM_VTPM_FAILED, NULL, "'%s' is no certificate.", path);
    return certificate;
}

static gboolean
address_add(const GKeyFile *config, const char *path, GError **error)
{
    g_autofree char *address = g_key_file_get_string((GKeyFile *)config, GROUP, "address", error);
    g_autofree char *issuer_text = address ? text_read(config, "issuer", CERTIFICATE_MAX, error) : NULL;
    g_autoptr(X509) issuer_certificate = issuer_text ? issuer_certificate_parse(issuer_text) : NULL;
    g_autoptr(EVP_PKEY) key = issuer_text ? key_read(config, error) : NULL;
    g_autoptr(X509) certificate = key ? certificate_read(path, error) : NULL;
    if (!certificate)
        return FALSE;
    const Issuer issuer = { key, issuer_certificate };
    if (!issuer_certificate || !issuer_fits(&issuer))
        return arm_fail(error, ARM_VTPM_FAILED, NULL, "The issuing CA's certificate is not that of its key.");
    issuer_crl_address_add(certificate, &issuer, address);
    guint8 *der = NULL;
    const int size = i2d_X509(certificate, &der);
    g_assert(size > 0);
    const gboolean written = file_write(path, der, (gsize)size, 0600, error);
    OPENSSL_free(der);
    return written;
}

static gboolean
certify(char **argv, GError **error)
{
    g_autoptr(GKeyFile) config = g_key_file_new();
    char **config_path = value_find(argv, "--configfile"), **folder = value_find(argv, "--dir");
    if (!config_path || !folder)
        return arm_fail(error, ARM_VTPM_FAILED, NULL, "--configfile and --dir are missing.");
    if (!g_key_file_load_from_file(config, *config_path, G_KEY_FILE_NONE, error))
        return FALSE;
    g_autofree char *localca = g_key_file_get_string(config, GROUP, "localca", error);
    g_autofree char *localca_config = localca ? g_key_file_get_string(config, GROUP, "localca-config", error) : NULL;
    if (!localca_config)
        return FALSE;
    *config_path = localca_config;
    g_autofree char *certificate = folder_file(*folder, CERTIFICATE);
    return localca_run(localca, argv, error) && address_add(config, certificate, error);
}

int
vtpm_certify(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    (void)argc;
    if (certify(argv, &error))
        return 0;
    fprintf(stderr, NAME ": %s\n", error->message);
    return 1;
}

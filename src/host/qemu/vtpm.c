#include "host/qemu/vtpm.h"

#include "attest/issuer.h"
#include "base/error.h"
#include "base/file.h"
#include "host/qemu/folder.h"
#include "host/qemu/vtpm_certify.h"
#include "host/qemu/vtpm_key.h"
#include "host/qemu/vtpm_seal.h"
#include "host/run.h"

#include <fcntl.h>
#include <string.h>

#define CERTIFICATE_MAX 65536

struct VtpmMaker {
    char *setup; /* swtpm_setup */
    char *swtpm;
    char *setup_config; /* STATE/ca/vtpm/setup.conf */
    GMutex first_use;   /* the CA makes its own keys when it is first used, once */
    gboolean ca_exists;
    char *root_certificate;
    const StateKey *state_key;
    Authority *authority; /* NULL: swtpm_localca makes a CA of its own */
};

static gboolean
config_write(const char *folder, const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return file_write(path, text, strlen(text), 0600, error);
}

static const char *
crl_address_of(const VtpmMaker *maker)
{
    return maker->authority ? authority_crl_address(maker->authority) : NULL;
}

/* Which program makes certificates: swtpm_localca, or what adds to its certificates. */
static gboolean
setup_configure(const VtpmMaker *maker, const char *folder, const char *localca, GError **error)
{
    g_autofree char *program = NULL, *config = folder_file(folder, "localca.conf");
    if (crl_address_of(maker)) {
        g_autofree char *localca_config = g_steal_pointer(&config);
        const VtpmCertify certify = { localca, localca_config, authority_key_path(maker->authority), maker->root_certificate,
                                      crl_address_of(maker) };
        if (!vtpm_certify_prepare(&certify, folder, &program, &config, error))
            return FALSE;
    }
    g_autofree char *text = g_strdup_printf("create_certs_tool=%s\ncreate_certs_tool_config=%s\n"
                                            "create_certs_tool_options=%s/localca.options\nactive_pcr_banks=sha256\n",
                                            program ? program : localca, config, folder);
    return config_write(folder, "setup.conf", text, error);
}

static gboolean
ca_configure(VtpmMaker *maker, const char *folder, const char *localca, GError **error)
{
    g_autofree char *key =
        maker->authority ? g_strdup(authority_key_path(maker->authority)) : folder_file(folder, "signkey.pem");
    g_autofree char *localca_text = g_strdup_printf("statedir = %s\nsigningkey = %s\nissuercert = "
                                                    "%s/issuercert.pem\ncertserial = %s/certserial\n",
                                                    folder, key, folder, folder);
    maker->setup_config = g_build_filename(folder, "setup.conf", NULL);
    maker->root_certificate = g_build_filename(folder, "issuercert.pem", NULL);
    maker->ca_exists = g_file_test(maker->root_certificate, G_FILE_TEST_EXISTS);
    return folder_make(folder, error) && config_write(folder, "localca.conf", localca_text, error) &&
           config_write(folder, "localca.options",
                        "--platform-manufacturer Testudo\n--platform-version 1\n--platform-model QEMU\n", error) &&
           setup_configure(maker, folder, localca, error);
}

static char *
program_find(const char *given, const char *name, GError **error)
{
    char *path = g_find_program_in_path(given ? given : name);
    if (!path)
        arm_fail(error, ARM_VTPM_FAILED, NULL,
                 "The program '%s' is not installed: no vTPM can be made (on Debian: packages "
                 "swtpm and swtpm-tools).",
                 given ? given : name);
    return path;
}

VtpmMaker *
vtpm_maker_new(const char *state_dir, const char *swtpm_setup, const char *swtpm, const StateKey *state_key,
               Authority *authority, GError **error)
{
    VtpmMaker *maker = g_new0(VtpmMaker, 1);
    g_autofree char *folder = g_build_filename(state_dir, "ca", "vtpm", NULL);
    g_autofree char *localca = NULL;

    g_mutex_init(&maker->first_use);
    maker->state_key = state_key;
    maker->authority = authority;
    maker->setup = program_find(swtpm_setup, "swtpm_setup", error);
    maker->swtpm = maker->setup ? program_find(swtpm, "swtpm", error) : NULL;
    localca = maker->swtpm ? program_find(NULL, "swtpm_localca", error) : NULL;
    if (localca && ca_configure(maker, folder, localca, error))
        return maker;
    vtpm_maker_free(maker);
    return NULL;
}

void
vtpm_maker_free(VtpmMaker *maker)
{
    if (!maker)
        return;
    g_free(maker->setup);
    g_free(maker->swtpm);
    g_free(maker->setup_config);
    g_free(maker->root_certificate);
    g_mutex_clear(&maker->first_use);
    g_free(maker);
}

gboolean
vtpm_is_as_made_now(const VtpmMaker *maker, const char *folder)
{
    gsize length;
    g_autofree char *bytes = folder_read(folder, "ek-rsa2048.crt", CERTIFICATE_MAX, &length, NULL);
    const guint8 *at = (const guint8 *)bytes;
    X509 *certificate = bytes ? d2i_X509(NULL, &at, (long)length) : NULL;
    g_autofree char *said = certificate ? issuer_crl_address_of(certificate) : NULL;
    g_autofree char *wanted = crl_address_of(maker) ? g_strconcat(crl_address_of(maker), "/", NULL) : NULL;
    X509_free(certificate);
    return vtpm_key_wanted(folder) == (maker->state_key != NULL) &&
           (wanted ? said && g_str_has_prefix(said, wanted) && !strchr(said + strlen(wanted), '/') : !said);
}

gboolean
vtpm_bring_under_key(const VtpmMaker *maker, const char *instance_folder, guint uid, guint gid, GError **error)
{
    const VtpmSeal seal = { .swtpm = maker->swtpm, .key = maker->state_key, .uid = uid, .gid = gid };
    return vtpm_seal(&seal, instance_folder, error);
}

static gboolean
state_sync(const char *folder, GError **error)
{
    g_autofree char *path = folder_file(folder, "tpm2-00.permall");
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return (fd >= 0 && fsync(fd) == 0) || io_fail(error, "sync", path);
}

/* Runs as the daemon's own user, because it signs with the CA's key. */
static gboolean
setup_run(VtpmMaker *maker, const char *folder, GError **error)
{
    AUTO_FD key_fd = maker->state_key ? vtpm_key_make(maker->state_key, folder, error) : -1;
    if (maker->state_key && key_fd < 0)
        return FALSE;
    g_autofree char *key = maker->state_key ? g_strdup_printf("%d", key_fd) : NULL;
    g_autofree char *swtpm = g_strconcat(maker->swtpm, " socket", NULL);
    g_autofree char *own_name = g_uuid_string_random();
    const char *const argv[] = { maker->setup,
                                 "--tpm2",
                                 "--tpm",
                                 swtpm,
                                 "--tpmstate",
                                 folder,
                                 "--config",
                                 maker->setup_config,
                                 "--create-ek-cert",
                                 "--vmid",
                                 own_name,
                                 "--write-ek-cert-files",
                                 folder,
                                 key ? "--keyfile-fd" : NULL, /* which would end the list */
                                 key,
                                 "--cipher",
                                 "aes-256-cbc",
                                 NULL };
    const RunLimits limits = { .cpu_s = 60, .reap_orphans = TRUE, .keep_fd = MAX(key_fd, 0) };
    g_autoptr(GError) problem = NULL;
    if (maker->authority)
        authority_use_begin(maker->authority);
    const gboolean made = run_program(argv, &limits, NULL, &problem);
    if (maker->authority)
        authority_use_end(maker->authority);
    if (made)
        return TRUE;
    ArmCode code = problem->code == ARM_HOST_DISK_FULL ? ARM_HOST_DISK_FULL : ARM_VTPM_FAILED;
    return arm_fail(error, code, NULL, "The vTPM could not be made: %s", problem->message);
}

gboolean
vtpm_make(VtpmMaker *maker, const char *folder, guint uid, guint gid, GError **error)
{
    if (!folder_make(folder, error))
        return FALSE;
    /* swtpm_localca guards the making of its CA by a lock file, but the loser of that race fails.
     */
    g_mutex_lock(&maker->first_use);
    gboolean first = !maker->ca_exists, ok = TRUE;
    if (first) {
        ok = setup_run(maker, folder, error);
        maker->ca_exists = ok;
    }
    g_mutex_unlock(&maker->first_use);
    if (!first)
        ok = setup_run(maker, folder, error);
    if (ok && state_sync(folder, error) && folder_give(folder, uid, gid, error))
        return TRUE;
    folder_remove(folder, NULL);
    return FALSE;
}

/* ca show, chain, crl, revoke, renew: who certifies the endorsement keys of vTPMs. */
#include "cli/ca.h"

#include <stdio.h>
#include <string.h>

#define AUTHORITY "/providers/Testudo.Attestation/vtpmAuthority"

static const Column columns[] = {
    { "Subject", "subject" }, { "Issuer", "issuer" }, { "NotAfter", "notAfter" }, { "SHA256", "sha256" }, { 0 },
};

static gboolean
authority_read(Cli *cli, Reply *ret_reply, GError **error)
{
    g_autofree char *path = cli_subscription_path(cli, AUTHORITY);
    return client_send(cli->client, "GET", path, NULL, ret_reply, error);
}

/* A list in it where people read, all of it for programs. */
static void
list_print(const Cli *cli, const json_t *body, const char *path, const Column *list_columns)
{
    const gboolean is_list = cli->format == OUTPUT_TABLE || cli->format == OUTPUT_TSV;
    output_print(is_list ? json_path(body, path) : body, list_columns, cli->format);
}

gboolean
run_ca_show(Cli *cli, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!authority_read(cli, &reply, error))
        return FALSE;
    list_print(cli, reply.body, "properties.certificates", columns);
    if (cli->format == OUTPUT_TABLE && json_is_true(json_path(reply.body, "properties.rootKeyHere")))
        printf(
            "\nThe root's private key lies on this host, in ca/vtpm/ of the state folder. Nothing needs it there: move it to a "
            "safe place.\n");
    return TRUE;
}

GBytes *
ca_chain_ask(Cli *cli, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!authority_read(cli, &reply, error))
        return NULL;
    const char *chain = json_string_value(json_path(reply.body, "properties.chain"));
    if (!chain)
        arm_fail(error, ARM_INTERNAL, NULL, "The daemon's answer about its CA has no certificates.");
    return chain ? g_bytes_new(chain, strlen(chain)) : NULL;
}

GBytes *
ca_crls_ask(Cli *cli, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "GET", "/crl", NULL, &reply, error))
        return NULL;
    return g_bytes_new(reply.text->str, reply.text->len);
}

static gboolean
pem_print(GBytes *pem)
{
    gsize size;
    const void *bytes = pem ? g_bytes_get_data(pem, &size) : NULL;
    if (bytes)
        fwrite(bytes, 1, size, stdout);
    return pem != NULL;
}

gboolean
run_ca_chain(Cli *cli, GError **error)
{
    g_autoptr(GBytes) chain = ca_chain_ask(cli, error);
    return pem_print(chain);
}

gboolean
run_ca_crl(Cli *cli, GError **error)
{
    g_autoptr(GBytes) crls = ca_crls_ask(cli, error);
    return pem_print(crls);
}

/* {"serial"} or {"instance"}; NULL sets *error. */
static json_t *
revoke_body(Cli *cli, GError **error)
{
    const char *serial = args_text(cli->args, "serial"), *instance = args_text(cli->args, "instance-id");
    const gboolean named = args_text(cli->args, "resource-group") && args_text(cli->args, "name") && instance;
    g_autoptr(json_t) body = json_object();
    if ((serial != NULL) == named) {
        arm_fail(error, ARM_INVALID_PARAMETER, "serial",
                 "Say whose certificate: --serial, or --resource-group, --name and --instance-id of an instance.");
        return NULL;
    }
    if (named) {
        g_autofree char *path = cli_instance_path(cli, instance, "");
        json_set_text(body, "instance", path);
    }
    json_set_text(body, "serial", serial);
    json_set_text(body, "reason", args_text(cli->args, "reason"));
    return g_steal_pointer(&body);
}

gboolean
run_ca_revoke(Cli *cli, GError **error)
{
    static const Column revoked_columns[] = { { "Serial", "serial" }, { "Key", "key" }, { 0 } };
    g_autofree char *path = cli_subscription_path(cli, AUTHORITY "/revoke");
    g_autoptr(json_t) body = revoke_body(cli, error);
    g_auto(Reply) reply = { 0 };
    if (!body ||
        !cli_confirm(
            cli,
            args_text(cli->args, "serial")
                ? "Revoke the certificate, for good? An instance that is attested by it no longer is until it is reimaged."
                : "Revoke the certificates of the instance's vTPM, for good? It is no longer attested until it is "
                  "reimaged.",
            error) ||
        !client_send(cli->client, "POST", path, body, &reply, error))
        return FALSE;
    list_print(cli, reply.body, "revoked", revoked_columns);
    return TRUE;
}

gboolean
run_ca_renew(Cli *cli, GError **error)
{
    g_autofree char *path = cli_subscription_path(cli, AUTHORITY "/renew");
    g_autoptr(json_t) body = json_object();
    g_auto(Reply) reply = { 0 };
    json_set_text(body, "rootKey", args_text(cli->args, "root-key"));
    if (!cli_confirm(cli, "Have a new CA sign from now on? Certificates of the one before it stay valid.", error) ||
        !client_send(cli->client, "POST", path, body, &reply, error))
        return FALSE;
    list_print(cli, reply.body, "properties.certificates", columns);
    return TRUE;
}

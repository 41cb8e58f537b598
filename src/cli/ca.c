/* ca show, chain: who certifies the endorsement keys of vTPMs. */
#include "cli/cli.h"

#include <stdio.h>

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

gboolean
run_ca_show(Cli *cli, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!authority_read(cli, &reply, error))
        return FALSE;
    if (cli->format != OUTPUT_TABLE && cli->format != OUTPUT_TSV) {
        output_print(reply.body, NULL, cli->format);
        return TRUE;
    }
    output_print(json_path(reply.body, "properties.certificates"), columns, cli->format);
    if (cli->format == OUTPUT_TABLE && json_is_true(json_path(reply.body, "properties.rootKeyHere")))
        printf(
            "\nThe root's private key lies on this host, in ca/vtpm/ of the state folder. Nothing needs it there: move it to a "
            "safe place.\n");
    return TRUE;
}

gboolean
run_ca_chain(Cli *cli, GError **error)
{
    g_auto(Reply) reply = { 0 };
    if (!authority_read(cli, &reply, error))
        return FALSE;
    printf("%s", json_string_value(json_path(reply.body, "properties.chain")));
    return TRUE;
}

/* portal: an address that signs a browser in. */
#include "cli/cli.h"

gboolean
run_portal(Cli *cli, GError **error)
{
    static const Column columns[] = { { "Address", "url" }, { "Code", "code" }, { "Expires", "expires" }, { 0 } };
    g_auto(Reply) reply = { 0 };
    if (!client_send(cli->client, "POST", "/portal/codes", /* body= */ NULL, &reply, error))
        return FALSE;
    output_print(reply.body, columns, cli->format);
    return TRUE;
}

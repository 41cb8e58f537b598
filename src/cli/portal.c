/* portal: an address that signs a browser in. */
#include "cli/cli.h"

gboolean
run_portal(Cli *cli, GError **error)
{
    static const Column columns[] = { { "Address", "url" }, { "Code", "code" }, { "Expires", "expires" }, { 0 } };
    return cli_send_show(cli, "POST", "/portal/codes", /* body= */ NULL, columns, error);
}

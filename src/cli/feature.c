/* feature list, show, register, unregister. */
#include "cli/cli.h"

static const Column columns[] = { { "Name", "name" }, { "RegistrationState", "properties.state" }, { 0 } };

/* Of --namespace, and of --name where `suffix` is not NULL. */
static char *
feature_path(const Cli *cli, const char *suffix)
{
    const char *provider = args_text(cli->args, "namespace"), *name = args_text(cli->args, "name");
    g_autofree char *provider_part = g_uri_escape_string(provider ? provider : "", NULL, FALSE);
    g_autofree char *name_part = g_uri_escape_string(name ? name : "", NULL, FALSE);
    g_autofree char *rest = NULL;
    if (!provider)
        rest = g_strdup("/providers/Microsoft.Features/features");
    else
        rest = g_strconcat("/providers/Microsoft.Features/providers/", provider_part, "/features", suffix ? "/" : NULL,
                           name_part, suffix, NULL);
    return cli_subscription_path(cli, rest);
}

gboolean
run_feature_list(Cli *cli, GError **error)
{
    g_autofree char *path = feature_path(cli, NULL);
    return cli_show_list(cli, path, columns, error);
}

gboolean
run_feature_show(Cli *cli, GError **error)
{
    g_autofree char *path = feature_path(cli, "");
    return cli_show(cli, path, columns, error);
}

static gboolean
change(Cli *cli, const char *suffix, const char *what, GError **error)
{
    g_autofree char *path = feature_path(cli, suffix);
    return cli_change_show(cli, "POST", path, /* body= */ NULL, what, columns, error);
}

gboolean
run_feature_register(Cli *cli, GError **error)
{
    return change(cli, "/register", "Registering the feature", error);
}

gboolean
run_feature_unregister(Cli *cli, GError **error)
{
    return change(cli, "/unregister", "Unregistering the feature", error);
}

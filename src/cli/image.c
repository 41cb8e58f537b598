/* image import, list, show, delete. */
#include "cli/cli.h"

#include <string.h>

#define DEFINITION_MAX 65536

static const Column image_columns[] = {
    { "Urn", "urn" },
    { "Generation", "properties.hyperVGeneration" },
    { "SecurityType", "securityType" },
    { "BootChain", "properties.bootChain" },
    { "OsType", "properties.osDiskImage.operatingSystem" },
    { 0 },
};

static char *catalogue_path(const Cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);

static char *
catalogue_path(const Cli *cli, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *rest = g_strdup_vprintf(format, list);
    va_end(list);
    g_autofree char *suffix =
        g_strdup_printf("/providers/Microsoft.Compute/locations/%s/publishers%s", client_location(cli->client), rest);
    return cli_subscription_path(cli, suffix);
}

static gboolean
urn_split(const char *urn, char ***ret_parts, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(urn, ":", -1);
    if (g_strv_length(parts) != 4 || !*parts[0] || !*parts[1] || !*parts[2] || !*parts[3])
        return arm_fail(error, ARM_INVALID_PARAMETER, "urn", "An image is named PUBLISHER:OFFER:SKU:VERSION, not '%s'.", urn);
    for (guint i = 0; i < 4; i++) {
        char *escaped = g_uri_escape_string(parts[i], NULL, FALSE);
        g_free(parts[i]);
        parts[i] = escaped;
    }
    *ret_parts = g_steal_pointer(&parts);
    return TRUE;
}

/* What the columns show beside what the API says. */
static void
image_decorate(json_t *version, const char *publisher, const char *offer, const char *sku)
{
    const json_t *feature = json_array_get(json_path(version, "properties.features"), 0);
    g_autofree char *urn = g_strdup_printf("%s:%s:%s:%s", publisher, offer, sku, json_member_text(version, "name"));
    json_set_text(version, "urn", urn);
    json_set_text(version, "securityType", json_member_text(feature, "value"));
}

static gboolean
wanted(const Cli *cli, const char *option, const char *name)
{
    const char *asked = cli->args ? args_text(cli->args, option) : NULL;
    return !asked || g_ascii_strcasecmp(asked, name) == 0;
}

static gboolean
versions_add(Cli *cli, const char *publisher, const char *offer, const char *sku, json_t *all, GError **error)
{
    g_autofree char *path =
        catalogue_path(cli, "/%s/artifacttypes/vmimage/offers/%s/skus/%s/versions?$expand=properties", publisher, offer, sku);
    g_autoptr(json_t) list = client_list(cli->client, path, error);
    size_t i;
    json_t *version;
    json_array_foreach(list, i, version)
    {
        image_decorate(version, publisher, offer, sku);
        json_array_append(all, version);
    }
    return list != NULL;
}

static gboolean
skus_add(Cli *cli, const char *publisher, const char *offer, json_t *all, GError **error)
{
    g_autofree char *path = catalogue_path(cli, "/%s/artifacttypes/vmimage/offers/%s/skus", publisher, offer);
    g_autoptr(json_t) list = client_list(cli->client, path, error);
    size_t i;
    json_t *sku;
    json_array_foreach(list, i, sku)
    {
        const char *name = json_member_text(sku, "name");
        if (wanted(cli, "sku", name) && !versions_add(cli, publisher, offer, name, all, error))
            return FALSE;
    }
    return list != NULL;
}

static gboolean
offers_add(Cli *cli, const char *publisher, json_t *all, GError **error)
{
    g_autofree char *path = catalogue_path(cli, "/%s/artifacttypes/vmimage/offers", publisher);
    g_autoptr(json_t) list = client_list(cli->client, path, error);
    size_t i;
    json_t *offer;
    json_array_foreach(list, i, offer)
    {
        const char *name = json_member_text(offer, "name");
        if (wanted(cli, "offer", name) && !skus_add(cli, publisher, name, all, error))
            return FALSE;
    }
    return list != NULL;
}

json_t *
image_list_read(Cli *cli, GError **error)
{
    g_autofree char *path = catalogue_path(cli, "%s", "");
    g_autoptr(json_t) publishers = client_list(cli->client, path, error), all = json_array();
    size_t i;
    json_t *publisher;
    json_array_foreach(publishers, i, publisher)
    {
        const char *name = json_member_text(publisher, "name");
        if (wanted(cli, "publisher", name) && !offers_add(cli, name, all, error))
            return NULL;
    }
    return publishers ? g_steal_pointer(&all) : NULL;
}

gboolean
run_image_list(Cli *cli, GError **error)
{
    g_autoptr(json_t) images = image_list_read(cli, error);
    if (images)
        output_print(images, image_columns, cli->format);
    return images != NULL;
}

gboolean
run_image_show(Cli *cli, GError **error)
{
    g_auto(GStrv) parts = NULL;
    g_auto(Reply) reply = { 0 };
    if (!urn_split(args_text(cli->args, "urn"), &parts, error))
        return FALSE;
    g_autofree char *path =
        catalogue_path(cli, "/%s/artifacttypes/vmimage/offers/%s/skus/%s/versions/%s", parts[0], parts[1], parts[2], parts[3]);
    if (!client_send(cli->client, "GET", path, NULL, &reply, error))
        return FALSE;
    image_decorate(reply.body, parts[0], parts[1], parts[2]);
    output_print(reply.body, image_columns, cli->format);
    return TRUE;
}

gboolean
run_image_delete(Cli *cli, GError **error)
{
    const char *urn = args_text(cli->args, "urn");
    g_autofree char *question = g_strdup_printf("Delete image '%s'?", urn);
    g_auto(GStrv) parts = NULL;
    if (!urn_split(urn, &parts, error) || !cli_confirm(cli, question, error))
        return FALSE;
    g_autofree char *path =
        catalogue_path(cli, "/%s/artifacttypes/vmimage/offers/%s/skus/%s/versions/%s", parts[0], parts[1], parts[2], parts[3]);
    return cli_change(cli, "DELETE", path, NULL, "Deleting the image", NULL, error);
}

/* ---- import ---- */

static char *
definition_file(const Cli *cli, const char *file)
{
    const char *named = args_text(cli->args, "definition");
    if (named)
        return g_strdup(named);
    const char *dot = strrchr(file, '.');
    g_autofree char *stem = dot && !strchr(dot, '/') ? g_strndup(file, (gsize)(dot - file)) : g_strdup(file);
    g_autofree char *beside = g_strconcat(stem, ".json", NULL);
    return g_file_test(beside, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&beside) : NULL;
}

static json_t *
definition_read(const Cli *cli, const char *file, GError **error)
{
    g_autofree char *path = definition_file(cli, file), *text = NULL;
    g_autoptr(GError) problem = NULL;
    gsize length;
    if (!path)
        return json_object();
    if (!g_file_get_contents(path, &text, &length, &problem)) {
        arm_fail(error, ARM_INVALID_PARAMETER, "definition", "The definition cannot be read: %s", problem->message);
        return NULL;
    }
    if (length > DEFINITION_MAX) {
        arm_fail(error, ARM_INVALID_PARAMETER, "definition", "Definition '%s' is larger than %d bytes.", path, DEFINITION_MAX);
        return NULL;
    }
    json_t *definition = json_parse(text, length, &problem);
    if (!definition)
        arm_fail(error, ARM_INVALID_PARAMETER, "definition", "Definition '%s': %s", path, problem->message);
    return definition;
}

gboolean
run_image_import(Cli *cli, GError **error)
{
    static const struct {
        const char *option, *member;
    } members[] = {
        { "publisher", "publisher" },
        { "offer", "offer" },
        { "sku", "sku" },
        { "version", "version" },
        { "os-type", "osType" },
        { "generation", "hyperVGeneration" },
        { "security-type", "securityType" },
        { "format", "format" },
    };
    const char *file = args_text(cli->args, "file");
    g_autofree char *source = g_canonicalize_filename(file, NULL), *what = g_strdup_printf("Importing %s", file);
    g_autoptr(json_t) definition = definition_read(cli, file, error);
    gboolean agent = TRUE;
    if (!definition)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        json_set_text(definition, members[i].member, args_text(cli->args, members[i].option));
    if (args_bool(cli->args, "guest-agent", &agent) || !json_member(definition, "guestAgent"))
        json_object_set_new(definition, "guestAgent", json_boolean(agent));
    if (!json_member(definition, "osType"))
        json_set_text(definition, "osType", "Linux");
    if (!json_member(definition, "architecture"))
        json_set_text(definition, "architecture", "x64");
    if (!json_member(definition, "securityType"))
        json_set_text(definition, "securityType", "Standard");
    g_autofree char *path = cli_subscription_path(cli, "/providers/Testudo.Images/import");
    g_autoptr(json_t) body = json_pack("{ss sO}", "source", source, "definition", definition);
    /* The daemon answers when the file is copied and its hash is known. */
    g_printerr("%s\n", what);
    return cli_change_show(cli, "POST", path, body, what, /* columns= */ NULL, error);
}

#include "bodies.h"

#include "base/error.h"

#include <string.h>

const char small_set[] = "{'location': 'local', 'sku': {'name': 'Standard_A1', 'capacity': 3}, 'properties': "
                         "{'virtualMachineProfile': {'storageProfile': {'imageReference': {'publisher': 'Testudo', "
                         "'offer': 'mini', 'sku': 'gen1', 'version': '1.0.0'}}}}}";

/* MD5, not SHA-512 of 5,000 rounds: what is tested is that a hash is made, not how slowly. */
static const DocumentContext context = { "$1$testsalt$" };

json_t *
body_of(const char *text)
{
    GError *error = NULL;
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    json_t *body = json_parse(json, strlen(json), &error);
    g_assert_no_error(error);
    return body;
}

json_t *
send_body(const json_t *stored, const char *body, GError **error)
{
    g_autoptr(json_t) parsed = body_of(body);
    return document_merge(stored, parsed, &context, error);
}

json_t *
must_send(const json_t *stored, const char *body)
{
    GError *error = NULL;
    json_t *document = send_body(stored, body, &error);
    g_assert_no_error(error);
    return document;
}

json_t *
small_set_with(const char *change)
{
    g_autoptr(json_t) stored = must_send(NULL, small_set);
    return must_send(stored, change ? change : "{}");
}

char *
text_at(const json_t *document, const char *path)
{
    const json_t *value = json_path(document, path);
    return value ? g_strdelimit(json_text(value), "\"", '\'') : g_strdup("absent");
}

Model *
must_decode(const json_t *document)
{
    GError *error = NULL;
    Model *model = model_decode(document, "web", &error);
    g_assert_no_error(error);
    return model;
}

Model *
model_with(const char *change)
{
    g_autoptr(json_t) document = small_set_with(change);
    return must_decode(document);
}

void
assert_error_says(const GError *error, int code, const char *target, const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, "|", -1);
    g_assert_nonnull(error);
    g_assert_cmpstr(arm_code_text((ArmCode)error->code), ==, arm_code_text((ArmCode)code));
    g_assert_cmpstr(arm_error_target(error), ==, target);
    for (char **word = parts; *word; word++) {
        if (!strstr(error->message, *word))
            g_error("no '%s' in: %s", *word, error->message);
    }
}

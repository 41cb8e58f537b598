/* attest token, verify-token, token-key …: what others may believe of an instance, and what they believe it by. */
#include "attest/token.h"
#include "cli/cli.h"
#include "cli/input.h"

#include <stdio.h>
#include <string.h>

#define KEYS        "/providers/Testudo.Attestation/tokenKeys"
#define ROTATE      "/providers/Testudo.Attestation/rotateTokenKey"
#define KEY_SET_MAX (1u << 20)

static const Column token_columns[] = { { "Token", "token" }, { 0 } };

static const Column key_columns[] = {
    { "Kid", "kid" }, { "Created", "created" }, { "Retired", "retired|-" }, { "ShownUntil", "shownUntil|-" }, { 0 },
};

static const Column claim_columns[] = {
    { "VM", "sub" }, { "Issuer", "iss" }, { "Image", "x-testudo-image|-" }, { "SecureBoot", "secureboot" }, { 0 },
};

gboolean
run_attest_token(Cli *cli, GError **error)
{
    g_autofree char *path = cli_instance_path(cli, args_text(cli->args, "instance-id"), "/attestationToken");
    g_autoptr(json_t) body = json_pack("{ss}", "nonce", args_text(cli->args, "nonce"));
    if (!body)
        return arm_fail(error, ARM_INVALID_PARAMETER, "nonce", "--nonce is UTF-8 text.");
    return cli_send_show(cli, "POST", path, body, token_columns, error);
}

/* ---- verify-token ---- */

/* One line; "-" is standard input. */
static char *
token_read(const char *path, GError **error)
{
    if (strcmp(path, "-") != 0) {
        char *text = input_read(path, "FILE", JWT_MAX_BYTES + 2, NULL, error);
        return text ? g_strstrip(text) : NULL;
    }
    g_autofree char *text = g_malloc0(JWT_MAX_BYTES + 3);
    const gsize size = fread(text, 1, JWT_MAX_BYTES + 2, stdin);
    text[size] = '\0';
    return g_strdup(g_strstrip(text));
}

static json_t *
key_set_read(const Cli *cli, GError **error)
{
    const char *path = args_text(cli->args, "jwks");
    g_auto(Reply) reply = { 0 };
    gsize size;
    if (!path)
        return client_send(cli->client, "GET", "/certs", NULL, &reply, error) ? g_steal_pointer(&reply.body) : NULL;
    g_autofree char *text = input_read(path, "--jwks", KEY_SET_MAX, &size, error);
    return text ? json_parse(text, size, error) : NULL;
}

gboolean
run_attest_verify_token(Cli *cli, GError **error)
{
    g_auto(Jwt) jwt = { 0 };
    g_autofree char *text = token_read(args_text(cli->args, "file"), error);
    if (!text || !jwt_parse(text, &jwt, error))
        return FALSE;
    g_autoptr(json_t) keys = key_set_read(cli, error);
    if (!keys || !jwt_is_signed(&jwt, keys, error) ||
        !token_claims_check(jwt.claims, args_text(cli->args, "issuer"), args_text(cli->args, "nonce"), g_get_real_time(),
                            error))
        return FALSE;
    output_print(jwt.claims, claim_columns, cli->format);
    return TRUE;
}

/* ---- keys ---- */

gboolean
run_attest_token_key_list(Cli *cli, GError **error)
{
    g_autofree char *path = cli_subscription_path(cli, KEYS);
    return cli_show_list(cli, path, key_columns, error);
}

gboolean
run_attest_token_key_rotate(Cli *cli, GError **error)
{
    const gboolean revoke = args_flag(cli->args, "revoke-former");
    g_autofree char *path = cli_subscription_path(cli, ROTATE);
    g_autoptr(json_t) body = json_pack("{sb}", "revokeFormer", revoke);
    g_auto(Reply) reply = { 0 };
    if ((revoke && !cli_confirm(cli, "Revoke the former keys? No token that was given so far will hold any more.", error)) ||
        !client_send(cli->client, "POST", path, body, &reply, error))
        return FALSE;
    output_print(json_object_get(reply.body, "value"), key_columns, cli->format);
    return TRUE;
}

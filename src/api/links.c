/* Signed, short-lived addresses of what a browser or a plain HTTP client fetches: serial logs and screenshots. */
#include "api/call.h"
#include "base/secret.h"

#include <string.h>

enum { PARAM_KIND, PARAM_KEY };

/* HMAC-SHA256 over kind, key and expiry (RFC 2104): whoever has the address may read that one thing until then. */
static char *
signature(const Api *api, const char *kind, const char *key, const char *expiry)
{
    g_autofree char *text = g_strjoin("\n", kind, key, expiry, NULL);
    return g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)api->link_secret, strlen(api->link_secret), text, -1);
}

char *
link_make(Call *call, const char *kind, const char *key, gint64 lifetime_usec)
{
    g_autofree char *expiry = g_strdup_printf("%" G_GINT64_FORMAT, (call->now + lifetime_usec) / USEC_PER_SEC);
    g_autofree char *sig = signature(call->api, kind, key, expiry);
    const char *base = call->request->link_url ? call->request->link_url : call->request->base_url;
    return g_strdup_printf("%s/links/%s/%s?se=%s&sig=%s", base, kind, key, expiry, sig);
}

static gboolean
link_check(Call *call, GError **error)
{
    const char *expiry = call_query(call, "se"), *sig = call_query(call, "sig");
    guint64 until;
    if (expiry && sig && g_ascii_string_to_unsigned(expiry, 10, 0, G_MAXINT64 / USEC_PER_SEC, &until, NULL)) {
        g_autofree char *expected = signature(call->api, call->params[PARAM_KIND], call->params[PARAM_KEY], expiry);
        if (secret_same(expected, sig)) {
            if ((gint64)until * USEC_PER_SEC > call->now)
                return TRUE;
            return arm_fail(error, ARM_FORBIDDEN, NULL,
                            "The address has expired; ask retrieveBootDiagnosticsData for a new one.");
        }
    }
    return arm_fail(error, ARM_FORBIDDEN, NULL, "The address is not signed by this daemon.");
}

static void
bytes_answer(Deferred *deferred, const char *type, gconstpointer bytes, gsize length, const GError *error)
{
    if (error) {
        deferred_fail(deferred, error);
        return;
    }
    ApiResponse *response = api_response_new(200);
    response->content_type = g_strdup(type);
    response->body = g_bytes_new(bytes, length);
    api_response_set_header(response, "Cache-Control", "no-store");
    api_response_set_header(response, "X-Content-Type-Options", "nosniff");
    deferred_answer(deferred, response);
}

static void
serial_answered(gconstpointer bytes, gsize length, const GError *error, void *data)
{
    bytes_answer(data, "text/plain; charset=utf-8", bytes, length, error);
}

static void
screen_answered(gconstpointer bytes, gsize length, const GError *error, void *data)
{
    bytes_answer(data, "image/png", bytes, length, error);
}

static ApiResponse *
link_get(Call *call, GError **error)
{
    const ApiProbe *probe = &call->api->probe;
    if (!link_check(call, error))
        return NULL;
    if (strcmp(call->params[PARAM_KIND], "serial") == 0)
        probe->serial_log(probe->data, call->params[PARAM_KEY], serial_answered, call_defer(call));
    else if (strcmp(call->params[PARAM_KIND], "screen") == 0)
        probe->screenshot(probe->data, call->params[PARAM_KEY], screen_answered, call_defer(call));
    else
        arm_fail(error, ARM_NOT_FOUND, NULL, "There is no such link.");
    return NULL;
}

const Route routes_links[] = {
    { "GET", "/links/{kind}/{key}", link_get, ROUTE_ANONYMOUS | ROUTE_NO_VERSION, "se sig" },
    { 0 },
};

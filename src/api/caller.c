#include "api/caller.h"

#include "api/call.h"
#include "api/sessions.h"
#include "base/secret.h"

#include <string.h>

#define HOST_MAX 255u
/* RFC 6750, 2.1 */
#define SCHEME "Bearer "

const char *
request_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static gboolean
weight_is_zero(const char *parameters)
{
    const char *q = parameters ? strstr(parameters, "q=") : NULL;
    return q && strspn(q + 2, "0.") == strcspn(q + 2, " \t;") && q[2] != '\0';
}

gboolean
takes_gzip(const char *list)
{
    g_auto(GStrv) codings = g_strsplit(list ? list : "", ",", -1);
    for (char **coding = codings; *coding; coding++) {
        char *parameters = strchr(*coding, ';');
        if (parameters)
            *parameters++ = '\0';
        if (g_ascii_strcasecmp(g_strstrip(*coding), "gzip") == 0)
            return !weight_is_zero(parameters);
    }
    return FALSE;
}

/* Borrowed from the header; NULL: it brings none. */
static const char *
token_of(const char *authorization)
{
    gboolean bears = authorization && g_ascii_strncasecmp(authorization, SCHEME, strlen(SCHEME)) == 0;
    return bears ? authorization + strlen(SCHEME) : NULL;
}

char *
caller_of(const Listener *listener, struct MHD_Connection *connection)
{
    if (listener->is_socket)
        return g_strdup("owner");
    const Api *api = listener->exchanges->api;
    const char *token = token_of(request_header(connection, "Authorization"));
    if (!token)
        return NULL;
    if (api->config.token && secret_same(api->config.token, token))
        return g_strdup(CALLER_TOKEN);
    return sessions_caller(api->sessions, token, api->clock->now(api->clock));
}

/* A name or address with or without a port. */
static gboolean
is_host(const char *text)
{
    gsize length = strspn(text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS ".:[]-");
    return length > 0 && length <= HOST_MAX && text[length] == '\0';
}

/* What the client calls us is what addresses for it begin with, if it is a host name at all. */
char *
caller_base_url(const Listener *listener, struct MHD_Connection *connection)
{
    const char *host = request_header(connection, "Host"), *scheme = listener->is_socket ? "http://" : "https://";
    if (host && is_host(host))
        return g_strconcat(scheme, host, NULL);
    return g_strdup(listener->is_socket ? "http://localhost" : listener->exchanges->https_url);
}

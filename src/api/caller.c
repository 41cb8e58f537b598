#include "api/caller.h"

#include "api/call.h"
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
token_is_right(const Api *api, const char *authorization)
{
    const char *token = api->config.token;
    return token && authorization && g_ascii_strncasecmp(authorization, SCHEME, strlen(SCHEME)) == 0 &&
           secret_same(token, authorization + strlen(SCHEME));
}

const char *
caller_of(const Listener *listener, struct MHD_Connection *connection)
{
    if (listener->is_socket)
        return "owner";
    return token_is_right(listener->exchanges->api, request_header(connection, "Authorization")) ? "token" : NULL;
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

/* The web portal's files: what a browser loads before anybody has signed in. They hold no data. */
#include "api/portal.h"

#include "api/portal_files.h"

#include <string.h>

/* The page runs its own script, speaks to this daemon alone, is in nobody's frame, and sends no form anywhere. The hash is that
 * of the empty text: Fluent UI makes empty style elements, and fills them through the object model. */
#define POLICY                                                                                                                 \
    "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "          \
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "                \
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#define FOR_EVER "public, max-age=31536000, immutable"
/* It is kept, and asked for each time whether it is still the one. */
#define ASK_FIRST "no-cache"
#define INDEX     "index.html"

gboolean
portal_is_built_in(const Api *api)
{
    return api->portal != NULL;
}

gboolean
portal_check(const Api *api, GError **error)
{
    return portal_is_built_in(api) ||
           arm_fail(error, ARM_NOT_FOUND, NULL,
                    "This testudod was built without the portal: it is left out where Node.js (18.13 or newer) and npm are "
                    "missing when it is built, and by the meson option portal=disabled.");
}

/* "assets/index-3f2c.js" of what stands behind /portal. */
static char *
name_of(const Call *call)
{
    return g_strjoinv("/", call->target.segments + 1);
}

static gboolean
has_extension(const char *name)
{
    const char *last = strrchr(name, '/');
    return strchr(last ? last : name, '.') != NULL;
}

/* Places within the page are addresses too; the page itself knows what they show. */
static const PortalFile *
file_find(Call *call, GError **error)
{
    g_autofree char *name = name_of(call);
    const PortalFile *file = portal_files_get(call->api->portal, name);
    if (!file && !has_extension(name))
        file = portal_files_get(call->api->portal, INDEX);
    if (!file)
        arm_fail(error, ARM_NOT_FOUND, NULL, "The portal has no file '%.100s'.", name);
    return file;
}

static void
headers_add(ApiResponse *response, const PortalFile *file, const char *etag)
{
    api_response_set_header(response, "ETag", etag);
    api_response_set_header(response, "Cache-Control", file->hashed ? FOR_EVER : ASK_FIRST);
    api_response_set_header(response, "Vary", "Accept-Encoding");
    api_response_set_header(response, "Content-Security-Policy", POLICY);
    api_response_set_header(response, "X-Content-Type-Options", "nosniff");
    api_response_set_header(response, "Referrer-Policy", "no-referrer");
    api_response_set_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    api_response_set_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

/* RFC 9110, 13.1.2: compared weakly. */
static gboolean
is_known(const char *list, const char *etag)
{
    g_auto(GStrv) items = g_strsplit(list ? list : "", ",", -1);
    for (char **item = items; *item; item++) {
        const char *own = g_strstrip(*item);
        own += g_str_has_prefix(own, "W/") ? 2 : 0;
        if (strcmp(own, "*") == 0 || strcmp(own, etag) == 0)
            return TRUE;
    }
    return FALSE;
}

static ApiResponse *
portal_get(Call *call, GError **error)
{
    const PortalFile *file = portal_check(call->api, error) ? file_find(call, error) : NULL;
    if (!file)
        return NULL;
    gboolean packed = call->request->takes_gzip;
    g_autofree char *etag = g_strdup_printf("\"%s%s\"", file->etag, packed ? "-gz" : "");
    gboolean known = is_known(call->request->if_none_match, etag);
    ApiResponse *response = api_response_new(known ? 304 : 200);
    headers_add(response, file, etag);
    if (known)
        return response;
    response->content_type = g_strdup(file->type);
    response->body = packed ? g_bytes_ref(file->packed) : portal_file_unpack(file);
    if (packed)
        api_response_set_header(response, "Content-Encoding", "gzip");
    return response;
}

const Route routes_portal[] = {
    { "GET", PATH_PORTAL "/{rest...}", portal_get, ROUTE_ANONYMOUS | ROUTE_NO_VERSION, ANY_QUERY },
    { "HEAD", PATH_PORTAL "/{rest...}", portal_get, ROUTE_ANONYMOUS | ROUTE_NO_VERSION, ANY_QUERY },
    { 0 },
};

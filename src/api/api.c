/* The API as an object: what it knows of itself, and what it waits for when it ends. */
#include "api/body_cache.h"
#include "api/call.h"
#include "api/changes.h"
#include "api/feed.h"
#include "api/portal_files.h"
#include "api/sessions.h"
#include "api/token_ring.h"
#include "base/secret.h"

#define CACHE_BYTES  (24u << 20)
#define WORKS_MAX    4u
#define VERSION_FORM "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(-[a-z0-9.]{1,32})?$"

static char *
setting_or_make(StoreTx *tx, const char *name, char *(*make)(void), GError **error)
{
    char *value = NULL;
    if (!store_setting_get(tx, name, &value, error))
        return NULL;
    if (value)
        return value;
    value = make();
    if (store_setting_set(tx, name, value, error))
        return value;
    g_free(value);
    return NULL;
}

static gboolean
identity_load(Api *api, GError **error)
{
    g_autoptr(StoreTx) tx = store_write(api->store, error);
    if (!tx)
        return FALSE;
    api->subscription = setting_or_make(tx, "subscription", g_uuid_string_random, error);
    api->link_secret = api->subscription ? setting_or_make(tx, "link-secret", secret_new, error) : NULL;
    return api->link_secret && store_commit(g_steal_pointer(&tx), error);
}

static gboolean
portal_load(Api *api, GError **error)
{
    api->portal = api->config.portal ? portal_files_new(api->config.portal, error) : NULL;
    if (!api->portal && api->config.portal)
        return FALSE;
    api->feed = changes_feed_new(api);
    if (api->config.token && !sessions_end_with_token(api->store, api->config.token, error))
        return FALSE;
    api->sessions = sessions_new(api->store, api->clock->now(api->clock), error);
    return api->sessions != NULL;
}

Api *
api_new(const ApiConfig *config, Store *store, Clock *clock, const ApiProbe *probe, GError **error)
{
    Api *api = g_new0(Api, 1);
    api->config = *config;
    api->store = store;
    api->clock = clock;
    api->probe = *probe;
    api->bodies = body_cache_new(CACHE_BYTES);
    api->version_form = g_regex_new(VERSION_FORM, G_REGEX_DOLLAR_ENDONLY | G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, NULL);
    api->issuer = g_strdup(config->token_issuer);
    g_mutex_init(&api->works_lock);
    g_cond_init(&api->works_ended);
    if (portal_load(api, error) && identity_load(api, error) && token_ring_settle(api, error))
        return api;
    api_free(api);
    return NULL;
}

gboolean
api_work_begin(Api *api, GError **error)
{
    g_mutex_lock(&api->works_lock);
    gboolean fits = api->n_works < WORKS_MAX;
    if (fits)
        api->n_works++;
    g_mutex_unlock(&api->works_lock);
    return fits || arm_fail(error, ARM_TOO_MANY_REQUESTS, NULL, "%u images are being taken in already; wait for one of them.",
                            WORKS_MAX);
}

void
api_work_end(Api *api)
{
    g_mutex_lock(&api->works_lock);
    api->n_works--;
    g_cond_broadcast(&api->works_ended);
    g_mutex_unlock(&api->works_lock);
}

static void
works_wait(Api *api)
{
    g_mutex_lock(&api->works_lock);
    while (api->n_works > 0)
        g_cond_wait(&api->works_ended, &api->works_lock);
    g_mutex_unlock(&api->works_lock);
}

void
api_free(Api *api)
{
    if (!api)
        return;
    works_wait(api);
    g_mutex_clear(&api->works_lock);
    g_cond_clear(&api->works_ended);
    body_cache_free(api->bodies);
    feed_free(api->feed);
    portal_files_free(api->portal);
    sessions_free(api->sessions);
    g_clear_pointer(&api->version_form, g_regex_unref);
    g_free(api->subscription);
    g_free(api->link_secret);
    g_free(api->issuer);
    g_free(api);
}

const char *
api_token_issuer(const Api *api)
{
    return api->issuer;
}

void
api_listens_at(Api *api, const char *https_url)
{
    if (!api->issuer)
        api->issuer = g_strdup(https_url);
}

const char *
api_subscription(const Api *api)
{
    return api->subscription;
}

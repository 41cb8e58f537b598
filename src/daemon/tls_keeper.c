#include "daemon/tls_keeper.h"

#include "base/time_text.h"

#include <string.h>

#define DAY        (86400 * USEC_PER_SEC)
#define LOOK_EVERY (3600 * USEC_PER_SEC)
/* Files that are being replaced are a pair again soon. */
#define LOOK_AGAIN    (60 * USEC_PER_SEC)
#define CA_WARN       (365 * DAY)
#define CA_WARN_EVERY (30 * DAY)
/* Whoever renews it in time has done so by then. */
#define OPERATOR_WARN       (14 * DAY)
#define OPERATOR_WARN_EVERY DAY

struct TlsKeeper {
    const DaemonConfig *config;
    Clock *clock;
    GPtrArray *names;                    /* NULL at its end */
    TlsFiles *files;                     /* what is served */
    Server *server;                      /* NULL: none yet */
    guint timer;                         /* 0: none */
    char *said;                          /* why the newest cannot be used; NULL: it is */
    UnixTime ca_warned, operator_warned; /* 0: not yet */
};

static TlsFiles *
newest(const TlsKeeper *keeper, GError **error)
{
    const DaemonConfig *config = keeper->config;
    const char *const *names = (const char *const *)keeper->names->pdata;
    UnixTime now = keeper->clock->now(keeper->clock);
    if (config->tls_certificate)
        return tls_files_own(config->tls_certificate, config->tls_key, error);
    return keeper->server ? tls_files_renew(config->state_dir, names, now, error)
                          : tls_files_prepare(config->state_dir, names, now, error);
}

TlsKeeper *
tls_keeper_new(const DaemonConfig *config, Clock *clock, GError **error)
{
    TlsKeeper *keeper = g_new0(TlsKeeper, 1);
    keeper->config = config;
    keeper->clock = clock;
    keeper->names = g_ptr_array_new();
    if (config->listen_host)
        g_ptr_array_add(keeper->names, config->listen_host);
    for (char **name = config->tls_names; name && *name; name++)
        g_ptr_array_add(keeper->names, *name);
    g_ptr_array_add(keeper->names, NULL);
    keeper->files = newest(keeper, error);
    if (keeper->files)
        return keeper;
    tls_keeper_free(keeper);
    return NULL;
}

void
tls_keeper_free(TlsKeeper *keeper)
{
    if (!keeper)
        return;
    if (keeper->timer)
        keeper->clock->timer_remove(keeper->clock, keeper->timer);
    tls_files_free(keeper->files);
    g_ptr_array_unref(keeper->names);
    g_free(keeper->said);
    g_free(keeper);
}

const TlsFiles *
tls_keeper_files(const TlsKeeper *keeper)
{
    return keeper->files;
}

static gboolean
newest_serve(TlsKeeper *keeper, GError **error)
{
    g_autoptr(TlsFiles) files = newest(keeper, error);
    if (!files)
        return FALSE;
    if (strcmp(files->certificate, keeper->files->certificate) == 0 && strcmp(files->key, keeper->files->key) == 0)
        return TRUE;
    if (!server_certificate_set(keeper->server, files->certificate, files->key, error))
        return FALSE;
    g_autofree char *end = time_to_text(files->ends);
    g_message("HTTPS: new connections get another certificate, which ends at %.19sZ", end);
    tls_files_free(keeper->files);
    keeper->files = g_steal_pointer(&files);
    return TRUE;
}

/* Is it time to say that something ends? last: when that was said last, which is noted. */
static gboolean
end_is_near(UnixTime ends, UnixTime now, gint64 ahead, gint64 every, UnixTime *last)
{
    if (ends - now > ahead || (*last && now - *last < every))
        return FALSE;
    *last = now;
    return TRUE;
}

static void
ca_end_say(TlsKeeper *keeper, UnixTime now)
{
    UnixTime ends = keeper->files->ca_ends;
    if (!ends || !end_is_near(ends, now, CA_WARN, CA_WARN_EVERY, &keeper->ca_warned))
        return;
    g_autofree char *end = time_to_text(ends);
    g_warning(
        "HTTPS: the CA that clients trust ('%s') %s at %.19sZ. Remove ca.pem and ca.key there, start the daemon again, and "
        "give clients the ca.pem that it makes.",
        keeper->files->ca_file, ends > now ? "ends" : "ended", end);
}

/* The daemon's own is renewed by itself. */
static void
operator_end_say(TlsKeeper *keeper, UnixTime now)
{
    UnixTime ends = keeper->files->ends;
    if (!keeper->config->tls_certificate ||
        !end_is_near(ends, now, OPERATOR_WARN, OPERATOR_WARN_EVERY, &keeper->operator_warned))
        return;
    g_autofree char *end = time_to_text(ends);
    g_warning(
        "HTTPS: the certificate of --tls-cert ('%s') %s at %.19sZ. Put a newer one there, with its key at --tls-key: both are "
        "read again within an hour, or by 'systemctl reload testudod'.",
        keeper->config->tls_certificate, ends > now ? "ends" : "ended", end);
}

static void
on_time(void *data)
{
    TlsKeeper *keeper = data;
    g_autoptr(GError) error = NULL;
    UnixTime now = keeper->clock->now(keeper->clock);
    if (newest_serve(keeper, &error)) {
        g_clear_pointer(&keeper->said, g_free);
    } else if (g_strcmp0(error->message, keeper->said) != 0) {
        g_warning("HTTPS goes on with the certificate that it has: %s", error->message);
        g_free(keeper->said);
        keeper->said = g_strdup(error->message);
    }
    ca_end_say(keeper, now);
    operator_end_say(keeper, now);
    keeper->timer = keeper->clock->timer_add(keeper->clock, now + (keeper->said ? LOOK_AGAIN : LOOK_EVERY), on_time, keeper);
}

void
tls_keeper_attend(TlsKeeper *keeper, Server *server)
{
    keeper->server = server;
    on_time(keeper);
}

void
tls_keeper_reload(TlsKeeper *keeper)
{
    if (!keeper->server)
        return;
    keeper->clock->timer_remove(keeper->clock, keeper->timer);
    g_clear_pointer(&keeper->said, g_free);
    on_time(keeper);
}

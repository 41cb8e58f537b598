/* Waiting for what the daemon has accepted. */
#include "cli/client.h"
#include "cli/client_error.h"

#include <string.h>

#define POLL_LOCAL_USEC (200 * 1000)
/* A daemon that is started anew answers within this time. */
#define RECONNECT_USEC (30 * G_USEC_PER_SEC)

/* What a poll of the operation or of the location says. */
static gboolean
poll_read(const Reply *poll, gboolean by_operation, gboolean *ret_ended, GError **error)
{
    const char *word = json_member_text(poll->body, "status");
    *ret_ended = by_operation ? word && strcmp(word, "InProgress") != 0 : poll->status != 202;
    if (!by_operation)
        return TRUE;
    if (!word)
        return arm_fail(error, ARM_INTERNAL, NULL, "The daemon's answer about the operation has no status.");
    if (!*ret_ended || strcmp(word, "Succeeded") == 0)
        return TRUE;
    g_propagate_error(error, client_error_of(json_member(poll->body, "error"), poll->status));
    return FALSE;
}

/* A poll; no connection is no answer yet for a while: an operation goes on when the daemon is
 * started anew. */
static gboolean
poll_send(Client *client, const char *path, Reply *ret_poll, GError **error)
{
    gint64 until = g_get_monotonic_time() + RECONNECT_USEC;
    for (;;) {
        g_autoptr(GError) problem = NULL;
        if (client_send(client, "GET", path, NULL, ret_poll, &problem))
            return TRUE;
        if (client_status(client) != 0 || g_get_monotonic_time() >= until) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        g_usleep(G_USEC_PER_SEC);
    }
}

gboolean
client_wait(Client *client, const Reply *reply, ClientProgress progress, void *data, GError **error)
{
    const char *path = reply->operation ? reply->operation : reply->location;
    for (gboolean ended = path == NULL; !ended;) {
        g_auto(Reply) poll = { 0 };
        if (!poll_send(client, path, &poll, error) || !poll_read(&poll, reply->operation != NULL, &ended, error))
            return FALSE;
        const json_t *percent = json_member(poll.body, "percentComplete");
        if (progress)
            progress(json_is_number(percent) ? (int)json_number_value(percent) : -1, data);
        if (!ended)
            g_usleep(client_is_local(client) ? POLL_LOCAL_USEC : G_USEC_PER_SEC);
    }
    return TRUE;
}

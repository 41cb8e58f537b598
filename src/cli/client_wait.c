/* Waiting for what the daemon has accepted. */
#include "cli/client.h"

#include <string.h>

#define POLL_LOCAL_USEC (200 * 1000)
/* A daemon that is started anew answers within this time. */
#define RECONNECT_S 30u

/* What a poll of the operation or of the location says. */
static gboolean
poll_read(Client *client, const Reply *poll, gboolean by_operation, gboolean *ret_ended, GError **error)
{
    const char *word = json_member_text(poll->body, "status");
    *ret_ended = by_operation ? word && strcmp(word, "InProgress") != 0 : poll->status != 202;
    if (!by_operation)
        return TRUE;
    if (!word)
        return arm_fail(error, ARM_INTERNAL, NULL, "The daemon's answer about the operation has no status.");
    if (!*ret_ended || strcmp(word, "Succeeded") == 0)
        return TRUE;
    return client_refuse(client, json_member(poll->body, "error"), poll->status, error);
}

gboolean
client_get_patiently(Client *client, const char *path, const ClientWatch *watch, Reply *ret_reply, GError **error)
{
    gint64 until = 0;
    for (;;) {
        g_autoptr(GError) problem = NULL;
        const gboolean sent = client_send(client, "GET", path, NULL, ret_reply, &problem);
        const gboolean answered = sent || client_status(client) != 0;
        if (answered && until > 0)
            watch->back(watch->data);
        if (!answered && until == 0) {
            until = g_get_monotonic_time() + RECONNECT_S * G_USEC_PER_SEC;
            watch->lost(RECONNECT_S, watch->data);
        }
        if (sent)
            return TRUE;
        if (answered || g_get_monotonic_time() >= until) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        g_usleep(G_USEC_PER_SEC);
    }
}

gboolean
client_wait(Client *client, const Reply *reply, const ClientWatch *watch, GError **error)
{
    const char *path = reply->operation ? reply->operation : reply->location;
    for (gboolean ended = path == NULL; !ended;) {
        g_auto(Reply) poll = { 0 };
        if (!client_get_patiently(client, path, watch, &poll, error) ||
            !poll_read(client, &poll, reply->operation != NULL, &ended, error))
            return FALSE;
        const json_t *percent = json_member(poll.body, "percentComplete");
        watch->step(json_is_number(percent) ? (int)json_number_value(percent) : -1, watch->data);
        if (!ended)
            g_usleep(client_is_local(client) ? POLL_LOCAL_USEC : G_USEC_PER_SEC);
    }
    return TRUE;
}

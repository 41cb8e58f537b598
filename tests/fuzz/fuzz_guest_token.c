/* host/guest_token.h behind host/qemu/line_socket.h: what a guest sends by its port for tokens. Whatever it is, each answer is
 * one object with a token or an error, never both; a token is the guest's own; and it does not get more than its share. */
#include "host/guest_token.h"
#include "host/qemu/line_socket.h"

#include "fuzz.h"

#include <string.h>

#define KEY "0a-b.7"

typedef struct {
    HostConfig config;
    GuestTokenAllowance allowance;
    guint given;
} Port;

static char *
give(const char *key, const char *nonce, void *data, GError **error)
{
    Port *port = data;
    g_assert(strcmp(key, KEY) == 0 && g_utf8_validate(nonce, -1, NULL) && strlen(nonce) < GUEST_TOKEN_LINE_MAX);
    port->given++;
    if (*nonce)
        return g_strdup("token");
    arm_fail(error, ARM_INVALID_PARAMETER, NULL, "no nonce: '%s'", nonce);
    return NULL;
}

static void
on_question(const json_t *question, void *data)
{
    Port *port = data;
    g_autoptr(json_t) answer = guest_token_answer(&port->config, &port->allowance, KEY, question, 1000 * USEC_PER_SEC);
    g_autofree char *text = json_text(answer);
    const json_t *nonce = json_object_get(answer, "nonce");
    g_assert(!strchr(text, '\n'));
    g_assert(!json_object_get(answer, "token") != !json_object_get(answer, "error"));
    g_assert(!nonce || json_equal(nonce, json_object_get(question, "nonce")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Port port = { .config = { .token = give } };
    port.config.token_data = &port;
    LineSplitter *splitter = line_splitter_new(GUEST_TOKEN_LINE_MAX, LINES_WITH_GARBAGE);
    line_splitter_feed(splitter, (const char *)data, size, on_question, &port);
    line_splitter_free(splitter);
    g_assert(port.given <= GUEST_TOKEN_BURST);
    return 0;
}

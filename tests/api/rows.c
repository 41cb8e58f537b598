#include "rows.h"

#include <string.h>

void
rows_run(World *world, const Row *rows, guint n_rows)
{
    for (guint i = 0; i < n_rows; i++) {
        const Row *row = &rows[i];
        g_autofree char *body = g_utf8_make_valid(row->body ? row->body : "", -1);
        g_test_message("%s %s %s", row->method, row->target, body);
        g_autoptr(Answer) answer = world_must(world, row->status, row->method, row->target, row->body);
        if (row->path)
            answer_expect(answer, row->path, row->text);
        /* Errors are told in one shape, everywhere. */
        if (row->status >= 400 && answer->body) {
            g_autofree char *message = answer_text(answer, "error.message");
            g_assert_nonnull(message);
            g_assert_cmpstr(message, !=, "");
        }
    }
}

Answer *
ask_as(World *world, const char *base_url, const char *caller, const char *method, const char *target, const char *body)
{
    const ApiRequest request = { .method = method,
                                 .target = target,
                                 .base_url = base_url,
                                 .caller = caller,
                                 .body = body,
                                 .body_length = body ? strlen(body) : 0 };
    return world_ask_request(world, &request);
}

#include "edited.h"

#include "attest/digest.h"
#include "attest/event_info.h"
#include "attest/event_type.h"

#include <string.h>

#define HEADER_SIZE 65

typedef struct {
    guint number; /* 0: it is new */
    guint32 pcr, type;
    guint8 digest[SHA256_SIZE];
    GByteArray *data;
} Event;

static void
event_free(void *data)
{
    Event *event = data;
    g_byte_array_unref(event->data);
    g_free(event);
}

static Event *
event_new(guint number, guint32 pcr, guint32 type, const void *data, gsize size)
{
    Event *event = g_new0(Event, 1);
    event->number = number;
    event->pcr = pcr;
    event->type = type;
    event->data = g_byte_array_new();
    g_byte_array_append(event->data, data, (guint)size);
    return event;
}

static guint
index_of(const GPtrArray *events, guint number)
{
    for (guint i = 0; i < events->len; i++) {
        if (((const Event *)g_ptr_array_index(events, i))->number == number)
            return i;
    }
    g_error("there is no event %u", number);
}

static Event *
event_of(const GPtrArray *events, guint number)
{
    return g_ptr_array_index(events, index_of(events, number));
}

static void
data_set(Event *event, const void *data, gsize size)
{
    g_byte_array_set_size(event->data, 0);
    g_byte_array_append(event->data, data, (guint)size);
}

static void
put(GByteArray *to, guint64 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        guint8 byte = (guint8)(value >> 8 * i);
        g_byte_array_append(to, &byte, 1);
    }
}

/* UEFI_VARIABLE_DATA with an EFI_SIGNATURE_DATA that holds a hash. */
static Event *
authority_new(const char *name)
{
    static const guint8 zeros[48];
    Event *event = event_new(0, 7, EV_EFI_VARIABLE_AUTHORITY, zeros, 16);
    put(event->data, strlen(name), 8);
    put(event->data, sizeof zeros, 8);
    for (const char *at = name; *at; at++)
        put(event->data, (guint8)*at, 2);
    g_byte_array_append(event->data, zeros, sizeof zeros);
    sha256(event->data->data, event->data->len, event->digest);
    return event;
}

static void
text_set(Event *event, const char *text)
{
    const char *prefix = memcmp(event->data->data, GRUB_COMMAND, strlen(GRUB_COMMAND)) == 0 ? GRUB_COMMAND : GRUB_KERNEL_LINE;
    g_autofree char *whole = g_strconcat(prefix, text, NULL);
    data_set(event, whole, strlen(whole) + 1);
    sha256(text, strlen(text), event->digest);
}

static void
edit(GPtrArray *events, const Edit *one)
{
    Event *event = event_of(events, one->event), *other = NULL, *copy;
    if (one->kind == EDIT_SAYS || one->kind == EDIT_AGAIN)
        other = event_of(events, one->other);
    switch (one->kind) {
    case EDIT_DIGEST:
        sha256(one->text, strlen(one->text), event->digest);
        break;
    case EDIT_TEXT:
        text_set(event, one->text);
        break;
    case EDIT_LABEL:
        data_set(event, one->text, strlen(one->text) + 1);
        break;
    case EDIT_SAYS:
        data_set(event, other->data->data, other->data->len);
        break;
    case EDIT_TYPE:
        event->type = one->other;
        break;
    case EDIT_LAST_BYTE:
        event->data->data[event->data->len - 1] ^= 1;
        sha256(event->data->data, event->data->len, event->digest);
        break;
    case EDIT_DROP:
        g_ptr_array_remove(events, event);
        break;
    case EDIT_AGAIN:
        copy = event_new(0, other->pcr, other->type, other->data->data, other->data->len);
        memcpy(copy->digest, other->digest, SHA256_SIZE);
        g_ptr_array_insert(events, (int)index_of(events, one->event) + 1, copy);
        break;
    case EDIT_MOVE_BEHIND:
        g_ptr_array_steal_index(events, index_of(events, one->event));
        g_ptr_array_insert(events, (int)index_of(events, one->other) + 1, event);
        break;
    case EDIT_STUB:
        copy = event_new(0, one->other, EV_IPL, one->text, strlen(one->text) + 1);
        sha256(one->text, strlen(one->text), copy->digest);
        g_ptr_array_insert(events, (int)index_of(events, one->event) + 1, copy);
        break;
    case EDIT_LOCALITY:
        copy = event_new(0, 0, EV_NO_ACTION, "StartupLocality", 16);
        put(copy->data, one->other, 1);
        g_ptr_array_insert(events, (int)index_of(events, one->event), copy);
        break;
    case EDIT_AUTHORITY:
        g_ptr_array_insert(events, (int)index_of(events, one->event) + 1, authority_new(one->text));
        break;
    case EDIT_END:
        g_assert_not_reached();
    }
}

static GPtrArray *
events_read(GBytes *bytes)
{
    GPtrArray *events = g_ptr_array_new_with_free_func(event_free);
    g_autoptr(EventLog) log = event_log_parse(bytes, NULL);
    for (guint i = 0; i < event_log_length(log); i++) {
        const LogEvent *from = event_log_get(log, i);
        Event *event = event_new(i + 1, from->pcr, from->type, from->data, from->size);
        memcpy(event->digest, from->digest, SHA256_SIZE);
        g_ptr_array_add(events, event);
    }
    return events;
}

GBytes *
log_edit(GBytes *log, const Edit *edits)
{
    g_autoptr(GPtrArray) events = events_read(log);
    GByteArray *made = g_byte_array_new();
    for (const Edit *one = edits; one->kind != EDIT_END; one++)
        edit(events, one);
    g_byte_array_append(made, g_bytes_get_data(log, NULL), HEADER_SIZE);
    for (guint i = 0; i < events->len; i++) {
        const Event *event = g_ptr_array_index(events, i);
        put(made, event->pcr, 4);
        put(made, event->type, 4);
        put(made, 1, 4);
        put(made, 0x0b, 2);
        g_byte_array_append(made, event->digest, SHA256_SIZE);
        put(made, event->data->len, 4);
        g_byte_array_append(made, event->data->data, event->data->len);
    }
    return g_byte_array_free_to_bytes(made);
}

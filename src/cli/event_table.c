#include "cli/event_table.h"

#include "attest/digest.h"
#include "attest/event_info.h"
#include "attest/event_type.h"

const Column event_columns[] = {
    { "Event", "event" },
    { "PCR", "pcr" },
    { "Type", "type" },
    { "Name", "name" },
    { "Detail", "detail" },
    { "Digest", "digest" },
    { 0 },
};

static json_t *
event_json(const LogEvent *event, guint number)
{
    g_auto(EventInfo) info = { 0 };
    g_autofree char *type = event_type_text(event->type), *digest = sha256_hex(event->digest);
    json_t *json = json_pack("{si si ss}", "event", (int)number, "pcr", (int)event->pcr, "type", type);
    event_info_read(event, &info);
    json_set_text(json, "digest", digest);
    json_set_text(json, "name", info.name);
    json_set_text(json, "detail", info.detail);
    json_object_set_new(json, "measured", json_boolean(event_proof(event) == EVENT_PROOF_HOLDS));
    return json;
}

json_t *
events_json(const EventLog *log)
{
    json_t *list = json_array();
    for (guint i = 0; i < event_log_length(log); i++)
        json_array_append_new(list, event_json(event_log_get(log, i), i + 1));
    return list;
}

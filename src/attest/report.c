#include "attest/report.h"

#include "attest/event_type.h"
#include "base/json.h"

static json_t *
difference_json(const Difference *difference)
{
    g_autofree char *type = event_type_text(difference->type);
    json_t *json = json_pack("{si ss ss ss}", "pcr", (int)difference->pcr, "event", type, "name", difference->name, "kind",
                             difference_kind_text(difference->kind));
    json_object_set_new(json, "expected", difference->expected ? json_string(difference->expected) : json_null());
    json_object_set_new(json, "seen", difference->seen ? json_string(difference->seen) : json_null());
    json_set_text(json, "expectedText", difference->expected_detail);
    json_set_text(json, "seenText", difference->seen_detail);
    json_set_text(json, "acceptedBy", difference->accepted ? baseline_policy_text(BASELINE_VENDOR_SIGNED) : NULL);
    return json;
}

json_t *
report_components(const Judgement *judgement)
{
    json_t *components = json_array();
    for (guint i = 0; judgement->differences && i < judgement->differences->len; i++)
        json_array_append_new(components, difference_json(g_ptr_array_index(judgement->differences, i)));
    return components;
}

json_t *
report_json(const Judgement *judgement)
{
    json_t *json = json_pack("{ss}", "verdict", verdict_text(judgement->verdict));
    json_object_set_new(json, "reason", judgement->reason ? json_string(judgement->reason) : json_null());
    json_object_set_new(json, "component", judgement->worst ? difference_json(judgement->worst) : json_null());
    json_object_set_new(json, "components", report_components(judgement));
    return json;
}

#include "engine/refused.h"

#include "attest/refusals.h"
#include "base/json.h"
#include "engine/alerts.h"
#include "engine/revisions.h"
#include "engine/told.h"

#include <string.h>

gboolean
refused_news(Pass *pass, const StoreAttestation *made, char **ret_text, GError **error)
{
    *ret_text = NULL;
    if (!made->refused)
        return TRUE;
    g_autoptr(GPtrArray) before = store_attestation_list(pass->tx, made->set_id, made->instance, 1, error);
    if (!before)
        return FALSE;
    const StoreAttestation *last = before->len > 0 ? g_ptr_array_index(before, 0) : NULL;
    if (last && last->epoch == made->epoch && g_strcmp0(last->refused, made->refused) == 0)
        return TRUE;
    g_autoptr(json_t) refused = json_loads(made->refused, 0, NULL);
    *ret_text = refusals_text(refused);
    return TRUE;
}

gboolean
refused_tell(Pass *pass, Held *held, const StoreAttestation *made, GError **error)
{
    const SetTracked *set = held->tracked->set;
    const guint id = held->row->id;
    g_autofree char *text = NULL;
    if (!made->refused)
        return !made->quote || alerts_end(pass, set, id, 1u << ALERT_KERNEL_MODULE, error);
    if (!refused_news(pass, made, &text, error))
        return FALSE;
    const Revision *revision = text ? revision_get(pass, held->tracked->set, held->row->revision, error) : NULL;
    if (text && !revision)
        return FALSE;
    if (!text || !revision->model->attestation || !revision->model->attestation->alerts)
        return TRUE;
    g_autofree char *resource = engine_instance_resource(set, id);
    g_autofree char *message = g_strdup_printf("Kernel modules without a signature that counts: %s.", text);
    return alert_raise(pass, set, id, ALERT_KERNEL_MODULE, "kernelModule", message, error) &&
           engine_warn(pass, OPERATION_ATTEST, "Failed", resource, NULL, message, error);
}

/* api/deployment_scope.h: what a template is evaluated in: this subscription, the group, and what is there. */
#pragma once

#include "api/call.h"
#include "template/template.h"

typedef struct {
    TemplateScope template;
    json_t *tags;
    char *seed;
} DeploymentScope;

/* Borrows what it is given. */
DeploymentScope deployment_scope(const Call *call, const StoreGroup *group, const char *deployment);
void deployment_scope_clear(DeploymentScope *scope);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeploymentScope, deployment_scope_clear)

/* template_outputs() with what the transaction has. */
json_t *deployment_outputs(Call *call, StoreTx *tx, const DeploymentScope *scope, const json_t *template,
                           const json_t *parameters, GError **error);

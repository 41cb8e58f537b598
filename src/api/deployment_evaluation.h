/* api/deployment_evaluation.h: a request to deploy, evaluated, before the one transaction that it is made in. */
#pragma once

#include "api/deployment_body.h"
#include "api/deployment_place.h"
#include "api/deployment_scope.h"

typedef gboolean (*DeploymentReader)(const json_t *body, DeploymentRequest *ret_request, GError **error);

typedef struct {
    DeploymentRequest request; /* borrowed from the call's body */
    DeploymentPlace place;     /* in a write transaction; something of this name may be deployed there now */
    DeploymentScope scope;
    Template *template;
} DeploymentEvaluation;

/* Templates take long where they are large, and nobody else can write as long as a write transaction goes on: so this is
 * evaluated before it begins, and again within it only where the group was changed meanwhile. */
gboolean deployment_evaluate(Call *call, DeploymentReader reader, DeploymentEvaluation *ret_evaluation, GError **error);
void deployment_evaluation_clear(DeploymentEvaluation *evaluation);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeploymentEvaluation, deployment_evaluation_clear)

/* api/deployment_body.h: what a request to deploy a template says. Pure.
 * Source: Azure REST, Microsoft.Resources Deployments - Create Or Update, 2021-04-01. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* Borrowed from the body. */
typedef struct {
    const json_t *template, *parameters; /* parameters, tags: NULL where there are none */
    const json_t *tags;
    gboolean ids_only; /* of what-if: what changes is not told in full */
} DeploymentRequest;

/* What is not done is refused by its name: links, another mode than Incremental, what is to be done on an error. */
gboolean deployment_request_read(const json_t *body, DeploymentRequest *ret_request, GError **error);
/* The same with whatIfSettings. */
gboolean deployment_what_if_read(const json_t *body, DeploymentRequest *ret_request, GError **error);

/* Before an error of such a request is told: the values of secure parameters that it quotes are hidden. */
void deployment_error_hide_secrets(const json_t *body, GError *error);

/* What is kept of a template: without secrets, also without those that its resources have written out (adminPassword,
 * protectedSettings). A new reference. */
json_t *deployment_template_kept(const json_t *template);

/* 1 to 64 letters, digits, '-', '_', '.', '(' and ')'; or InvalidParameter. */
gboolean deployment_name_check(const char *name, GError **error);

/* A number that tells templates apart, in decimal digits; newly allocated. */
char *deployment_template_hash(const json_t *template);

/* templates.h: templates for tests, written with ' for " and ` for the ' of expressions. */
#pragma once

#include "template/template.h"

#define SCOPE_ID "/subscriptions/s/resourceGroups/g"
#define COMPUTE  SCOPE_ID "/providers/Microsoft.Compute/"
#define NETWORK  SCOPE_ID "/providers/Microsoft.Network/"

/* A template with these members besides "$schema" and "contentVersion". */
#define TEMPLATE(members)                                                                                                      \
    "{'$schema': 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#', 'contentVersion': "        \
    "'1.0.0.0', " members "}"
#define RESOURCES(elements) "'resources': [" elements "]"
/* A resource of a type in Microsoft.Network, with more members behind a comma. */
#define RESOURCE(type, name, more)                                                                                             \
    "{'type': 'Microsoft.Network/" type "', 'apiVersion': '2022-01-01', 'name': '" name "'" more "}"

/* Group g of subscription s, location "here", deployment "d", at 2020-03-13T13:53:58.12345Z;
 * Microsoft.Compute/virtualMachineScaleSets is the one type that is known. */
extern const TemplateScope test_scope;

json_t *json_of(const char *text);
/* Compact, with ' for ". */
char *text_of(const json_t *value);

Template *evaluate(const char *text, const char *parameters, GError **error);
Template *must_evaluate(const char *text, const char *parameters);
/* Outputs; the lookup answers {"id": …, "full": …}. */
json_t *outputs_of(const char *text, const char *parameters, GError **error);

/* A value of a template's JSON, with these other members before it ("'variables': {…},"), as compact text; or NULL and *error.
 */
char *value_of(const char *members, const char *value, GError **error);

/* The error has this target, and all words of `words` (separated by '|') in its message. */
void assert_refused(const GError *error, const char *target, const char *words);
/* The template is refused so, with these parameters or NULL. */
void assert_template_refused(const char *text, const char *parameters, const char *target, const char *words);

/* "a<b,c d e<a": the names of the resources, each with those that it says that it depends on. NULL: *error. */
char *order_of(const char *text, GError **error);

/* template/template.h: an ARM deployment template, evaluated. Pure: no I/O, no clock; what is outside of the template comes in
 * as a scope and as functions. Source: Azure, "Understand the structure and syntax of ARM templates" (members, limits, the
 * brackets of expressions) and "ARM template functions". What of them is taken is in docs/templates.md; what is not is refused
 * by name, never passed over.
 *
 * A template is hostile: one call evaluates it within a budget of what its functions may make, TEMPLATE_BUDGET, and within the
 * depths below. Every error is ARM_INVALID_TEMPLATE; its target is the JSON path of the place ("template.resources[0].name",
 * "parameters.count"), its message may quote a value: who shows it hides what is secret of it, by
 * template_message_without_secrets(). */
#pragma once

#include "base/clock.h"
#include "base/json.h"

#define TEMPLATE_EXPRESSION_MAX 24576 /* bytes of one expression */
#define TEMPLATE_NESTING_MAX    32    /* calls within calls of one expression; members in a row */
#define TEMPLATE_VALUE_DEPTH_MAX                                                                                               \
    (JSON_BODY_MAX_DEPTH - 4)              /* levels of a value: shown, it lies in properties.outputs.NAME.value */
#define TEMPLATE_BUDGET         (4u << 20) /* bytes of text made by functions; a value counts as some more */
#define TEMPLATE_PARAMETERS_MAX 256
#define TEMPLATE_VARIABLES_MAX  512
#define TEMPLATE_RESOURCES_MAX  800
#define TEMPLATE_DEPENDS_MAX    8192 /* entries of dependsOn, of all resources together */
#define TEMPLATE_OUTPUTS_MAX    64

/* reference(): the properties of the resource with this id (canonical in its fixed words, names as the template writes them),
 * or (full) its whole body. New reference; NULL sets *error. */
typedef json_t *(*TemplateReference)(const char *id, gboolean full, void *data, GError **error);

/* Where it is deployed. Borrowed for the time of a call. */
typedef struct {
    const char *subscription, *group, *location, *deployment; /* ids and names; location: the group's */
    const json_t *group_tags;                                 /* or NULL */
    /* providers(): {"resourceType", "locations", "apiVersions"}, or (type is NULL) the namespace with "resourceTypes". New
     * reference; NULL: not known. */
    json_t *(*provider)(const char *namespace_, const char *type, void *data);
    void *provider_data;
    UnixTime now;     /* of utcNow() */
    const char *seed; /* nobody can guess it: newGuid() comes of it */
} TemplateScope;

typedef struct {
    char *type;        /* "Microsoft.Compute/virtualMachineScaleSets", of a child "…/virtualMachineScaleSets/extensions" */
    char *name;        /* "set" or, of a child, "set/extension" */
    char *id;          /* canonical, in the scope's group */
    char *api_version; /* "2022-08-01" */
    json_t *body; /* the other members, evaluated: location, tags, sku, properties, … Owned alone, to be changed at will */
    GPtrArray *depends_on; /* of TemplateResource, borrowed: others of this template; what names none of them is left out */
} TemplateResource;

typedef struct {
    GPtrArray *resources; /* of TemplateResource, each behind those that it depends on and behind its parent; those whose
                             condition is false are left out */
    json_t *parameters;   /* {"name": {"type": "String", "value": …}} as a deployment shows them; secure ones without value */
} Template;

/* text: the template. parameters: {"name": {"value": …}}, or NULL. Outputs are looked through, and not evaluated yet. The
 * violations of parameters come in one error. */
Template *template_evaluate(const json_t *text, const json_t *parameters, const TemplateScope *scope, GError **error);
void template_free(Template *template_);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)

/* {"name": {"type", "value"}}; the names as Azure shows them, "VMSS" as "vmss" and "myName" as it is. A secure parameter that
 * is used in an output is an error that names both. Works on what the two functions below leave, too, and gives the same then,
 * at any time. lookup: its errors are handed on as they are. */
json_t *template_outputs(const json_t *text, const json_t *parameters, const TemplateScope *scope, TemplateReference lookup,
                         void *data, GError **error);

/* What may be stored. The values of parameters that are not secure (securestring, secureobject), those that came and those that
 * were made of defaults, as {"name": {"value": …}}; a copy of the template without the default values of secure ones. */
json_t *template_parameters_without_secrets(const Template *made);
json_t *template_without_secrets(const json_t *text);

/* Of the template's resources: members with these names lose what is no expression, wherever they are. names: ends with NULL.
 */
void template_remove_literals(json_t *text, const char *const *names);

/* What may be told of an error, of those that come of what a template made as well: values of secure parameters, and their
 * beginnings, are "***". Such of fewer than 4 bytes stay. Newly allocated. */
char *template_message_without_secrets(const json_t *text, const json_t *parameters, const char *message);

/* The names of the functions that expressions may call, in the order of docs/templates.md. Newly allocated. */
GStrv template_functions(void);

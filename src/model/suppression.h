/* model/suppression.h: a rule by which alerts are dismissed before anybody is told of them, decoded. Pure.
 * Source: Azure REST, Microsoft.Security alertsSuppressionRules, 2019-01-01-preview. There a condition may name any field of an
 * alert; one that Testudo's alerts do not have is refused here, as no alert would ever match it. */
#pragma once

#include "base/clock.h"
#include "model/alert.h"

#include <jansson.h>

typedef enum {
    SUPPRESSION_RESOURCE, /* ARM id of the instance */
    SUPPRESSION_REASON,   /* the reason in a word, as the alert's extendedProperties have it */
    SUPPRESSION_N_FIELDS
} SuppressionField;

/* "entities.azureresource.resourceid" (its entity's type, "azure-resource", is understood too), "extendedProperties.reason" */
const char *suppression_field_text(SuppressionField field);
gboolean suppression_field_from_text(const char *text, SuppressionField *ret_field);

/* One of the two; compared without regard to the case of ASCII letters. */
typedef struct {
    SuppressionField field;
    char *contains;
    GStrv in;
} SuppressionCondition;

typedef struct {
    gboolean every_kind; /* alertType '*' */
    AlertKind kind;      /* else this one */
    gboolean enabled;
    UnixTime expires;      /* 0: never */
    GPtrArray *conditions; /* of SuppressionCondition; all must hold */
    json_t *body;          /* {"properties": …} as it is kept and shown: canonical, read-only members left out */
} Suppression;

/* What is looked at of an alert. Borrowed. */
typedef struct {
    AlertKind kind;
    const char *resource, *reason; /* may be NULL */
} SuppressedAlert;

/* Of a request, or as it was kept. All violations in one error. */
Suppression *suppression_read(const json_t *body, GError **error);
void suppression_free(Suppression *suppression);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Suppression, suppression_free)

gboolean suppression_is_over(const Suppression *suppression, UnixTime now);
/* Enabled, not over, and all that it asks for. */
gboolean suppression_matches(const Suppression *suppression, const SuppressedAlert *alert, UnixTime now);

/* 1 to 260 letters, digits, '-' and '_'; or InvalidParameter. */
gboolean suppression_name_check(const char *name, GError **error);

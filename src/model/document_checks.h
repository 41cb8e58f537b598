/* model/document_checks.h: what a document must satisfy as a whole, beyond each member's own type. Pure. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* Appends violations (GError*, ARM_INVALID_PARAMETER or ARM_PROPERTY_CHANGE_NOT_ALLOWED). stored: NULL on create. What is
 * missing is reported only where nothing was wrong before: a member that was refused is missing too. */
void document_check(const json_t *stored, const json_t *document, GPtrArray *violations);

/* attest/refusals.h: kernel modules that a guest's kernel refused, or loaded unsigned, as testudo-guest reports them. Pure. It
 * is the guest's word: nothing in a quote covers it.
 *
 * Where the kernel names neither the module nor who asked for it ("Loading of unsigned module is rejected"), there is no name.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#define REFUSALS_MAX 64u

/* text: WIRE_REFUSED_MODULES, a message of the kernel a line. New reference: [{"name", "by", "loaded", "message"}]; name is the
 * module's, by the program that asked for it, each left out where the kernel does not say it; loaded: it was let in, unsigned,
 * since Secure Boot is off. Never more than REFUSALS_MAX. */
json_t *refusals_json(GBytes *text);

/* Words for a sentence out of that: "hello (loaded unsigned), a module that the kernel does not name"; newly allocated. */
char *refusals_text(const json_t *refusals);

/* cli/args.h: the command line, by two tables: options (what a name means everywhere) and commands
 * (which take which). Spelling follows Azure's `az`: --name VALUE or --name=VALUE, one-letter
 * forms, lists that take every word up to the next option. */
#pragma once

#include "base/error.h"

typedef enum {
    OPTION_FLAG, /* takes no value */
    OPTION_BOOL, /* true or false; the name alone is true */
    OPTION_TEXT,
    OPTION_NUMBER, /* whole, 0 to 2^31-1 */
    OPTION_LIST,   /* one or more words */
} OptionType;

typedef struct {
    const char *name;    /* without dashes */
    const char *aliases; /* further names, separated by blanks, or NULL */
    char letter;         /* or 0 */
    OptionType type;
    const char *value; /* how help names the value */
    const char *help;
} Option;

extern const Option cli_options[]; /* ends with a NULL name */

typedef struct Args Args;
typedef struct Cli Cli;

typedef struct {
    const char *path;       /* "vmss create" */
    const char *positional; /* name under which a word without dashes is kept, or NULL; "name!" is
                               required */
    const char *options;    /* names separated by blanks; "name!" is required */
    gboolean (*run)(Cli *cli, GError **error);
    const char *summary;
    const char *example; /* or NULL */
} Command;

extern const Command cli_commands[];    /* ends with a NULL path */
extern const char cli_global_options[]; /* what every command takes */

/* The command that argv begins with; *ret_words is how many words its path has. NULL: none. */
const Command *command_find(const char *const *argv, int *ret_words);
const Option *option_find(const char *name);
/* The option that the command takes under this name, which may mean another elsewhere; NULL: none. */
const Option *command_option(const Command *command, const char *name);
gboolean command_takes(const Command *command, const char *option);

/* Reads what follows the command's path. */
Args *args_parse(const Command *command, const char *const *argv, GError **error);
void args_free(Args *args);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Args, args_free)

/* Borrowed; NULL where the option was not given. */
const char *args_text(const Args *args, const char *name);
const char *const *args_list(const Args *args, const char *name);
gboolean args_flag(const Args *args, const char *name);
/* TRUE when the option was given. */
gboolean args_bool(const Args *args, const char *name, gboolean *ret_value);
gboolean args_number(const Args *args, const char *name, guint *ret_value);

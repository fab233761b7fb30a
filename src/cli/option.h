/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a command is, as const tables: its name, its texts and one row per option. The parser, the
 * help, the manual page and the completion of three shells all read these rows and nothing else.
 *
 * A row says where its value goes: an offset into a struct of the command's own ("the values").
 * The values of a command that takes the container options (CLI_CONTAINER_OPTIONS) begin with
 * struct cli_common as their first member.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct arena;
struct cli_registry;
struct err;

/* What happens with the value; behind each the type of the member at the row's offset. */
enum cli_kind {
	CLI_END,         /* the row that ends a table */
	CLI_FLAG,        /* bool: becomes true */
	CLI_CONSTANT,    /* int: becomes the row's constant; several rows may share the member */
	CLI_STRING,      /* const char * */
	CLI_STRING_LIST, /* struct cli_strings: one more, in the order given */
	CLI_PATH,        /* const char *: made absolute */
	CLI_PATH_LIST,   /* struct cli_strings: one more, made absolute */
	CLI_INT,         /* int32_t, decimal */
	CLI_UNSIGNED,    /* uint32_t, decimal */
	CLI_CHOICE,      /* int: the value of one of the row's words */
	CLI_CHOICES,     /* unsigned: the values of words joined by '|', or-ed together */
	CLI_CALL,        /* anything: the row's function takes the argument */
	CLI_HELP,        /* none: asks for the help; a constant of 1: as an error */
	CLI_USAGE,       /* none: asks for the short list */
	CLI_VERSION,     /* none: asks for the version */
};

enum cli_option_flag {
	/* The argument may be left out, and counts only when attached: -eCAP, --nesting=3. Without
	 * one the member becomes the row's constant. Not for paths and lists; a CLI_STRING becomes
	 * NULL. */
	CLI_ARGUMENT_OPTIONAL = 1 << 0,
	/* An old spelling: understood, but shown nowhere. */
	CLI_HIDDEN = 1 << 1,
	/* The case of the row's words does not matter. */
	CLI_ANY_CASE = 1 << 2,
	/* A CLI_UNSIGNED is a user or group id: the number that means "none" is refused, so that it
	 * is not taken for an option that was not given (CVE-2026-30892). */
	CLI_IS_ID = 1 << 3,
};

/* A word that an option accepts. A table of words ends with a NULL name. */
struct cli_word {
	const char *name;
	int value;
	bool hidden; /* understood, but shown nowhere */
};

/* Several arguments in the order given. */
struct cli_strings {
	VEC_OF(const char *)
};

/* How the shells complete an argument. */
enum cli_complete {
	CLI_COMPLETE_NONE,
	CLI_COMPLETE_WORDS,     /* the row's own words */
	CLI_COMPLETE_FILE,      /* a file */
	CLI_COMPLETE_DIRECTORY, /* a directory */
	CLI_COMPLETE_COMMAND,   /* a program, then its arguments */
	CLI_COMPLETE_CONTAINER, /* a container; source: lxc-ls's option that selects it, or NULL */
	CLI_COMPLETE_OUTPUT,    /* a line of what a command prints; source: that command line */
};

struct cli_completion {
	enum cli_complete kind;
	const char *source;
};

/*
 * One option. Rows with `placeholder` take an argument. Rows that store the same thing in the same
 * place are the same option under several names; the second and later ones are CLI_HIDDEN.
 */
struct cli_option {
	char letter;             /* 0: has none */
	const char *name;        /* long name; NULL: has none */
	const char *placeholder; /* how texts call the argument, in upper case; NULL: takes none */
	enum cli_kind kind;
	unsigned flags; /* enum cli_option_flag */
	size_t offset;
	int constant;
	const struct cli_word *words; /* CLI_CHOICE, CLI_CHOICES */
	/* CLI_CALL. `member` is the row's place in the values; `argument` is NULL when it was left
	 * out; what has to live as long as the values comes from the arena. 0 or err_set(). */
	int (*take)(void *member, const char *argument, struct arena *arena, struct err *e);
	const char *noun; /* what a wrong value is called ("timeout"); NULL: the long name */
	const char *help; /* one line, lower case, no full stop */
	struct cli_completion complete;
};

enum cli_tool_flag {
	/* Takes -n -P -o -l -q --rcfile. */
	CLI_CONTAINER_OPTIONS = 1 << 0,
	/* Without -n, the first argument that is no option is the name. */
	CLI_TAKES_NAME = 1 << 1,
	/* So it is, and without any it is an error. */
	CLI_NEEDS_NAME = 1 << 2,
	/* Options end at the first word that belongs to a command to run: the first word behind the
	 * name, or just the first word when the tool takes no name. */
	CLI_STOPS_AT_COMMAND = 1 << 3,
	/* -P may be given several times. */
	CLI_SEVERAL_PATHS = 1 << 4,
	/* Shown in no list: for the build. */
	CLI_HIDDEN_TOOL = 1 << 5,
};

/* One command. */
struct cli_tool {
	const char *name; /* "lxc-ls", or "tare config-check" for one without a file of its own */
	const char *summary;              /* one line, lower case, no full stop */
	const char *synopsis;             /* what follows the name: one form per line */
	const char *description;          /* paragraphs, each on one line; for help and manual */
	const struct cli_option *options; /* its own rows; they win over the shared ones */
	unsigned flags;                   /* enum cli_tool_flag */
	const char *containers;           /* lxc-ls's option for the containers that it works on */
	struct cli_completion arguments;  /* of the words that are no options */
	/* The command itself; returns its exit code. */
	int (*run)(const struct cli_tool *tool, int argc, char **argv);
};

/* All commands of a program that is many. */
struct cli_registry {
	const char *program; /* "tare" */
	const char *version;
	const char *summary;
	const struct cli_tool *const *tools; /* ends with NULL */
};

/* The values of the container options. */
struct cli_common {
	const char *name;         /* NULL: none given */
	struct cli_strings paths; /* -P: absolute, no slash at the end */
	const char *log_file;     /* -o */
	int log_level;            /* -l: enum log_level; LOG_LEVEL_NOTSET: none given */
	bool quiet;               /* -q */
	const char *rcfile;       /* --rcfile: absolute */
};

/* The output forms of commands that have a --format; the row to put into their tables. */
enum cli_format { CLI_FORMAT_TEXT, CLI_FORMAT_JSON };
extern const struct cli_word cli_format_words[];

#define CLI_OPTION_FORMAT(values, member)                                                    \
	{                                                                                    \
		.name = "format", .placeholder = "FORMAT", .kind = CLI_CHOICE,               \
		.offset = offsetof(values, member), .words = cli_format_words,               \
		.help = "print as text (default) or json", .complete = {CLI_COMPLETE_WORDS}, \
	}

/*
 * Steps through every option of a tool: its own rows, then the shared ones that it takes and does
 * not replace. *cursor begins at 0. A shared row whose letter an own row uses is given without it;
 * ret_shared (may be NULL) tells that the row is a shared one. Returns false at the end.
 */
bool cli_option_next(const struct cli_tool *tool, size_t *cursor, struct cli_option *ret,
		     bool *ret_shared);

/* Whether two rows mean the same option, as an old spelling and its present one do. */
bool cli_option_is_same(const struct cli_option *a, const struct cli_option *b);

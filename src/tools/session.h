/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the commands about one container have in common: logging as the options say, the object with
 * its configuration, definitions of the command line, and how failures are told.
 */

#include <lxc/lxccontainer.h>
#include <tare/tare.h>

#include "cli/cli.h"

struct session {
	const struct cli_tool *tool;
	const struct cli_common *common;
	const char *lxcpath;
	const char *word; /* PVE-03: stands behind the name in messages of lxc-start, or NULL */
	bool only_looks;  /* tare_container_new_to_look() */
	struct lxc_container *c;
};

/*
 * Start logging and open the container: with the configuration of `rcfile` (--rcfile or -f; NULL:
 * its own file). Returns false when that failed and was told. session_finish() in both cases.
 */
bool session_begin(struct session *s, const struct cli_tool *tool, const struct cli_common *common,
		   const char *rcfile);
/* The same without reading any configuration. */
bool session_begin_bare(struct session *s, const struct cli_tool *tool,
			const struct cli_common *common);
void session_finish(struct session *s);
#define autosession __attribute__((cleanup(session_finish))) struct session

/* "lxc-x: NAME: " and the chain, unless quiet. Returns 1, the exit code. */
int session_fail(const struct session *s, const struct err *e);
/* One sentence. Returns 1. */
int session_say(const struct session *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Say that the object may not be controlled, and why: may_control() has just said no. Returns 1. */
int session_refuse(const struct session *s);

/* -f, besides the common --rcfile. */
#define SESSION_RCFILE_OPTION(values)                                                     \
	{                                                                                 \
		.letter = 'f', .name = "rcfile", .placeholder = "FILE", .kind = CLI_PATH, \
		.offset = offsetof(values, rcfile),                                       \
		.help = "configuration to use instead of the container's own",            \
		.complete = {CLI_COMPLETE_FILE},                                          \
	}

#define SESSION_DEFINE_OPTION(values, what)                                            \
	{                                                                              \
		.letter = 's', .name = "define", .placeholder = "KEY=VALUE",           \
		.kind = CLI_STRING_LIST, .offset = offsetof(values, defines),          \
		.help = "set a configuration item for this " what "; may be repeated", \
	}

/* Set the texts "KEY=VALUE" of -s. False when one is wrong, which was told. */
bool session_define(struct session *s, const struct cli_strings *defines);

/* --share-*: the names of containers or pids by namespace. */
struct session_shares {
	const char *net, *ipc, *uts, *pid;
};
bool session_share(struct session *s, const struct session_shares *shares);
#define SESSION_SHARE_OPTION(values, member, what)                                               \
	{                                                                                        \
		.name = "share-" #member, .placeholder = "NAME", .kind = CLI_STRING,             \
		.offset = offsetof(values, shares.member),                                       \
		.help = "share the " what " namespace of a container, by its name, or of a pid", \
		.complete = {CLI_COMPLETE_CONTAINER, "--active"},                                \
	}

/* The state's word. Of a container that is stopped, runs are undone whose supervisor died when it
 * had given the name up already (in a post-stop hook). */
const char *session_state(struct session *s);

/* Hidden options of the tests: which step of the plan (from 1) is to fail, and how. */
struct session_fault {
	uint32_t step;
	int32_t errnum;
	int place;
};
void session_set_fault(struct tare_start *start, const struct session_fault *fault);
extern const struct cli_word session_fault_words[];
#define SESSION_FAULT_OPTION(values, member, word, value_kind, value, what)                        \
	{                                                                                          \
		.name = (word), .placeholder = (value), .kind = (value_kind), .flags = CLI_HIDDEN, \
		.offset = offsetof(values, fault.member), .words = session_fault_words,            \
		.help = "for tests: " what,                                                        \
	}
#define SESSION_FAULT_OPTIONS(values)                                                  \
	SESSION_FAULT_OPTION(values, step, "fault-step", CLI_UNSIGNED, "NUMBER",       \
			     "the step that fails"),                                   \
		SESSION_FAULT_OPTION(values, errnum, "fault-errno", CLI_INT, "NUMBER", \
				     "its errno, or a negative signal that kills"),    \
		SESSION_FAULT_OPTION(values, place, "fault-in", CLI_CHOICE, "SECTION", \
				     "start, prelude, stop or undo")

/* --plan: print what `start` would do, as text or JSON. Returns the exit code. */
enum session_plan { SESSION_NO_PLAN, SESSION_PLAN_TEXT, SESSION_PLAN_JSON };
extern const struct cli_word session_plan_words[];
int session_print_plan(struct session *s, const struct tare_start *start, enum session_plan form);

/* A value of the configuration in memory (heap), NULL when unset. */
char *session_item(const struct session *s, const char *key);

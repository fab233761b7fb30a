/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A container's configuration: loading, asking, changing, saving.
 *
 * A configuration is the typed model (model.h) and the text it came from. The text is what LXC
 * calls the unexpanded configuration: the lines of the files loaded at the top level, comments and
 * foreign lines included; changes edit it, saving writes it. Included files act on the model only.
 *
 * Functions that explain take `struct err *e` last (may be NULL). Not thread-safe; the container
 * object locks.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "config/keys.h"
#include "config/model.h"

enum config_severity {
	CONFIG_NOTE,    /* worth knowing */
	CONFIG_WARNING, /* was understood, but should be changed or has no effect here */
	CONFIG_ERROR,   /* a start with this would fail */
};

/*
 * What a configuration may do besides changing itself. Every member may be NULL: then the effect
 * does not happen (checkers, tests), randomness comes from getrandom(2). Functions return 0 or
 * -errno.
 */
struct config_effects {
	/* A warning or note found while loading: one chain with its origin. */
	void (*report)(void *context, enum config_severity severity, const struct err *problem);
	int (*open_log)(void *context, const char *path);
	void (*set_log_level)(void *context, int level);
	void (*open_syslog)(void *context, int facility);
	int (*random)(void *buf, size_t len);
	void *context;
};

/* A line of the text. `key` is the present name of the key it sets, NULL for all other lines. */
struct config_line {
	const char *text; /* without the line end */
	const char *key;
};
struct config_lines {
	VEC_OF(struct config_line)
};

struct config_source {
	const char *name; /* path of a file, or words in parentheses */
	bool is_included; /* its lines are not part of the text */
};
struct config_sources {
	VEC_OF(struct config_source)
};

/* A change of the model, in the order in which they happened: what config_freeze() writes. */
struct config_change {
	const char *key;   /* present name */
	const char *value; /* as it lasts: random digits and variables are filled in */
	struct origin origin;
	bool clears; /* config_clear(), which ignores the value */
	bool failed; /* was refused, and may have had a part of its effect */
};
struct config_changes {
	VEC_OF(struct config_change)
};

struct config_reader;

struct config {
	struct arena arena;
	struct config_effects effects;
	struct config_values values;
	struct config_lines lines;
	struct config_sources sources;
	struct config_changes changes;
	struct origin origins[CONFIG_KEY_MAX]; /* by row: who set the key last */
	const char *first_file;  /* the first file ever loaded: LXC_CONFIG_FILE of hooks */
	unsigned included_files; /* by the file that is being loaded */
	int64_t legacy_net; /* interface that unnumbered lxc.network.* lines are about, -1 = none */
	struct config_reader *reader; /* the file being read; NULL outside of loading */
	bool keep_going;              /* loading reports an error and goes on (checkers) */
	unsigned errors_skipped;      /* … this often */
	bool only_files; /* no pipes and devices, which could make whoever reads them wait */
};

/* All defaults; effects may be NULL. -ENOMEM is the only failure. */
int config_init(struct config *c, const struct config_effects *effects);
void config_finish(struct config *c);

/*
 * Read a file into the configuration, adding to what is there; its lines become part of the text.
 * On failure the lines before the bad one stay applied, those behind it are not read (LXC's order
 * of things), unless keep_going is set: then each error is reported with CONFIG_ERROR and 0
 * returned.
 */
int config_load(struct config *c, const char *path, struct err *e);

/* The same for text in memory; `name` stands for the file in messages. */
int config_load_text(struct config *c, const char *name, const char *text, size_t len,
		     struct err *e);

/*
 * Set a key, as a line of a file would, and put the line into the text. An empty or NULL value
 * clears (config.md §4). Old names are taken for their present ones. A value with a line break, or
 * a key that the file syntax can't carry, is refused. `source` is who asks, as messages name it:
 * "(command line)", "(API)".
 */
int config_set(struct config *c, const char *key, const char *value, const char *source,
	       struct err *e);

/* Back to the built-in default, and out of the text. */
int config_clear(struct config *c, const char *key, struct err *e);

/*
 * Print a key's value: lists with a newline behind (or, for some, between) their elements; nothing
 * for what is unset. 0, -EINVAL for an unknown or malformed key or an interface that does not
 * exist, -ENOENT for lxc.net.<i> itself, -ENOSYS for lxc.include.
 */
int config_get(const struct config *c, const char *key, struct str *out);

/*
 * LXC's buffer contract over config_get(): returns the full length without the terminator or the
 * negative errno. Lists are cut to fit the buffer, single texts copied only when they fit.
 */
int config_get_buffer(const struct config *c, const char *key, char *buf, size_t len);

/* Names of keys below a prefix, also of lxc.net.<i>; see config_keys_print(). */
int config_list_keys(const struct config *c, const char *prefix, struct str *out);

/* The text as saving writes it: every line with its newline. */
void config_text(const struct config *c, struct str *out);

/*
 * Write the text to a file: a temporary beside it, then a rename; mode 0660 & ~umask for a new one.
 */
int config_save(const struct config *c, const char *path, struct err *e);

/* "FILE:LINE", or the source's name alone; "" for a default. Valid until the next call with buf. */
const char *config_origin(const struct config *c, struct origin origin, char *buf, size_t len);

/* Add a source by name; returns its number (from 1), 0 when memory is out. */
unsigned config_add_source(struct config *c, const char *name);

/*
 * Every value that differs from its default, with type and origin, in table order: for people, for
 * golden tests, for comparing two configurations.
 */
void config_dump(const struct config *c, struct str *out);

struct config_net *config_find_net(const struct config *c, uint32_t index);

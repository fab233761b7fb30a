/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mount options: one table of words, read forwards to parse and again to print.
 *
 * The list of words is LXC's (mount(8) knows more; those of them that LXC does not know are data
 * for the file system, as in LXC). No word is looked up in the kernel's headers: what a flag
 * becomes is the business of the code that compiles mounts.
 */

#include "config/mount_options.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

enum word_kind {
	WORD_SET,
	WORD_CLEAR,
	WORD_PROPAGATION,
	WORD_PROPAGATION_RECURSIVE,
	WORD_CREATE,
	WORD_OPTIONAL,
	WORD_RELATIVE,
	WORD_IDMAP,
	WORD_IGNORED,
};

struct word {
	const char *name;
	enum word_kind kind;
	uint32_t bits;
};

/* In the order in which options are printed. */
static const struct word words[] = {
	{"defaults", WORD_SET, 0},
	{"bind", WORD_SET, MOUNT_BIND},
	{"rbind", WORD_SET, MOUNT_RBIND},
	{"move", WORD_SET, MOUNT_MOVE},
	{"ro", WORD_SET, MOUNT_RO},
	{"rw", WORD_CLEAR, MOUNT_RO},
	{"nosuid", WORD_SET, MOUNT_NOSUID},
	{"suid", WORD_CLEAR, MOUNT_NOSUID},
	{"nodev", WORD_SET, MOUNT_NODEV},
	{"dev", WORD_CLEAR, MOUNT_NODEV},
	{"noexec", WORD_SET, MOUNT_NOEXEC},
	{"exec", WORD_CLEAR, MOUNT_NOEXEC},
	{"noatime", WORD_SET, MOUNT_NOATIME},
	{"atime", WORD_CLEAR, MOUNT_NOATIME},
	{"nodiratime", WORD_SET, MOUNT_NODIRATIME},
	{"diratime", WORD_CLEAR, MOUNT_NODIRATIME},
	{"relatime", WORD_SET, MOUNT_RELATIME},
	{"norelatime", WORD_CLEAR, MOUNT_RELATIME},
	{"strictatime", WORD_SET, MOUNT_STRICTATIME},
	{"nostrictatime", WORD_CLEAR, MOUNT_STRICTATIME},
	{"nosymfollow", WORD_SET, MOUNT_NOSYMFOLLOW},
	{"private", WORD_PROPAGATION, MOUNT_PRIVATE},
	{"shared", WORD_PROPAGATION, MOUNT_SHARED},
	{"slave", WORD_PROPAGATION, MOUNT_SLAVE},
	{"unbindable", WORD_PROPAGATION, MOUNT_UNBINDABLE},
	{"rprivate", WORD_PROPAGATION_RECURSIVE, MOUNT_PRIVATE},
	{"rshared", WORD_PROPAGATION_RECURSIVE, MOUNT_SHARED},
	{"rslave", WORD_PROPAGATION_RECURSIVE, MOUNT_SLAVE},
	{"runbindable", WORD_PROPAGATION_RECURSIVE, MOUNT_UNBINDABLE},
	{"create=dir", WORD_CREATE, MOUNT_CREATE_DIR},
	{"create=file", WORD_CREATE, MOUNT_CREATE_FILE},
	{"optional", WORD_OPTIONAL, 0},
	{"relative", WORD_RELATIVE, 0},
	{"idmap=", WORD_IDMAP, 0},
	{"sync", WORD_IGNORED, MOUNT_IGNORED_SYNC},
	{"async", WORD_IGNORED, MOUNT_IGNORED_ASYNC},
	{"dirsync", WORD_IGNORED, MOUNT_IGNORED_DIRSYNC},
	{"lazytime", WORD_IGNORED, MOUNT_IGNORED_LAZYTIME},
	{"mand", WORD_IGNORED, MOUNT_IGNORED_MAND},
	{"nomand", WORD_IGNORED, MOUNT_IGNORED_NOMAND},
	{"remount", WORD_IGNORED, MOUNT_IGNORED_REMOUNT},
};

/* A piece of the options text between commas. */
struct piece {
	const char *text;
	size_t len;
};

/* Moves *text behind the next piece that is not empty; false at the end. */
static bool take_piece(const char **text, struct piece *ret)
{
	const char *start = *text + strspn(*text, ",");
	size_t len = strcspn(start, ",");

	*text = start + len;
	*ret = (struct piece){start, len};
	return len > 0;
}

static bool piece_is(struct piece piece, const char *name)
{
	return strlen(name) == piece.len && memcmp(name, piece.text, piece.len) == 0;
}

static bool piece_starts(struct piece piece, const char *prefix)
{
	size_t len = strlen(prefix);

	return len <= piece.len && memcmp(prefix, piece.text, len) == 0;
}

static const struct word *find_word(struct piece piece)
{
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		bool found = words[i].kind == WORD_IDMAP ? piece_starts(piece, words[i].name)
							 : piece_is(piece, words[i].name);

		if (found)
			return &words[i];
	}
	return NULL;
}

static int set_idmap(struct mount_options *options, struct piece piece, struct arena *arena,
		     struct err *e)
{
	size_t skip = LITERAL_LENGTH("idmap=");
	char *path;

	if (piece.len == skip)
		return err_set(e, ERR_MOUNT_ENTRY, 0,
			       "Missing idmap path for \"idmap=<path>\" LXC specific mount option");
	if (piece_is(piece, "idmap=container")) {
		options->idmap = MOUNT_IDMAP_CONTAINER;
		options->idmap_path = NULL;
		return 0;
	}
	path = arena_strndup(arena, piece.text + skip, piece.len - skip);
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep a mount option");
	options->idmap = MOUNT_IDMAP_PATH;
	options->idmap_path = path;
	return 0;
}

static void apply_word(struct mount_options *options, const struct word *word)
{
	switch (word->kind) {
	case WORD_SET:
		options->set |= word->bits;
		options->clear &= ~word->bits;
		break;
	case WORD_CLEAR:
		options->clear |= word->bits;
		options->set &= ~word->bits;
		break;
	case WORD_PROPAGATION_RECURSIVE:
		options->propagation_recursive = true;
		options->propagation |= word->bits;
		break;
	case WORD_PROPAGATION:
		options->propagation |= word->bits;
		break;
	case WORD_CREATE:
		options->create |= word->bits;
		break;
	case WORD_OPTIONAL:
		options->optional = true;
		break;
	case WORD_RELATIVE:
		options->relative = true;
		break;
	case WORD_IGNORED:
		options->ignored |= word->bits;
		break;
	case WORD_IDMAP: /* has a value: set_idmap() */
		break;
	}
}

int mount_options_parse(const char *text, struct arena *arena, struct mount_options *ret,
			struct err *e)
{
	struct mount_options options = {0};
	const char *rest = text;
	char *data = NULL;
	size_t data_len = 0;
	struct piece piece;

	while (take_piece(&rest, &piece)) {
		const struct word *word = find_word(piece);

		if (word && word->kind == WORD_IDMAP) {
			int r = set_idmap(&options, piece, arena, e);

			if (r < 0)
				return r;
		} else if (word) {
			apply_word(&options, word);
		} else {
			/* The data is never longer than the text from here to its end. */
			if (!data)
				data = arena_alloc(arena, strlen(piece.text) + 1);
			if (!data)
				return err_set(e, ERR_NO_MEMORY, ENOMEM,
					       "Cannot keep mount options");
			if (data_len > 0)
				data[data_len++] = ',';
			memcpy(data + data_len, piece.text, piece.len);
			data_len += piece.len;
		}
	}
	options.data = data;
	*ret = options;
	return 0;
}

int mount_options_parse_rootfs(const char *text, struct arena *arena, struct mount_options *ret,
			       struct err *e)
{
	const char *rest = text;
	struct piece piece;

	while (take_piece(&rest, &piece)) {
		if (!piece_starts(piece, "create=") && !piece_is(piece, "optional") &&
		    !piece_is(piece, "relative"))
			continue;
		return err_set(e, ERR_MOUNT_ENTRY, 0,
			       "Invalid LXC specific mount option for rootfs mount: \"%.*s\"",
			       (int)piece.len, piece.text);
	}
	return mount_options_parse(text, arena, ret, e);
}

/* What fstab(5) tells mount(8) and its callers; no file system knows these words. */
static bool is_for_mount_program(const char *word)
{
	static const char *const names[] = {"auto",       "noauto", "user",    "nouser", "users",
					    "nousers",    "owner",  "noowner", "group",  "nogroup",
					    "_netdev",    "nofail", "silent",  "loud",   "iversion",
					    "noiversion", NULL};

	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], word) == 0)
			return true;
	return text_starts(word, "x-") || text_starts(word, "X-") || text_starts(word, "comment=");
}

const char *const *mount_options_data_words(const char *data, struct arena *arena)
{
	const char *at = data ? data : "";
	size_t room = strlen(at) / 2 + 2, count = 0;
	const char **ret = arena_alloc(arena, room * sizeof(*ret));

	while (ret && *at) {
		size_t len = 0;

		while (at[len] && at[len] != ',')
			len += at[len] == '\\' && at[len + 1] ? 2 : 1;
		if (len > 0) {
			ret[count] = arena_strndup(arena, at, len);
			if (!ret[count])
				return NULL;
			if (!is_for_mount_program(ret[count]))
				count++;
		}
		at += len + (at[len] == ',');
	}
	if (ret)
		ret[count] = NULL;
	return ret;
}

static bool has_word(const struct mount_options *options, const struct word *word)
{
	switch (word->kind) {
	case WORD_SET:
		return options->set & word->bits;
	case WORD_CLEAR:
		return options->clear & word->bits;
	case WORD_PROPAGATION:
		return !options->propagation_recursive && (options->propagation & word->bits);
	case WORD_PROPAGATION_RECURSIVE:
		return options->propagation_recursive && (options->propagation & word->bits);
	case WORD_CREATE:
		return options->create & word->bits;
	case WORD_OPTIONAL:
		return options->optional;
	case WORD_RELATIVE:
		return options->relative;
	case WORD_IDMAP:
		return options->idmap != MOUNT_IDMAP_NONE;
	case WORD_IGNORED:
		return options->ignored & word->bits;
	}
	return false;
}

void mount_options_print(const struct mount_options *options, struct str *out)
{
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (!has_word(options, &words[i]))
			continue;
		str_addf(out, "%s%s", separator, words[i].name);
		if (words[i].kind == WORD_IDMAP)
			str_add(out, options->idmap_path ? options->idmap_path : "container");
		separator = ",";
	}
	if (options->data)
		str_addf(out, "%s%s", separator, options->data);
	else if (!*separator)
		str_add(out, "defaults");
}

const char *mount_options_word(size_t i)
{
	return i < ARRAY_LENGTH(words) ? words[i].name : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Logical volumes /dev/GROUP/VOLUME, by the programs of LVM (lvcreate(8), lvs(8), lvremove(8)).
 * What is made bears a tag until it is complete: only that is destroyed behind a failure, never a
 * volume of the same name that was there.
 */

#include "storage/driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "child/command.h"
#include "storage/filesystem.h"
#include "storage/place.h"

static const char package[] = "lvm2";

enum {
	NAME_MAX_BYTES = 127, /* of a group and a volume together (lvm(8)) */
	LVCREATE_OLD = 3,     /* exit status: an option is not known */
	TEXT_SIZE = 32,
};

/* "GROUP" and "VOLUME" of "/dev/GROUP/VOLUME". */
struct parts {
	char *group, *volume; /* heap */
};

static void finish_parts(struct parts *parts)
{
	free(parts->group);
	free(parts->volume);
}
#define autoparts __attribute__((cleanup(finish_parts))) struct parts

static int split(const struct storage_volume *volume, struct parts *ret, struct err *e)
{
	const char *group = text_after(volume->path, "/dev/");
	const char *slash = group ? strchr(group, '/') : NULL;

	if (!slash || slash == group || !slash[1] || strchr(slash + 1, '/') || group[0] == '-') {
		int r = err_set(e, ERR_STORAGE, EINVAL, "\"%s\" is no logical volume",
				volume->path);

		err_hint(e, "LVM's have paths like /dev/GROUP/VOLUME");
		return r;
	}
	ret->group = strndup(group, (size_t)(slash - group));
	ret->volume = strdup(slash + 1);
	return ret->group && ret->volume ? 0 : place_no_memory(e);
}

/* lvm(8), "VALID NAMES". */
static int check_name(const char *name, size_t group_len, struct err *e)
{
	static const char *const reserved[] = {
		"_cdata",  "_cmeta", "_corig",   "_cpool",  "_cvol",  "_iorig",
		"_mimage", "_mlog",  "_pmspare", "_rimage", "_rmeta", "_tdata",
		"_tmeta",  "_vdata", "_vorigin", "_wcorig",
	};
	const char *why = NULL;
	int r;

	if (name[0] == '-' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !name[0])
		why = "it begins with -, or is . or ..";
	else if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789+_.-")])
		why = "only letters, digits and + _ . - are allowed";
	else if (text_starts(name, "snapshot") || text_starts(name, "pvmove"))
		why = "LVM keeps names that begin with \"snapshot\" or \"pvmove\" for itself";
	else if (strlen(name) + group_len >= NAME_MAX_BYTES)
		why = "it is too long";
	for (size_t i = 0; !why && i < ARRAY_LENGTH(reserved); i++)
		if (strstr(name, reserved[i]))
			why = "LVM keeps such names for itself";
	if (!why)
		return 0;
	r = err_set(e, ERR_USAGE, EINVAL, "\"%s\" can't be the name of a logical volume: %s", name,
		    why);
	err_hint(e, "choose another name with --lvname, or for the container");
	return r;
}

static int name(const struct storage_wish *wish, const struct storage_volume *source, bool snapshot,
		struct str *ret, struct err *e)
{
	autoparts parts = {};
	autostr volume = {};
	const char *group = wish->lvm_group;
	int r = 0;

	if (snapshot && source->type != ROOTFS_LVM)
		return place_refuse_snapshot(
			source->type, "LVM snapshot from \"@\" storage driver is not supported", e);
	if (source)
		r = split(source, &parts, e);
	if (r == 0 && source)
		group = parts.group;
	if (r == 0 && (!group || !group[0] || strchr(group, '/')))
		r = err_set(e, ERR_USAGE, EINVAL, "\"%s\" is no name of a volume group",
			    group ? group : "");
	if (r < 0 || !group)
		return r;
	if (wish->lvm_volume)
		str_add(&volume, wish->lvm_volume);
	else
		place_volume_name(wish, &volume);
	r = check_name(str_text(&volume), strlen(group), e);
	str_addf(ret, "/dev/%s/%s", group, str_text(&volume));
	return r;
}

static void hint_at_groups(struct err *e)
{
	err_hint(e, "vgs lists the volume groups; choose one with --vgname, or by lxc.bdev.lvm.vg "
		    "in lxc.conf");
}

/* lvs: what it says of a volume, without the blanks around. 1 = done, 0 = there is no such volume,
 * or negative with e. */
static int ask(const char *path, const char *columns, struct str *ret, struct err *e)
{
	const char *const argv[] = {"lvs", "--unbuffered", "--noheadings", "-o", columns, path,
				    NULL};
	const struct command command = {.argv = argv, .package = package};
	struct command_words words = {};
	int r = command_run(&command, &words, e);
	const char *said = str_text(&words.said);

	if (r > 0 && strstr(said, "Failed to find logical volume")) {
		err_clear(e);
		r = 0;
	} else if (r == 0) {
		const char *text = str_text(&words.output);

		text += strspn(text, " \t\n");
		str_add_bytes(ret, text, strcspn(text, "\n"));
		while (ret->len > 0 && str_text(ret)[ret->len - 1] == ' ')
			str_truncate(ret, ret->len - 1);
		r = 1;
	} else if (r > 0) {
		r = err_wrap(e, -EIO, "cannot look at the logical volume \"%s\"", path);
		if (strstr(said, "Volume group") && strstr(said, "not found"))
			hint_at_groups(e);
	}
	command_words_finish(&words);
	return r;
}

/* One letter of lv_attr: 0 = origin, 't' thin pool; 6 = 't' thin. '\0': there is no such volume. */
static int ask_attribute(const char *path, size_t place, char *ret, struct err *e)
{
	autostr attributes = {};
	int r = ask(path, "lv_attr", &attributes, e);

	if (r >= 0)
		*ret = r > 0 && attributes.len > place ? str_text(&attributes)[place] : '\0';
	return r < 0 ? r : 0;
}

static bool works(const struct storage_wish *wish)
{
	const char *const argv[] = {"vgs", "--noheadings", "-o", "vg_name", wish->lvm_group, NULL};

	return wish->lvm_group && wish->lvm_group[0] && wish->lvm_group[0] != '-' &&
	       command_is_there("lvcreate") &&
	       command_run(&(struct command){.argv = argv}, NULL, NULL) == 0;
}

static int exists(const struct storage_volume *volume, struct err *e)
{
	autostr attributes = {};

	return ask(volume->path, "lv_attr", &attributes, e);
}

static void print_tag(const char *mark, char *ret, size_t room)
{
	snprintf(ret, room, "tare.%s", mark ? mark : "");
}

/* The words end in NULL. */
static int run_lvcreate(const char *const *words, const struct storage_wish *wish, struct err *e)
{
	enum { WORDS_MAX = 24 };
	const char *argv[WORDS_MAX] = {"lvcreate"};
	const struct command command = {
		.argv = argv, .package = package, .lock_fd = wish->lock_fd, .finishes = true};
	char tag[sizeof("tare.") + 64];
	size_t count = 1;

	for (; *words; words++)
		argv[count++] = *words;
	if (wish->mark) {
		print_tag(wish->mark, tag, sizeof(tag));
		argv[count++] = "--addtag";
		argv[count++] = tag;
	}
	return command_run(&command, NULL, e);
}

/* A new volume, without the signatures of what the disk had there before. An lvcreate that does not
 * know these options exits with 3, and asks nothing with -qq. `words` begin with room for two. */
static int run_wiping(const char **words, const struct storage_wish *wish, struct err *e)
{
	int r;

	words[0] = "-Wy";
	words[1] = "--yes";
	r = run_lvcreate(words, wish, e);
	if (r != LVCREATE_OLD)
		return r;
	words[1] = "-qq";
	return run_lvcreate(words + 1, wish, e);
}

static int explain_creation(int r, const struct storage_volume *volume, uint64_t size,
			    struct err *e)
{
	const char *said = err_cause(e);
	bool there = strstr(said, "already exists");
	bool no_group = strstr(said, "Volume group") && strstr(said, "not found");

	r = err_wrap(e, r < 0 ? r : -EIO,
		     "Error creating new logical volume \"lvm:%s\" of size \"%llu bytes\"",
		     volume->path, (unsigned long long)size);
	if (there)
		err_hint(e,
			 "lvremove %s removes it, if it is not needed; or choose another name "
			 "(--lvname)",
			 volume->path);
	else if (no_group)
		hint_at_groups(e);
	return r;
}

static int create(const struct storage_volume *volume, const struct storage_wish *wish,
		  uint64_t size, const char *fstype, struct err *e)
{
	autoparts parts = {};
	autostr pool = {};
	char bytes[TEXT_SIZE];
	char attribute = '\0';
	int r = split(volume, &parts, e);

	if (r < 0)
		return r;
	snprintf(bytes, sizeof(bytes), "%llub", (unsigned long long)size);
	if (wish->lvm_thin_pool && wish->lvm_thin_pool[0]) {
		str_addf(&pool, "/dev/%s/%s", parts.group, wish->lvm_thin_pool);
		(void)ask_attribute(str_text(&pool), 0, &attribute, NULL);
	}
	if (attribute == 't') {
		const char *words[] = {NULL,  NULL,        "--thinpool", str_text(&pool), "-V",
				       bytes, parts.group, "-n",         parts.volume,    NULL};

		r = run_wiping(words, wish, e);
	} else {
		const char *words[] = {NULL,        NULL, "-L",         bytes,
				       parts.group, "-n", parts.volume, NULL};

		r = run_wiping(words, wish, e);
	}
	if (r != 0)
		return explain_creation(r, volume, size, e);
	return filesystem_make(volume, wish, volume->path, fstype, e);
}

static int size(const struct storage_volume *volume, uint64_t *ret, struct err *e)
{
	const char *const argv[] = {"lvs", "--unbuffered", "--noheadings", "--nosuffix", "--units",
				    "b",   "-o",           "lv_size",      volume->path, NULL};
	const struct command command = {.argv = argv, .package = package};
	struct command_words words = {};
	int r = command_run(&command, &words, e);
	const char *at = str_text(&words.output);

	at += strspn(at, " \t\n");
	if (r == 0 && num_take_u64(&at, ret) < 0)
		r = err_set(e, ERR_STORAGE, EIO, "lvs does not tell the size of \"%s\"",
			    volume->path);
	command_words_finish(&words);
	return r == 0 ? 0
		      : err_wrap(e, r < 0 ? r : -EIO, "cannot look at the logical volume \"%s\"",
				 volume->path);
}

static int is_thin(const struct storage_volume *volume, struct err *e)
{
	char attribute = '\0';
	int r = ask_attribute(volume->path, 6, &attribute, e);

	return r < 0 ? r : attribute == 't';
}

static int snapshot(const struct storage_volume *source, const struct storage_volume *volume,
		    const struct storage_wish *wish, struct err *e)
{
	autoparts parts = {};
	char bytes[TEXT_SIZE];
	uint64_t room = wish->size;
	int thin = is_thin(source, e);
	int r = thin < 0 ? thin : split(volume, &parts, e);

	if (r == 0 && !thin && room == 0)
		r = size(source, &room, e);
	if (r < 0)
		return r;
	snprintf(bytes, sizeof(bytes), "%llub", (unsigned long long)room);
	if (thin) {
		/* By LVM's default a thin snapshot is not there until it is activated with -K. */
		const char *const words[] = {"-s",         "-kn",        "-K", "-n",
					     parts.volume, source->path, NULL};

		r = run_lvcreate(words, wish, e);
	} else {
		const char *const words[] = {"-s",         "-L",         bytes, "-n",
					     parts.volume, source->path, NULL};

		r = run_lvcreate(words, wish, e);
	}
	if (r != 0)
		return err_wrap(e, r < 0 ? r : -EIO,
				"Failed to create logical volume \"%s\" as a snapshot of \"%s\"",
				parts.volume, source->path);
	return filesystem_renew(volume, wish, volume->path, false, e);
}

static int commit(const struct storage_volume *volume, const char *mark, struct err *e)
{
	char tag[sizeof("tare.") + 64];
	const char *const argv[] = {"lvchange", "--deltag", tag, volume->path, NULL};
	const struct command command = {.argv = argv, .package = package, .finishes = true};
	int r;

	print_tag(mark, tag, sizeof(tag));
	r = command_run(&command, NULL, e);
	return r == 0 ? 0
		      : err_wrap(e, r < 0 ? r : -EIO, "cannot take the mark from \"%s\"",
				 volume->path);
}

/* Thick snapshots would go with their origin. */
static int check_snapshots(const struct storage_volume *volume, struct err *e)
{
	autoparts parts = {};
	autostr selection = {};
	autostr names = {};
	struct command_words words = {};
	const char *argv[] = {"lvs", "--unbuffered", "--noheadings", "-o", "lv_name",
			      "-S",  NULL,           NULL,           NULL};
	char attribute = '\0';
	int r = ask_attribute(volume->path, 0, &attribute, e);

	if (r == 0 && attribute == 't') {
		r = err_set(e, ERR_STORAGE, EBUSY, "the logical volume \"%s\" is a thin pool",
			    volume->path);
		err_hint(e, "the volumes in it would go with it: it stays as it is");
	}
	if (r < 0 || (attribute != 'o' && attribute != 'O'))
		return r;
	r = split(volume, &parts, e);
	if (r < 0)
		return r;
	str_addf(&selection, "origin=\"%s\"", parts.volume);
	argv[6] = str_text(&selection);
	argv[7] = parts.group;
	if (command_run(&(struct command){.argv = argv}, &words, NULL) == 0)
		for (const char *at = str_text(&words.output); *at;) {
			size_t len;

			at += strspn(at, " \n");
			len = strcspn(at, " \n");
			if (len > 0) {
				str_add_char(&names, ' ');
				str_add_bytes(&names, at, len);
			}
			at += len;
		}
	command_words_finish(&words);
	r = err_set(e, ERR_STORAGE, EBUSY, "the logical volume \"%s\" has snapshots:%s",
		    volume->path, str_text(&names));
	err_hint(e, "they would go with it: destroy their containers first");
	return r;
}

/* The name of a group that is not there means that nothing was made in it. */
static bool is_without_group(const struct err *e)
{
	return strstr(err_cause(e), "Volume group") && strstr(err_cause(e), "not found");
}

static int destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		   const char *mark, struct err *e)
{
	const char *const argv[] = {"lvremove", "-f", volume->path, NULL};
	const struct command command = {.argv = argv, .package = package, .finishes = true};
	char tag[sizeof("tare.") + 64];
	autostr tags = {};
	struct err own = {};
	int r;

	if (!e)
		e = &own;
	/* What was never installed has made nothing. */
	if (mark && !command_is_there("lvs"))
		return 0;
	r = ask(volume->path, "lv_tags", &tags, e);
	if (r < 0 && mark && is_without_group(e)) {
		err_clear(e);
		return 0;
	}
	print_tag(mark, tag, sizeof(tag));
	if (r <= 0 || (mark && !text_list_has(str_text(&tags), tag, strlen(tag))))
		return r < 0 ? r : 0;
	r = check_snapshots(volume, e);
	if (r < 0)
		return r;
	r = command_run(&command, NULL, e);
	if (r == 0)
		return 0;
	return err_wrap(e, r < 0 ? r : -EIO, "cannot destroy the logical volume \"%s\"",
			volume->path);
}

static int rename_volume(const struct storage_volume *volume, const struct storage_wish *wish,
			 bool really, struct str *ret, struct err *e)
{
	struct storage_volume renamed = {.type = ROOTFS_LVM};
	autoparts parts = {};
	autoparts new_parts = {};
	const char *argv[] = {"lvrename", NULL, NULL, NULL, NULL};
	const struct command command = {.argv = argv, .package = package, .finishes = true};
	int r = name(wish, volume, false, ret, e);

	if (r < 0)
		return r;
	renamed.path = (char *)str_text(ret);
	if (!really || strcmp(renamed.path, volume->path) == 0)
		return 0;
	r = split(volume, &parts, e);
	if (r == 0)
		r = split(&renamed, &new_parts, e);
	if (r == 0)
		r = exists(volume, e);
	/* It was done before. */
	if (r == 0 && exists(&renamed, NULL) == 1)
		return 0;
	if (r < 0)
		return r;
	argv[1] = parts.group;
	argv[2] = parts.volume;
	argv[3] = new_parts.volume;
	r = command_run(&command, NULL, e);
	return r == 0 ? 0
		      : err_wrap(e, r < 0 ? r : -EIO,
				 "cannot rename the logical volume \"%s\" to \"%s\"", volume->path,
				 renamed.path);
}

const struct storage_driver storage_lvm = {
	.name = name,
	.works = works,
	.exists = exists,
	.create = create,
	.snapshot = snapshot,
	.snapshots_really_last = is_thin,
	.commit = commit,
	.destroy = destroy,
	.rename = rename_volume,
	.size = size,
};

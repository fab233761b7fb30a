/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The database. It is LXC's file, lock and format, so that both programs may be used side by side;
 * therefore it is rewritten in its place and never replaced by another file (whoever waits for the
 * lock of the old one would count in it).
 *
 * The caller may have us killed at any moment, so each write leaves all lines readable: adding is
 * one write behind the others. When lines go, what is to stay is first written once more behind
 * everything, then over the beginning, and then the file is cut. A reader that finds an interface
 * twice believes the last line. Nothing is flushed: no interface outlives the kernel.
 */

#include "helpers/user_nic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/lock.h"

enum { TABLE_SIZE_MAX = 256 << 10 };

static const char table_name[] = "nics";

/* Cut the line into its four fields, or say that it is none. */
static bool split_line(char *line, struct user_nic_line *ret)
{
	const char **const fields[] = {&ret->owner, &ret->type, &ret->bridge, &ret->nic};
	char *at = line;

	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		*fields[i] = at;
		at += strcspn(at, " ");
		if (at == *fields[i] || (*at == '\0') != (i == ARRAY_LENGTH(fields) - 1))
			return false;
		*at++ = '\0';
	}
	return strlen(ret->owner) < USER_NIC_OWNER_MAX && strlen(ret->type) <= USERNET_FIELD_MAX &&
	       strlen(ret->bridge) <= USERNET_FIELD_MAX && user_nic_name_is_valid(ret->nic);
}

static void forget_nic(struct user_nic_table *t, const char *nic)
{
	for (size_t i = t->lines.count; i > 0; i--) {
		if (strcmp(t->lines.items[i - 1].nic, nic) == 0)
			vec_remove(&t->lines, i - 1);
	}
}

int user_nic_table_parse(char *text, size_t size, struct user_nic_table *ret)
{
	struct user_nic_table t = {.fd = -EBADF, .text = text, .size = size, .is_straight = true};
	char *end;

	for (char *line = text; line < text + size; line = end + 1) {
		struct user_nic_line fields, *added;
		size_t before = t.lines.count;

		/* The last one without its end was cut short. */
		end = memchr(line, '\n', (size_t)(text + size - line));
		if (!end) {
			t.is_straight = false;
			break;
		}
		*end = '\0';
		if (strlen(line) != (size_t)(end - line) || !split_line(line, &fields)) {
			t.is_straight = false;
			continue;
		}
		forget_nic(&t, fields.nic);
		added = vec_push(&t.lines);
		if (!added) {
			vec_finish(&t.lines);
			return -ENOMEM;
		}
		*added = fields;
		t.is_straight = t.is_straight && t.lines.count == before + 1;
	}
	*ret = t;
	return 0;
}

/* The directory is root's alone, so nobody has planted anything in it. */
static int open_directory(const char *path, struct err *e)
{
	autoclose int fd = -EBADF;
	struct stat status;

	if (mkdir(path, 0755) == 0 && chmod(path, 0755) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "Failed to make \"%s\"", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "Failed to open the directory \"%s\"",
			       path);
	if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH))) {
		err_set(e, ERR_PERMISSION, EPERM, "\"%s\" can be written by others than root",
			path);
		err_hint(e, "the administrator looks who made it, and removes it");
		return -EPERM;
	}
	return take_fd(fd);
}

static int open_table(int directory, const char *path, struct err *e)
{
	autoclose int fd = lock_open(directory, table_name);
	struct stat status;

	if (fd < 0)
		return err_set(e, ERR_FILE_OPEN, -fd, "Failed to open \"%s/%s\"", path, table_name);
	if (fstat(fd, &status) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "Failed to open \"%s/%s\"", path,
			       table_name);
	if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) || status.st_nlink != 1) {
		err_set(e, ERR_PERMISSION, EPERM, "\"%s/%s\" can be written by others than root",
			path, table_name);
		err_hint(e, "the administrator removes it when no container of an ordinary user "
			    "runs");
		return -EPERM;
	}
	return take_fd(fd);
}

int user_nic_table_open(const char *directory, usec_t deadline, struct user_nic_table *ret,
			struct err *e)
{
	autoclose int directory_fd = open_directory(directory, e);
	autoclose int fd = -EBADF;
	autofree char *text = NULL;
	size_t size;
	int r;

	if (directory_fd < 0)
		return directory_fd;
	fd = open_table(directory_fd, directory, e);
	if (fd < 0)
		return fd;
	r = lock_take(fd, deadline);
	if (r == -EAGAIN) {
		err_set(e, ERR_NO_ANSWER, -r, "\"%s/%s\" is locked", directory, table_name);
		err_hint(e, "another lxc-user-nic does not end; fuser FILE shows it to root");
		return r;
	}
	if (r == 0)
		r = file_read_fd(fd, TABLE_SIZE_MAX, &text, &size);
	if (r == 0)
		r = user_nic_table_parse(text, size, ret);
	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "Failed to read \"%s/%s\"", directory,
			       table_name);
	take_ptr(text);
	ret->fd = take_fd(fd);
	return 0;
}

void user_nic_table_unlock(struct user_nic_table *t)
{
	if (t->fd >= 0)
		close(take_fd(t->fd));
}

void user_nic_table_close(struct user_nic_table *t)
{
	user_nic_table_unlock(t);
	vec_finish(&t->lines);
	vec_finish(&t->gone);
	free(t->text);
	*t = (struct user_nic_table){.fd = -EBADF};
}

int user_nic_table_cull(struct user_nic_table *t, struct netlink *n)
{
	for (size_t i = t->lines.count; i > 0; i--) {
		struct user_nic_line *gone;
		struct link_facts facts;
		int r = link_find(n, t->lines.items[i - 1].nic, 0, &facts);

		if (r < 0 && r != -ENODEV)
			return r;
		if (r == 0)
			continue;
		gone = vec_push(&t->gone);
		if (!gone)
			return -ENOMEM;
		*gone = t->lines.items[i - 1];
		vec_remove(&t->lines, i - 1);
		t->is_straight = false;
	}
	return 0;
}

size_t user_nic_table_count(const struct user_nic_table *t, const char *owner,
			    const struct user_nic_words *words)
{
	size_t count = 0;

	for (size_t i = 0; i < t->lines.count; i++) {
		const struct user_nic_line *line = &t->lines.items[i];

		if (strcmp(line->owner, owner) == 0 && strcmp(line->type, words->type) == 0 &&
		    strcmp(line->bridge, words->bridge) == 0)
			count++;
	}
	return count;
}

const struct user_nic_line *user_nic_table_find(const struct user_nic_table *t, const char *nic)
{
	for (size_t i = 0; i < t->lines.count; i++) {
		if (strcmp(t->lines.items[i].nic, nic) == 0)
			return &t->lines.items[i];
	}
	return NULL;
}

static void print_line(const struct user_nic_line *line, struct str *out)
{
	str_addf(out, "%s %s %s %s\n", line->owner, line->type, line->bridge, line->nic);
}

static int write_at(int fd, const char *bytes, size_t length, size_t at)
{
	while (length > 0) {
		ssize_t done = pwrite(fd, bytes, length, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		bytes += done;
		at += (size_t)done;
		length -= (size_t)done;
	}
	return 0;
}

/* See the head of this file. */
static int rewrite(struct user_nic_table *t, const struct str *lines)
{
	autostr again = {0};
	int r;

	/* An end for a line that was cut short, and no hole between what was there and the copy. */
	for (size_t at = t->size; at <= lines->len; at++)
		str_add_char(&again, '\n');
	str_add_char(&again, '\n');
	str_add_bytes(&again, str_text(lines), lines->len);
	if (str_failed(&again))
		return -ENOMEM;
	r = write_at(t->fd, str_text(&again), again.len, t->size);
	t->size += again.len;
	if (r == 0)
		r = write_at(t->fd, str_text(lines), lines->len, 0);
	if (r == 0 && ftruncate(t->fd, (off_t)lines->len) < 0)
		r = -errno;
	if (r == 0)
		t->size = lines->len;
	return r;
}

int user_nic_table_write(struct user_nic_table *t)
{
	autostr lines = {0};
	int r;

	if (t->is_straight)
		return 0;
	for (size_t i = 0; i < t->lines.count; i++)
		print_line(&t->lines.items[i], &lines);
	if (str_failed(&lines))
		return -ENOMEM;
	r = lines.len ? rewrite(t, &lines) : ftruncate(t->fd, 0) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	t->size = lines.len;
	t->is_straight = true;
	return 0;
}

int user_nic_table_add(struct user_nic_table *t, const struct user_nic_line *line)
{
	autostr text = {0};
	int r = user_nic_table_write(t);

	if (r < 0)
		return r;
	print_line(line, &text);
	if (str_failed(&text))
		return -ENOMEM;
	r = write_at(t->fd, str_text(&text), text.len, t->size);
	/* A part of it would be no line, but the next one would be written behind it. */
	if (r < 0 && ftruncate(t->fd, (off_t)t->size) < 0)
		t->is_straight = false;
	return r;
}

int user_nic_table_withdraw(struct user_nic_table *t)
{
	return ftruncate(t->fd, (off_t)t->size) < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cache of compiled filters. A hit costs no libseccomp: its version is told by the identity of
 * the file that it was loaded from, as stat(2) shows it. The whole text is compared, so the hash
 * in the name need not withstand anybody.
 */

#include "host/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"

#define CACHE_MAGIC "TAREBPF"

enum {
	CACHE_FORMAT = 1, /* raised also when seccomp_filter.c makes other programs of a text */
	CACHE_FILE_MAX = 1 << 20,
	CACHE_NAME = 17,         /* bytes of a name */
	INSTRUCTION = 8,         /* bytes of struct sock_filter */
	INSTRUCTIONS_MAX = 4096, /* BPF_MAXINSNS */
};

/* Which library made a program: its file, and when that was changed last. */
struct library_identity {
	uint64_t device, inode, size;
	int64_t seconds, nanoseconds;
	char path[PATH_MAX];
};

/* Text and program follow. Machines do not exchange such files. */
struct cache_header {
	char magic[8];
	uint32_t format;
	uint32_t text_length;
	uint32_t program_size;
	uint32_t unused;
	uint64_t program_hash; /* against half-written disks, not against people */
	struct library_identity library;
};

static void name_of(const void *text, size_t length, char ret[CACHE_NAME])
{
	snprintf(ret, CACHE_NAME, "%016llx",
		 (unsigned long long)hash_add(HASH_START, text, length));
}

/* True when it belongs to us and nobody else may touch it. */
static bool is_private(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       (st.st_mode & 077) == 0;
}

static int open_directory(const char *directory)
{
	autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!is_private(fd, S_IFDIR))
		return -EPERM;
	return take_fd(fd);
}

static bool identify(const char *path, struct library_identity *ret)
{
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	if (path[0] != '/' || strlen(path) >= sizeof(ret->path) || stat(path, &st) < 0)
		return false;
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	ret->size = (uint64_t)st.st_size;
	ret->seconds = st.st_mtim.tv_sec;
	ret->nanoseconds = st.st_mtim.tv_nsec;
	memcpy(ret->path, path, strlen(path));
	return true;
}

static bool is_same_library(const struct library_identity *stored)
{
	struct library_identity now;

	return memchr(stored->path, '\0', sizeof(stored->path)) && identify(stored->path, &now) &&
	       memcmp(&now, stored, sizeof(now)) == 0;
}

static const void *find_program(const char *bytes, size_t length, const void *text,
				size_t text_length, uint32_t *ret_size)
{
	const struct cache_header *header = (const struct cache_header *)bytes;
	const char *program;

	if (length < sizeof(*header) ||
	    memcmp(header->magic, CACHE_MAGIC, sizeof(header->magic)) != 0 ||
	    header->format != CACHE_FORMAT || header->text_length != text_length ||
	    header->program_size == 0 || header->program_size % INSTRUCTION != 0 ||
	    header->program_size / INSTRUCTION > INSTRUCTIONS_MAX ||
	    length - sizeof(*header) != text_length + header->program_size)
		return NULL;
	program = bytes + sizeof(*header) + text_length;
	if (memcmp(bytes + sizeof(*header), text, text_length) != 0 ||
	    hash_add(HASH_START, program, header->program_size) != header->program_hash ||
	    !is_same_library(&header->library))
		return NULL;
	*ret_size = header->program_size;
	return program;
}

bool seccomp_cache_find(const char *directory, const void *text, size_t length, struct arena *arena,
			const void **ret_program, uint32_t *ret_size)
{
	autoclose int directory_fd = open_directory(directory);
	autoclose int fd = -EBADF;
	autofree char *bytes = NULL;
	char name[CACHE_NAME];
	const void *program;
	size_t file_length;
	uint32_t size;
	void *copy;

	if (directory_fd < 0)
		return false;
	name_of(text, length, name);
	fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !is_private(fd, S_IFREG) ||
	    file_read_fd(fd, CACHE_FILE_MAX, &bytes, &file_length) < 0)
		return false;
	program = find_program(bytes, file_length, text, length, &size);
	copy = program ? arena_alloc(arena, size) : NULL;
	if (!copy)
		return false;
	*ret_program = memcpy(copy, program, size);
	*ret_size = size;
	return true;
}

void seccomp_cache_store(const char *directory, const void *text, size_t length,
			 const char *library, const void *program, uint32_t size)
{
	autoclose int directory_fd = -EBADF;
	autofree struct cache_header *header = calloc(1, sizeof(*header));
	char name[CACHE_NAME];
	autostr bytes = {};

	if (!header || length > CACHE_FILE_MAX / 2 || !identify(library, &header->library))
		return;
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return;
	directory_fd = open_directory(directory);
	if (directory_fd < 0)
		return;
	memcpy(header->magic, CACHE_MAGIC, sizeof(header->magic));
	header->format = CACHE_FORMAT;
	header->text_length = (uint32_t)length;
	header->program_size = size;
	header->program_hash = hash_add(HASH_START, program, size);
	str_add_bytes(&bytes, header, sizeof(*header));
	str_add_bytes(&bytes, text, length);
	str_add_bytes(&bytes, program, size);
	name_of(text, length, name);
	if (!str_failed(&bytes))
		file_replace(directory_fd, name, bytes.data, bytes.len, 0600);
}

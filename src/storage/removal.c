/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Removing trees, in a helper process with container root's ids when we lack root's rights. What
 * the helper says comes back through shared memory.
 */

#include "storage/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macros.h"
#include "child/userns.h"
#include "copy/remove.h"

/* What a removal needs, and says: shared with the helper process. */
struct job {
	char directory[PATH_MAX];
	char name[NAME_MAX + 1];
	const char *const *kept;
	int result;
	struct remove_problem problem;
};

static int do_job(void *argument)
{
	struct job *job = argument;
	autoclose int dirfd = open(job->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		job->result = errno == ENOENT ? 0 : -errno;
	else
		job->result = remove_tree(dirfd, job->name, job->kept, &job->problem);
	return 0;
}

static int split_path(const char *path, struct job *job)
{
	const char *slash = strrchr(path, '/');

	if (!slash || !slash[1] || strlen(slash + 1) > NAME_MAX || strlen(path) >= PATH_MAX ||
	    strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0)
		return -EINVAL;
	memcpy(job->name, slash + 1, strlen(slash + 1) + 1);
	memcpy(job->directory, path, (size_t)(slash - path));
	if (slash == path)
		job->directory[0] = '/';
	return 0;
}

static int explain_job(const struct job *job, const char *path, struct err *e)
{
	const char *below = job->problem.path;
	int r = err_set(e, ERR_STORAGE, -job->result, "cannot remove \"%s%s%s\"", path,
			below[0] ? "/" : "", below);

	if (job->result == -EXDEV || job->result == -EBUSY)
		err_hint(e, "something is mounted there: unmount it first");
	else if (job->result == -EPERM || job->result == -EACCES)
		err_hint(e, "files of container root need root, or the container's lxc.idmap");
	return r;
}

int removal_tree(const struct config_idmaps *maps, const char *path, const char *const *kept,
		 struct err *e)
{
	struct job *job =
		mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct userns_call call = {do_job, job, -EBADF};
	int status = 0;
	int r;

	if (job == MAP_FAILED)
		return err_set(e, ERR_NO_MEMORY, errno, "out of memory");
	job->kept = kept;
	r = split_path(path, job);
	if (r < 0) {
		r = err_set(e, ERR_STORAGE, -r, "\"%s\" can't be removed", path);
	} else if (maps && maps->count > 0 && geteuid() != 0) {
		r = userns_run(maps, &call, &status, e);
		if (r > 0 || (r == 0 && status != 0))
			r = err_set(e, ERR_STORAGE, 0, "the process that removes \"%s\" has died",
				    path);
	} else {
		do_job(job);
	}
	if (r == 0 && job->result < 0)
		r = explain_job(job, path, e);
	munmap(job, sizeof(*job));
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Namespaces to join, lxc.namespace.share.*: a process id, the name of a container, the path of its
 * directory, or of a namespace file. A container is asked for its init over its control socket.
 */

#include "container/gather_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "container/client.h"
#include "container/paths.h"
#include "sys/process.h"

static int set_path(struct gathering *g, enum namespace_kind kind, uint64_t pid, struct err *e)
{
	struct facts_share *share = &g->facts->share[kind];

	share->path = arena_printf(&g->facts->arena, "/proc/%llu/ns/%s", (unsigned long long)pid,
				   namespace_name(kind));
	share->pid = pid;
	/* It is looked at again when the file is open: by then its number may be another's. */
	if (process_start_time((pid_t)pid, &share->start_time) < 0)
		share->start_time = 0;
	return share->path ? 0 : gather_no_memory(e);
}

static int set_problem(struct gathering *g, enum namespace_kind kind, const char *problem,
		       struct err *e)
{
	g->facts->share[kind].problem = problem;
	return problem ? 0 : gather_no_memory(e);
}

static int look_at_container(struct gathering *g, enum namespace_kind kind, const char *lxcpath,
			     const char *name, struct err *e)
{
	struct arena *arena = &g->facts->arena;
	struct client_answer answer = {};
	int64_t pid;
	int r = client_call(lxcpath, name, WIRE_GET_INIT_PID, 0, NULL, 0, WIRE_DEADLINE, &answer,
			    NULL, e);

	if (r == CLIENT_STOPPED)
		return set_problem(g, kind,
				   arena_printf(arena, "Container \"%s\" is not running", name), e);
	if (r < 0)
		return err_wrap(e, r, "Cannot ask the container \"%s\" for its %s namespace", name,
				namespace_name(kind));
	pid = (int32_t)answer.data;
	client_answer_finish(&answer);
	if (r > 0 || pid < 1)
		return set_problem(
			g, kind, arena_printf(arena, "Container \"%s\" has no init process", name),
			e);
	return set_path(g, kind, (uint64_t)pid, e);
}

/* "/var/lib/lxc/c1" or "other/c1": what stands behind the last slash is the name. */
static int look_at_directory(struct gathering *g, enum namespace_kind kind, const char *text,
			     struct err *e)
{
	const char *slash;
	char *lxcpath, *name = arena_strndup(&g->facts->arena, text, path_length(text));

	slash = name ? strrchr(name, '/') : NULL;
	if (!slash)
		return gather_no_memory(e);
	lxcpath = arena_strndup(&g->facts->arena, name, slash == name ? 1 : (size_t)(slash - name));
	if (!lxcpath)
		return gather_no_memory(e);
	return look_at_container(g, kind, lxcpath, slash + 1, e);
}

static int look_at(struct gathering *g, enum namespace_kind kind, const char *text, struct err *e)
{
	struct arena *arena = &g->facts->arena;
	struct stat status;
	uint64_t pid;

	if (text[0] == '/') {
		if (stat(text, &status) < 0)
			return set_problem(g, kind, arena_printf(arena, "%s does not exist", text),
					   e);
		if (S_ISDIR(status.st_mode))
			return look_at_directory(g, kind, text, e);
		g->facts->share[kind].path = text;
		return 0;
	}
	if (num_parse_u64(text, 10, &pid) == 0 && pid >= 1) {
		if (pid > INT32_MAX || (kill((pid_t)pid, 0) < 0 && errno == ESRCH))
			return set_problem(
				g, kind,
				arena_printf(arena,
					     "\"%s\" is not a valid pid nor a container name",
					     text),
				e);
		return set_path(g, kind, pid, e);
	}
	if (strchr(text, '/'))
		return look_at_directory(g, kind, text, e);
	return look_at_container(g, kind, g->request->lxcpath, text, e);
}

int gather_shares(struct gathering *g, struct err *e)
{
	for (unsigned kind = 0; kind < NAMESPACE_COUNT; kind++) {
		const char *text = g->values->namespaces.share[kind];
		int r = text ? look_at(g, (enum namespace_kind)kind, text, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

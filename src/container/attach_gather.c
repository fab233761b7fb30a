/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an attach has to know (runtime.md §20): found in the run record, the supervisor's answers
 * and the host's /proc, before anything of the container is touched (CVE-2015-1334).
 *
 * Not here yet: labels of LSMs. A filter of the container's own monitor (genuine
 * LXC) is not compiled again: a container that has one can then only be entered without an LSM
 * flag.
 */

#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/prctl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/macros.h"
#include "base/names.h"
#include "base/num.h"
#include "container/control.h"
#include "container/init_status.h"
#include "plan/ops.h"
#include "sys/file.h"
#include "sys/process.h"

enum {
	MAP_FILE_MAX = 64 << 10,
};
#define INITIAL_USER_INODE UINT64_C(0xeffffffd)

void attach_init_options(struct lxc_attach_options_t *options)
{
	static const struct lxc_attach_options_t defaults = LXC_ATTACH_OPTIONS_DEFAULT;

	*options = defaults;
}

void attach_init(struct attach *a, struct container *c, struct lxc_attach_options_t *options)
{
	*a = (struct attach){
		.c = c,
		.options = options,
		.pidfd = -EBADF,
		.leaf_fd = -EBADF,
		.terminal_fd = -EBADF,
		.peer_fd = -EBADF,
		.log_fd = -EBADF,
	};
}

void attach_finish(struct attach *a)
{
	const int fds[] = {a->pidfd, a->leaf_fd, a->terminal_fd, a->peer_fd, a->log_fd};

	for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	if (a->has_view)
		runs_view_close(&a->view);
	arena_finish(&a->arena);
}

static int out_of_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for attaching");
}

/* The value of a running item, as long as `a` lives, or NULL. */
static const char *read_item(struct attach *a, const char *key)
{
	char number[RECORD_NUMBER_MAX];
	autostr value = {0};
	const char *recorded;

	if (a->has_view) {
		recorded = record_find_running_item(a->view.record, runs_view_plan(&a->view), key,
						    number);
		if (recorded == number)
			return arena_strdup(&a->arena, number);
		return recorded && *recorded ? recorded : NULL;
	}
	if (container_running_item(a->c, key, &value, NULL) != 0)
		return NULL;
	return arena_strdup(&a->arena, str_text(&value));
}

/* One row of /proc/PID/uid_map that an id is in. */
static uint32_t map_id(pid_t pid, const char *map, uint32_t id, bool outwards)
{
	autofree char *text = NULL;
	const char *at;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, map);
	if (file_read_all(AT_FDCWD, path, MAP_FILE_MAX, &text, NULL) < 0)
		return ID_INVALID;
	for (at = text; *at;) {
		uint64_t n[3];

		for (size_t i = 0; i < ARRAY_LENGTH(n); i++) {
			at += strspn(at, " \t");
			if (num_take_u64(&at, &n[i]) < 0)
				return ID_INVALID;
		}
		if (outwards && id >= n[0] && id - n[0] < n[2])
			return (uint32_t)(id - n[0] + n[1]);
		if (!outwards && id >= n[1] && id - n[1] < n[2])
			return (uint32_t)(id - n[1] + n[0]);
		at += strspn(at, "\n");
	}
	return ID_INVALID;
}

uint32_t attach_map_out(pid_t pid, const char *map, uint32_t inside)
{
	return map_id(pid, map, inside, true);
}

uint32_t attach_map_in(pid_t pid, const char *map, uint32_t outside)
{
	return map_id(pid, map, outside, false);
}

/* Whether init is in another namespace of the kind than we are. 1, 0, or -errno. */
static int has_namespace(pid_t init, enum namespace_kind kind)
{
	const char *name = namespace_name(kind);
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	if (stat(path, &ours) < 0)
		return errno == ENOENT ? 0 : -errno; /* a kernel without this kind */
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)init, name);
	if (stat(path, &theirs) < 0)
		return -errno;
	return theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino;
}

/* The plan that the container was started by, or NULL. */
static const struct plan *recorded_plan(struct attach *a)
{
	return a->has_view ? runs_view_plan(&a->view) : NULL;
}

static int find_namespaces(struct attach *a, struct err *e)
{
	uint32_t wanted = a->options->namespaces == -1 ? ~0U : (uint32_t)a->options->namespaces;
	/* Those that a record says were made are surely not ours: that saves looking. */
	uint32_t known = recorded_plan(a) ? recorded_plan(a)->clone_flags : 0;

	for (unsigned kind = 0; kind < NAMESPACE_COUNT; kind++) {
		uint32_t flag = (uint32_t)namespace_clone_flag(kind);
		int r = known & flag ? 1 : has_namespace(a->init, kind);

		if (r < 0 && process_poll(a->pidfd, 0) != 0)
			return control_not_running(a->c, ECONNREFUSED, e);
		if (r < 0) {
			r = err_set(e, ERR_PERMISSION, -r,
				    "cannot look at the %s namespace of container \"%s\"",
				    namespace_name(kind), a->c->name);
			err_hint(e, "attaching takes root, or the user who started the container");
			return r;
		}
		if (r == 1 && kind == NAMESPACE_USER)
			a->facts.has_user_namespace = true;
		if (r == 1 && (wanted & flag))
			a->namespaces |= flag;
	}
	if (a->options->namespaces == -1)
		a->options->namespaces = (int)a->namespaces;
	return 0;
}

static bool in_initial_user_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/user", &status) == 0 &&
	       (uint64_t)status.st_ino == INITIAL_USER_INODE;
}

static int find_ids(struct attach *a, struct err *e)
{
	struct init_status status;
	int r = init_read_status(a->init, &status);

	if (r == -ESRCH)
		return control_not_running(a->c, ECONNREFUSED, e);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r,
			       "cannot read the status of init of container \"%s\"", a->c->name);
	a->facts.bounding = status.bounding;
	a->facts.caller_is_root = geteuid() == 0 && in_initial_user_namespace();
	a->facts.root_is_mapped = true;
	a->facts.init_uid = status.uid;
	a->facts.init_gid = status.gid;
	a->shares_host_root = true;
	if (!a->facts.has_user_namespace)
		return 0;
	a->facts.root_is_mapped = attach_map_out(a->init, "uid_map", 0) != ID_INVALID;
	a->facts.init_uid = attach_map_in(a->init, "uid_map", status.uid);
	a->facts.init_gid = attach_map_in(a->init, "gid_map", status.gid);
	a->shares_host_root = attach_map_in(a->init, "uid_map", 0) != ID_INVALID;
	return 0;
}

/* The filter that the container's init got. 1: there is no record to say. */
static int take_recorded_filter(struct attach *a)
{
	const struct plan *plan = recorded_plan(a);

	for (uint32_t i = 0; plan && i < plan->sections[SECTION_START].count; i++) {
		const struct plan_step *step = &plan_steps(plan, SECTION_START)[i];

		if (step->op != OP_SECCOMP)
			continue;
		a->facts.seccomp = plan_bytes(plan, step->arg[0]);
		a->facts.seccomp_size = plan_bytes_length(plan, step->arg[0]);
	}
	return plan ? 0 : 1;
}

static int find_filter(struct attach *a, struct err *e)
{
	const char *profile;
	int r;

	if (!(a->options->attach_flags & LXC_ATTACH_LSM))
		return 0;
	if (take_recorded_filter(a) == 0)
		return 0;
	profile = read_item(a, "lxc.seccomp.profile");
	if (!profile)
		profile = read_item(a, "lxc.seccomp");
	if (!profile)
		return 0;
	r = err_set(e, ERR_UNSUPPORTED, ENOSYS,
		    "cannot load the seccomp policy \"%s\" of a container that LXC started",
		    profile);
	err_hint(e, "attach without the LSM flags (lxc-attach --elevated-privileges=LSM) to run "
		    "without the policy");
	return r;
}

/* Of a process or "self"; in the arena, without the end of the line. NULL: there is none. */
static const char *read_label(struct attach *a, const char *process)
{
	static const char *const files[] = {"apparmor/current", "current"};
	const char *found = NULL;

	for (size_t i = 0; !found && i < ARRAY_LENGTH(files); i++) {
		autofree char *text = NULL;
		char path[64];

		snprintf(path, sizeof(path), "/proc/%s/attr/%s", process, files[i]);
		if (file_read_all(AT_FDCWD, path, MAP_FILE_MAX, &text, NULL) < 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (text[0])
			found = arena_strdup(&a->arena, text);
	}
	return found;
}

bool attach_label_confines(const char *of_init, const char *own)
{
	const char *type;

	if (!of_init || !own || strcmp(of_init, own) == 0 || strcmp(of_init, "unconfined") == 0)
		return false;
	/* SELinux: user:role:type, and a level behind it. */
	type = strstr(of_init, ":unconfined_t");
	return !type || (type[13] != '\0' && type[13] != ':');
}

/* No label is set yet: that must not pass for the confinement that was asked for. */
static int refuse_labels(struct attach *a, struct err *e)
{
	const char *label;
	char pid[16];
	int r;

	if (!(a->options->attach_flags & LXC_ATTACH_LSM))
		return 0;
	if (!(a->options->attach_flags & LXC_ATTACH_LSM_LABEL) || !a->options->lsm_label) {
		snprintf(pid, sizeof(pid), "%d", (int)a->init);
		label = read_label(a, pid);
		if (!attach_label_confines(label, read_label(a, "self")))
			return 0;
		r = err_set(e, ERR_UNSUPPORTED, ENOSYS,
			    "cannot run a process under the security label \"%s\" of container "
			    "\"%s\" yet",
			    label, a->c->name);
		err_hint(e, "attach without the LSM flags (lxc-attach "
			    "--elevated-privileges=LSM) to run without the label");
		return r;
	}
	r = err_set(e, ERR_UNSUPPORTED, ENOSYS,
		    "cannot run a process under the security label \"%s\" yet",
		    a->options->lsm_label);
	err_hint(e, "attach without LXC_ATTACH_LSM_LABEL (lxc-attach without --context)");
	return r;
}

static int32_t find_personality(struct attach *a)
{
	const char *word;

	if (!(a->options->attach_flags & LXC_ATTACH_SET_PERSONALITY))
		return -1;
	if (a->options->personality != LXC_ATTACH_DETECT_PERSONALITY)
		return (int32_t)a->options->personality;
	word = read_item(a, "lxc.arch");
	return word ? architecture_parse(word) : -1;
}

/* The caller's directory, as a path to be tried inside. */
static const char *find_directory(struct attach *a)
{
	char path[PATH_MAX];

	if (a->options->initial_cwd && a->options->initial_cwd[0])
		return a->options->initial_cwd;
	if (!getcwd(path, sizeof(path)) || path[0] != '/')
		return "/";
	return arena_strdup(&a->arena, path);
}

static int fill_request(struct attach *a, struct err *e)
{
	const struct lxc_attach_options_t *o = a->options;
	const char *word;

	a->request.name = a->c->name;
	a->request.lxcpath = a->c->lxcpath;
	a->request.config = a->c->config;
	a->request.flags = o->attach_flags;
	a->request.personality = find_personality(a);
	if (a->request.personality < 0)
		a->request.personality = -1;
	a->request.cwd = find_directory(a);
	a->request.uid = o->uid;
	a->request.gid = o->gid;
	if (o->attach_flags & LXC_ATTACH_SETGROUPS) {
		a->request.groups = o->groups.size ? o->groups.list : arena_alloc(&a->arena, 4);
		a->request.group_count = o->groups.size;
	}
	word = read_item(a, "lxc.no_new_privs");
	a->request.no_new_privs = (o->attach_flags & LXC_ATTACH_NO_NEW_PRIVS) ||
				  (word && strcmp(word, "1") == 0);
	return a->request.cwd ? attach_make_environment(a, e) : out_of_memory(e);
}

/* Not allowed to look: the new process is in the user namespace then, and may. */
static bool has_cookie(struct attach *a)
{
	unsigned long cookie = 0;
	const char *word;

	if (syscall(SYS_prctl, PR_SCHED_CORE, PR_SCHED_CORE_GET, a->init,
		    PR_SCHED_CORE_SCOPE_THREAD, &cookie) == 0)
		return cookie != 0;
	if (errno != EPERM && errno != EACCES)
		return false;
	word = read_item(a, "lxc.sched.core");
	return word && strcmp(word, "1") == 0;
}

/* An init with a cookie is the first process of its pid namespace. */
static void find_cookie(struct attach *a)
{
	if (has_cookie(a))
		a->facts.cookie_pid = a->namespaces & CLONE_NEWPID ? 1 : (uint32_t)a->init;
}

/*
 * A process that enters a pid namespace only has its children in it, so the process that clones
 * does this. Without rights on the host it gets those of the container's user namespace with it.
 *
 * Root of a privileged container may look at every process that it sees, and through its root
 * directory at the host (CVE-2016-8649): there a process in between, which is not seen, enters all
 * namespaces, and the new one is born inside.
 */
static void decide_entering(struct attach *a)
{
	uint32_t first = CLONE_NEWPID | (a->facts.caller_is_root ? 0 : CLONE_NEWUSER);

	if (a->shares_host_root && a->namespaces & CLONE_NEWPID)
		first = 0;
	a->at.enter = a->namespaces & first;
	a->facts.namespaces = a->namespaces & ~first;
}

static int find_init(struct attach *a, struct err *e)
{
	a->has_view = control_view(a->c, &a->view) == 0;
	if (a->has_view && atomic_load(&a->view.record->state) != STATE_STARTING &&
	    control_open_recorded(&a->view, &a->pidfd) == 0) {
		a->init = a->view.record->init_pid;
		return 0;
	}
	return control_open_init(a->c, &a->pidfd, &a->init, e);
}

int attach_gather(struct attach *a, struct err *e)
{
	int r = find_init(a, e);

	if (r == 0)
		r = refuse_labels(a, e);
	if (r == 0)
		r = find_namespaces(a, e);
	if (r == 0)
		r = find_ids(a, e);
	if (r == 0)
		r = find_filter(a, e);
	if (r == 0)
		r = fill_request(a, e);
	if (r == 0 && (a->options->attach_flags & LXC_ATTACH_MOVE_TO_CGROUP))
		r = attach_find_cgroups(a, e);
	if (r < 0)
		return r;
	find_cookie(a);
	decide_entering(a);
	if (a->facts.namespaces & CLONE_NEWPID)
		attach_find_crowded(a);
	/* All that was read from /proc is about this process, if it is still there. */
	if (process_poll(a->pidfd, 0) != 0)
		return control_not_running(a->c, ECONNREFUSED, e);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where an attached process goes (cgroup1.md §6): the payload directory of every v1 hierarchy, and
 * on v2 a leaf of its own below it (".lxc", ".lxc-1" …), because the container's init may have made
 * the payload directory one that can't hold processes. The leaf goes with the payload's tree.
 */

#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "container/control.h"
#include "sys/cgroup.h"

enum {
	LEAVES_MAX = 1000,
	LEAF_FILE_MAX = 4096,
	NUMBER_MAX = 32,   /* bytes of a file with one */
	PLACES_NEEDED = 8, /* the process in between, the new one, and some that come meanwhile */
};

static int out_of_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for attaching");
}

static int add_hierarchy(struct attach *a, const char *mount, const char *base,
			 const char *controllers, uint8_t version)
{
	struct facts_hierarchy *h = vec_push_in(&a->facts.hierarchies, &a->arena);

	if (!h)
		return -ENOMEM;
	h->mount = arena_strdup(&a->arena, mount);
	h->base = arena_strdup(&a->arena, base);
	h->controllers = arena_strdup(&a->arena, controllers);
	h->version = version;
	return h->mount && h->base && h->controllers ? 0 : -ENOMEM;
}

/* The supervisor's directory; without memory nobody can be put there. */
static void find_monitor(struct attach *a, const struct plan *plan,
			 const struct record_register *registers)
{
	uint16_t role = plan->roles[ROLE_MONITOR_CGROUP];
	const struct record_register *monitor = &registers[role % PLAN_REGISTERS_MAX];

	if (role < PLAN_REGISTERS_MAX && atomic_load(&monitor->state) == VALUE_SET &&
	    memchr(monitor->name, '\0', sizeof(monitor->name)))
		a->monitor = arena_strdup(&a->arena, monitor->name);
}

/* 0; 1: the run has no cgroups. */
static int find_recorded(struct attach *a, struct run_view *view, struct err *e)
{
	const struct record_header *record = view->record;
	const struct record_register *registers = record_registers((struct record_header *)record);
	const struct plan *plan = runs_view_plan(view);
	uint16_t role = plan ? plan->roles[ROLE_PAYLOAD_CGROUP] : PLAN_NO_REGISTER;
	const struct record_register *payload;

	if (role >= PLAN_REGISTERS_MAX)
		return 1;
	payload = &registers[role];
	if (atomic_load(&payload->state) != VALUE_SET ||
	    !memchr(payload->name, '\0', sizeof(payload->name)) || payload->name[0] == '\0')
		return 1;
	a->facts.payload = arena_strdup(&a->arena, payload->name);
	if (!a->facts.payload)
		return out_of_memory(e);
	find_monitor(a, plan, registers);
	for (uint32_t i = 0; i < plan->hierarchies.count; i++) {
		const struct plan_hierarchy *h = &plan_hierarchies(plan)[i];

		if (add_hierarchy(a, plan_text(plan, h->mount), plan_text(plan, h->base),
				  plan_text(plan, h->controllers), h->version) < 0)
			return out_of_memory(e);
	}
	return 0;
}

/* A payload directory that a genuine monitor has opened: its hierarchy is what stands before the
 * last component of its path. */
static int add_directory(struct attach *a, int fd, struct err *e)
{
	char link[64], path[PATH_MAX];
	struct statfs system;
	const char *name;
	char *slash;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0 || fstatfs(fd, &system) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot look at the container's cgroup");
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || slash == path ||
	    (system.f_type != CGROUP2_SUPER_MAGIC && system.f_type != CGROUP_SUPER_MAGIC))
		return err_set(e, ERR_PROTOCOL, EPROTO,
			       "the supervisor answered with \"%s\" for a cgroup", path);
	*slash = '\0';
	name = slash + 1;
	if (!a->facts.payload)
		a->facts.payload = arena_strdup(&a->arena, name);
	if (!a->facts.payload ||
	    add_hierarchy(a, path, "", "", system.f_type == CGROUP2_SUPER_MAGIC ? 2 : 1) < 0)
		return out_of_memory(e);
	if (strcmp(a->facts.payload, name) == 0)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, ENOSYS,
		       "the container's cgroups have different names: \"%s\" and \"%s\"",
		       a->facts.payload, name);
}

/* 0; 1: it has none. */
static int ask_supervisor(struct attach *a, struct err *e)
{
	static const struct wire_cgroup_context context = {.layout = -1};
	const struct control_request all = {
		.command = WIRE_GET_CGROUP_CTX, .payload = &context, .length = sizeof(context)};
	const struct control_request unified = {.command = WIRE_GET_CGROUP2_FD};
	struct client_answer answer;
	int r = control_call(a->c, &all, &answer, e);

	if (r == CLIENT_UNSUPPORTED)
		r = control_call(a->c, &unified, &answer, e);
	if (r == CLIENT_STOPPED)
		return control_not_running(a->c, ECONNREFUSED, e);
	if (r != 0)
		return r < 0 ? r : 1;
	if (answer.ret < 0 || answer.fd_count == 0)
		r = answer.ret == -EPERM ? control_denied(a->c, e) : 1;
	for (unsigned i = 0; r == 0 && i < answer.fd_count; i++)
		r = add_directory(a, answer.fds[i], e);
	client_answer_finish(&answer);
	return r;
}

/* Whether processes may be born in it: no controllers for children, no threads' subtree. */
static bool takes_processes(int fd)
{
	char text[LEAF_FILE_MAX];

	if (cgroup_read(fd, "cgroup.subtree_control", text, sizeof(text)) != 0)
		return false;
	if (cgroup_read(fd, "cgroup.type", text, sizeof(text)) < 0)
		return true; /* the root of a hierarchy has no such file */
	return strcmp(text, "domain") == 0 || strcmp(text, "domain threaded") == 0;
}

/* One candidate: a descriptor, -EBUSY when it can't hold processes, or -errno; -EAGAIN when even a
 * new one can't. */
static int open_leaf(int payload_fd, const char *name, const struct stat *owner)
{
	autoclose int fd = -EBADF;
	bool made;

	made = mkdirat(payload_fd, name, 0755) == 0;
	if (!made && errno != EEXIST)
		return -errno;
	fd = openat(payload_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!takes_processes(fd)) {
		if (made)
			(void)unlinkat(payload_fd, name, AT_REMOVEDIR);
		return made ? -EAGAIN : -EBUSY;
	}
	/* Whoever owns the container's cgroup may remove it. */
	if (made && (owner->st_uid != geteuid() || owner->st_gid != getegid()))
		(void)fchownat(fd, "", owner->st_uid, owner->st_gid, AT_EMPTY_PATH);
	return take_fd(fd);
}

static bool has_controller(const char *controllers, const char *name)
{
	return text_list_has(controllers, name, strlen(name));
}

/* Whether what enters the container's directory stands still: it is frozen, or will be soon. */
static bool is_frozen(const struct facts_hierarchy *h, const char *payload)
{
	autoclose int fd = -EBADF;
	char text[LEAF_FILE_MAX];

	/* Of a genuine monitor's hierarchies it is not known what they control. */
	if (h->version == 1 && h->controllers[0] && !has_controller(h->controllers, "freezer"))
		return false;
	fd = cgroup_open(h->mount, h->base, payload);
	if (fd < 0)
		return false;
	if (h->version == 1)
		return cgroup_read(fd, "freezer.state", text, sizeof(text)) >= 0 &&
		       !text_starts(text, "THAWED");
	return (cgroup_read(fd, "cgroup.freeze", text, sizeof(text)) >= 0 && text[0] == '1') ||
	       (cgroup_read(fd, "cgroup.events", text, sizeof(text)) >= 0 &&
		strstr(text, "frozen 1"));
}

/*
 * The new process would wait with the others, and whoever attaches for it. A container that is
 * frozen behind this look still makes them wait: a signal ends the caller, and the process that
 * has got there ends when it is thawed, without having executed anything.
 */
static int refuse_frozen(struct attach *a, struct err *e)
{
	int r;

	for (size_t i = 0; i < a->facts.hierarchies.count; i++) {
		if (!is_frozen(&a->facts.hierarchies.items[i], a->facts.payload))
			continue;
		r = err_set(e, ERR_CGROUP_FAILED, EBUSY,
			    "container \"%s\" is frozen: a new process in it would be, too",
			    a->c->name);
		err_hint(e, "thaw it with lxc-unfreeze, or stay out of its cgroup: lxc-attach "
			    "--elevated-privileges=CGROUP");
		return r;
	}
	return 0;
}

static int find_leaf(struct attach *a, const struct facts_hierarchy *h, struct err *e)
{
	autoclose int payload_fd = cgroup_open(h->mount, h->base, a->facts.payload);
	struct stat owner;
	int r = payload_fd < 0 ? payload_fd : -EBUSY;

	if (payload_fd >= 0 && fstat(payload_fd, &owner) < 0)
		r = -errno;
	for (int i = 0; payload_fd >= 0 && r == -EBUSY && i < LEAVES_MAX; i++) {
		char name[32];

		if (i == 0)
			snprintf(name, sizeof(name), ".lxc");
		else
			snprintf(name, sizeof(name), ".lxc-%d", i);
		r = open_leaf(payload_fd, name, &owner);
	}
	/* The root of a threaded tree holds processes, but can't have other children that do. */
	if (r == -EAGAIN)
		r = takes_processes(payload_fd) ? take_fd(payload_fd) : -EBUSY;
	if (r < 0) {
		r = err_set(e, ERR_CGROUP_FAILED, -r,
			    "cannot make a place for a process in the cgroup of container \"%s\"",
			    a->c->name);
		err_object(e, a->facts.payload);
		err_hint(e, "attach without the container's cgroup: "
			    "lxc-attach --elevated-privileges=CGROUP");
		return r;
	}
	a->leaf_fd = r;
	return 0;
}

int attach_find_cgroups(struct attach *a, struct err *e)
{
	int r = a->has_view ? find_recorded(a, &a->view, e) : ask_supervisor(a, e);

	if (r == 1) {
		a->facts.payload = NULL;
		return 0;
	}
	if (r == 0)
		r = refuse_frozen(a, e);
	for (size_t i = 0; r == 0 && i < a->facts.hierarchies.count; i++) {
		if (a->facts.hierarchies.items[i].version == 2)
			r = find_leaf(a, &a->facts.hierarchies.items[i], e);
	}
	return r;
}

/* A number in a file of a directory; UINT64_MAX: there is none ("max", or no such file). */
static uint64_t read_number(int base_fd, const char *directory, const char *name)
{
	char path[PLAN_NAME_MAX + NUMBER_MAX], text[NUMBER_MAX];
	uint64_t number;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (cgroup_read(base_fd, path, text, sizeof(text)) < 0 ||
	    num_parse_u64(text, 10, &number) < 0)
		return UINT64_MAX;
	return number;
}

/* A limit counts for all that is below it. */
static bool is_crowded(const struct facts_hierarchy *h, const char *payload)
{
	autoclose int base_fd = cgroup_open(h->mount, h->base, "");
	char directory[PLAN_NAME_MAX];
	size_t len = strlen(payload);

	if (base_fd < 0 || len >= sizeof(directory))
		return false;
	memcpy(directory, payload, len + 1);
	for (;;) {
		uint64_t limit = read_number(base_fd, directory, "pids.max");
		char *slash = strrchr(directory, '/');

		if (limit != UINT64_MAX &&
		    (limit < PLACES_NEEDED ||
		     read_number(base_fd, directory, "pids.current") > limit - PLACES_NEEDED))
			return true;
		if (strcmp(directory, ".") == 0)
			return false;
		if (slash)
			*slash = '\0';
		else
			memcpy(directory, ".", sizeof("."));
	}
}

void attach_find_crowded(struct attach *a)
{
	for (size_t i = 0; a->facts.payload && i < a->facts.hierarchies.count; i++) {
		struct facts_hierarchy *h = &a->facts.hierarchies.items[i];

		h->is_crowded = h->version == 1 && has_controller(h->controllers, "pids") &&
				is_crowded(h, a->facts.payload);
	}
}

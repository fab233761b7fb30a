/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of the directory where a container's limits are (runtime.md §11, cgroup1.md §5, §8).
 *
 * The run record names the hierarchies and the directory; monitors of genuine LXC are asked for a
 * descriptor (v2) or a path below the hierarchy that the host has (v1). On a host without v1's
 * device controller, devices.* are rules of the device program: the supervisor changes them, and
 * publishes them in the record, where devices.list comes from.
 */

#include "container/control.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/macros.h"
#include "config/device_rule.h"
#include "container/cgroup_item.h"
#include "container/gather.h"
#include "plan/ops.h"
#include "sys/cgroup.h"
#include "sys/file.h"

#define LOG_CATEGORY "cgroup"
#include "base/log.h"

enum {
	CGROUP_FILE_MAX = 4 << 20,
	VIEW_TRIES = 100,
};

/* "cgroup.procs" and its kin are in every hierarchy. */
static bool has_controller(const char *list, const char *word)
{
	return strcmp(word, "cgroup") == 0 || strcmp(word, "tasks") == 0 ||
	       text_list_has(list, word, strlen(word));
}

/* 0; 1: no such hierarchy; -errno. */
static int open_recorded(struct run_view *view, const char *controller, enum limit_version version,
			 struct limit_directory *ret)
{
	const struct record_header *record = view->record;
	const struct record_register *registers = record_registers((struct record_header *)record);
	const struct plan *plan = runs_view_plan(view);
	const struct record_register *limit;
	uint16_t role = plan ? plan->roles[ROLE_LIMIT_CGROUP] : PLAN_NO_REGISTER;

	if (role >= PLAN_REGISTERS_MAX)
		return 1;
	limit = &registers[role];
	if (atomic_load(&limit->state) != VALUE_SET ||
	    !memchr(limit->name, '\0', sizeof(limit->name)) || limit->name[0] == '\0')
		return 1;
	for (uint32_t i = 0; i < plan->hierarchies.count; i++) {
		const struct plan_hierarchy *h = &plan_hierarchies(plan)[i];
		int fd;

		if (h->version != version ||
		    (version == LIMIT_V1 &&
		     !has_controller(plan_text(plan, h->controllers), controller)))
			continue;
		fd = cgroup_open(plan_text(plan, h->mount), plan_text(plan, h->base), limit->name);
		if (fd < 0)
			return fd;
		*ret = (struct limit_directory){fd, version == LIMIT_V2};
		return 0;
	}
	return 1;
}

static bool is_cgroup(int fd, long magic)
{
	struct statfs s;

	return fstatfs(fd, &s) == 0 && s.f_type == magic;
}

/* A genuine monitor's limit directory of the unified hierarchy. */
static int ask_v2(const struct container *c, struct limit_directory *ret, struct err *e)
{
	const struct control_request q = {.command = WIRE_GET_LIMIT_CGROUP2_FD};
	struct client_answer answer;
	int r = control_call(c, &q, &answer, e);

	if (r == CLIENT_STOPPED)
		return control_not_running(c, ESRCH, e);
	if (r != 0)
		return r < 0 ? r : 1;
	if (answer.ret < 0 || answer.fd_count == 0) {
		client_answer_finish(&answer);
		return answer.ret == -EPERM ? control_denied(c, e) : 1;
	}
	if (!is_cgroup(answer.fds[0], CGROUP2_SUPER_MAGIC)) {
		client_answer_finish(&answer);
		return err_set(e, ERR_PROTOCOL, EPROTO,
			       "container \"%s\" answered with something else than its cgroup",
			       c->name);
	}
	*ret = (struct limit_directory){answer.fds[0], true};
	answer.fd_count = 0;
	client_answer_finish(&answer);
	return 0;
}

/* A genuine monitor's path below the hierarchy of a controller; 1: it has none. */
static int ask_path(const struct container *c, const char *controller, struct str *out,
		    struct err *e)
{
	static const int commands[] = {WIRE_GET_LIMIT_CGROUP, WIRE_GET_CGROUP};

	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
		const struct control_request q = {.command = commands[i],
						  .payload = controller,
						  .length = strlen(controller) + 1};
		struct client_answer answer;
		int r = control_call(c, &q, &answer, e);

		if (r == CLIENT_STOPPED)
			return control_not_running(c, ESRCH, e);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		r = answer.ret < 0 || answer.payload.len == 0 ||
		    answer.payload.data[answer.payload.len - 1] != '\0';
		if (r == 0)
			str_add(out, answer.payload.data);
		client_answer_finish(&answer);
		return answer.ret == -EPERM ? control_denied(c, e) : r;
	}
	return 1;
}

static int ask_v1(const struct container *c, const char *controller, struct limit_directory *ret,
		  struct err *e)
{
	struct facts_cgroup layout = {0};
	struct arena arena = {0};
	autostr path = {0};
	int r = ask_path(c, controller, &path, e);

	if (r != 0)
		return r;
	r = gather_cgroup(false, &arena, &layout, e);
	for (size_t i = 0; r == 0 && i < layout.hierarchies.count; i++) {
		const struct facts_hierarchy *h = &layout.hierarchies.items[i];
		int fd;

		if (h->version != 1 || !has_controller(h->controllers, controller))
			continue;
		fd = cgroup_open(h->mount, "", str_text(&path) + strspn(str_text(&path), "/"));
		arena_finish(&arena);
		if (fd < 0)
			return err_set(e, ERR_CGROUP_FAILED, -fd,
				       "cannot open the \"%s\" cgroup of container \"%s\"",
				       controller, c->name);
		*ret = (struct limit_directory){fd, false};
		return 0;
	}
	arena_finish(&arena);
	return r < 0 ? r : 1;
}

int control_open_limits(const struct container *c, const char *controller,
			enum limit_version version, struct limit_directory *ret, struct err *e)
{
	struct run_view view;
	int r;

	if (control_view(c, &view) != 0)
		return version == LIMIT_V2 ? ask_v2(c, ret, e) : ask_v1(c, controller, ret, e);
	r = open_recorded(&view, controller, version, ret);
	runs_view_close(&view);
	if (r < 0)
		return err_set(e, ERR_CGROUP_FAILED, -r,
			       "cannot open the \"%s\" cgroup of container \"%s\"", controller,
			       c->name);
	return r;
}

/* Files by controller, for cgroup_item.h. The explanation of a refusal is kept. */
struct limit_files {
	const struct container *c;
	struct err *e;
	bool explained;
};

static int open_for(struct limit_files *f, enum limit_version version, const char *file, int flags)
{
	struct limit_directory at;
	char controller[64];
	size_t len = strcspn(file, ".");
	int fd, r;

	if (len >= sizeof(controller))
		return -ENOENT;
	memcpy(controller, file, len);
	controller[len] = '\0';
	r = control_open_limits(f->c, controller, version, &at, f->e);
	if (r < 0) {
		f->explained = true;
		return r == -ENOENT ? -EIO : r;
	}
	if (r == 1)
		return -ENOENT;
	fd = openat(at.dir_fd, file, flags | O_CLOEXEC | O_NOFOLLOW);
	r = fd < 0 ? -errno : fd;
	close(at.dir_fd);
	return r;
}

static int read_limit(void *context, enum limit_version version, const char *file, struct str *out)
{
	autoclose int fd = open_for(context, version, file, O_RDONLY);
	autofree char *text = NULL;
	size_t len;
	int r = fd < 0 ? fd : file_read_fd(fd, CGROUP_FILE_MAX, &text, &len);

	if (r == 0)
		str_add_bytes(out, text, len);
	return r;
}

static int write_limit(void *context, enum limit_version version, const char *file,
		       const char *value)
{
	autoclose int fd = open_for(context, version, file, O_WRONLY);

	return fd < 0 ? fd : file_write_fd(fd, value, strlen(value));
}

/*
 * What was set by a name whose translation rounds (cgroup_item.h) is an attribute of the directory
 * (cgroup v2 has them since Linux 5.7), and ends with it.
 */
static int open_noted(struct limit_files *f, const char *file, char path[static 64],
		      char name[static 64], int *ret_fd)
{
	struct limit_directory at;
	int r = control_open_limits(f->c, "cgroup", LIMIT_V2, &at, NULL);

	if (r != 0)
		return r < 0 ? r : -ENOENT;
	*ret_fd = at.dir_fd;
	snprintf(path, 64, "/proc/self/fd/%d", at.dir_fd);
	r = snprintf(name, 64, "user.tare.%s", file);
	return r < 64 ? 0 : -ENAMETOOLONG;
}

static void note_limit(void *context, const char *file, const char *value)
{
	autoclose int fd = -EBADF;
	char path[64], name[64];

	if (open_noted(context, file, path, name, &fd) < 0 ||
	    setxattr(path, name, value, strlen(value), 0) < 0)
		log_debug("\"%s\" will be read as its counterpart says", file);
}

/* The last line of an item of the configuration that runs. */
static int configured_limit(const struct container *c, const char *file, struct str *out)
{
	char number[RECORD_NUMBER_MAX];
	struct run_view view;
	autostr key = {0};
	const char *value, *last;

	str_addf(&key, "lxc.cgroup.%s", file);
	if (str_failed(&key) || control_view(c, &view) != 0)
		return -ENOENT;
	value = record_find_running_item(view.record, runs_view_plan(&view), str_text(&key),
					 number);
	if (value) {
		size_t len = strlen(value);

		len -= len > 0 && value[len - 1] == '\n';
		for (last = value + len; last > value && last[-1] != '\n'; last--)
			;
		str_add_bytes(out, last, len - (size_t)(last - value));
	}
	runs_view_close(&view);
	return value ? 0 : -ENOENT;
}

static int noted_limit(void *context, unsigned at, const char *file, struct str *out)
{
	struct limit_files *f = context;
	autoclose int fd = -EBADF;
	char path[64], name[64], value[64];
	ssize_t n;
	int r;

	if (at > 0)
		return configured_limit(f->c, file, out);
	r = open_noted(f, file, path, name, &fd);
	if (r < 0)
		return r;
	n = getxattr(path, name, value, sizeof(value));
	if (n < 0)
		return -errno;
	str_add_bytes(out, value, (size_t)n);
	return 0;
}

/* Why there is nothing of a name: whether its controller is missing, or only such a file. */
static void explain_missing(const struct container *c, const char *file, struct err *e)
{
	struct limit_directory at = {.dir_fd = -EBADF};
	char controller[64];
	size_t len = strcspn(file, ".");
	autofree char *enabled = NULL;
	size_t size;

	if (e->id != ERR_CONFIG_NO_COUNTERPART || e->frames[0].hint || len >= sizeof(controller))
		return;
	memcpy(controller, file, len);
	controller[len] = '\0';
	if (control_open_limits(c, controller, LIMIT_V1, &at, NULL) == 0) {
		close(at.dir_fd);
		err_hint(e, "cgroup v1 manages \"%s\" on this host, and knows no such file",
			 controller);
		return;
	}
	if (control_open_limits(c, controller, LIMIT_V2, &at, NULL) == 0) {
		autoclose int fd = openat(at.dir_fd, "cgroup.controllers", O_RDONLY | O_CLOEXEC);

		close(at.dir_fd);
		if (fd >= 0 && file_read_fd(fd, CGROUP_FILE_MAX, &enabled, &size) == 0)
			err_hint(e, "the controllers that reach the container are: %.*s",
				 (int)strcspn(enabled, "\n"), *enabled == '\n' ? "none" : enabled);
		return;
	}
	err_hint(e, "no cgroup hierarchy of the container has the controller \"%s\"", controller);
}

/* Names with a slash would leave the directory. */
static int check_file(const char *file, struct err *e)
{
	int r;

	if (*file && !strchr(file, '/') && strcmp(file, ".") != 0 && strcmp(file, "..") != 0)
		return 0;
	r = err_set(e, ERR_USAGE, ENOENT, "\"%s\" is not the name of a cgroup file", file);
	err_hint(e, "give the file's name alone, as in \"memory.max\"");
	return r;
}

/* A rule for the supervisor's device program. */
static int send_rule(const struct container *c, const struct device_rule *rule, struct err *e)
{
	struct wire_device device = {
		.type = rule->type,
		.major = (int32_t)rule->major,
		.minor = (int32_t)rule->minor,
		.allow = rule->allow,
	};
	const struct control_request q = {.command = WIRE_ADD_BPF_DEVICE_CGROUP,
					  .payload = &device,
					  .length = sizeof(device)};
	struct client_answer answer;
	size_t n = 0;
	int r;

	if (rule->access & DEVICE_READ)
		device.access[n++] = 'r';
	if (rule->access & DEVICE_WRITE)
		device.access[n++] = 'w';
	if (rule->access & DEVICE_MKNOD)
		device.access[n++] = 'm';
	r = control_call(c, &q, &answer, e);
	if (r == CLIENT_STOPPED)
		return control_not_running(c, ESRCH, e);
	if (r == CLIENT_UNSUPPORTED)
		return err_set(e, ERR_UNSUPPORTED, ENOSYS,
			       "the supervisor of container \"%s\" can't change device rules",
			       c->name);
	if (r < 0)
		return r;
	client_answer_finish(&answer);
	if (answer.ret >= 0)
		return 0;
	r = err_set(e, ERR_CGROUP_FAILED, answer.ret == -1 ? EPERM : -answer.ret,
		    "the supervisor of container \"%s\" refuses the device rule", c->name);
	err_hint(e, "device rules need a container that root started, and its cgroup on v2");
	return r;
}

/* "c 1:3 rwm" or "/dev/null rw", as the configuration has it. */
static int parse_rule(const char *file, const char *value, struct device_rule *ret, struct err *e)
{
	struct stat status;
	char path[256];
	int r = device_rule_parse(file, value, ret, e);

	if (r < 0 || ret->type)
		return r;
	if (ret->path_length >= sizeof(path))
		return err_set(e, ERR_DEVICE_RULE, ENAMETOOLONG,
			       "the path of a device is too long");
	memcpy(path, ret->path, ret->path_length);
	path[ret->path_length] = '\0';
	r = stat(path, &status) < 0 ? -errno : device_rule_resolve(ret, &status);
	if (r < 0) {
		r = err_set(e, ERR_DEVICE_RULE, -r, "cannot use \"%s\" in a device rule", path);
		err_hint(e, "name a device node that exists on the host");
	}
	return r;
}

static int set_devices(struct limit_files *f, const char *file, const char *value)
{
	struct device_rule rule;
	autostr text = {0};
	int r = parse_rule(file, value, &rule, f->e);

	if (r < 0)
		return r;
	rule.allow = strcmp(file, "devices.allow") == 0;
	device_rule_print(&rule, &text);
	if (str_failed(&text))
		return err_set(f->e, ERR_NO_MEMORY, ENOMEM, "no memory for a device rule");
	r = write_limit(f, LIMIT_V1, file, rule.type == 'a' ? "a" : str_text(&text));
	if (r == -ENOENT)
		return send_rule(f->c, &rule, f->e);
	if (r < 0 && !f->explained)
		return err_set(f->e, ERR_CGROUP_FAILED, -r, "cannot write \"%s\"", file);
	return r;
}

static void print_device(const struct plan_device *d, struct str *out)
{
	const struct device_rule rule = {
		.type = (char)d->type, .access = d->access, .major = d->major, .minor = d->minor};

	device_rule_print(&rule, out);
	str_add_char(out, '\n');
}

static void print_devices(const struct plan_devices *devices, size_t length, struct str *out)
{
	if (length < sizeof(*devices) || devices->allow_by_default) {
		str_add(out, "a *:* rwm\n"); /* v1 doesn't show what is forbidden either */
		return;
	}
	for (uint32_t i = 0;
	     i < devices->count && sizeof(*devices) + (i + 1) * sizeof(devices->rows[0]) <= length;
	     i++)
		print_device(&devices->rows[i], out);
}

/*
 * The list that the supervisor has published, as it was at one moment, on the heap. 1: there is
 * none. -EAGAIN: it is being written, or lies behind what was mapped.
 */
static int copy_published(const struct run_view *view, char **ret, size_t *ret_length)
{
	const struct record_header *record = view->record;
	uint32_t before = atomic_load_explicit(&record->device_sequence, memory_order_acquire);
	const struct record_part part = record->devices;
	autofree char *copy = NULL;

	if (part.size == 0 && before % 2 == 0)
		return 1;
	if (part.offset % 8 || part.offset > view->size || part.size > view->size - part.offset)
		return -EAGAIN;
	copy = malloc(part.size + 1U);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, (const char *)record + part.offset, part.size);
	atomic_thread_fence(memory_order_acquire);
	if (before % 2 != 0 ||
	    atomic_load_explicit(&record->device_sequence, memory_order_relaxed) != before)
		return -EAGAIN;
	*ret = take_ptr(copy);
	*ret_length = part.size;
	return 0;
}

/* Those of the plan, or what became of them. 1: nothing is known of them. */
static int print_view(struct run_view *view, struct str *out)
{
	const struct plan *plan = runs_view_plan(view);
	autofree char *published = NULL;
	size_t length = 0;
	int r = copy_published(view, &published, &length);

	if (r < 0)
		return r;
	if (r == 0)
		print_devices((const struct plan_devices *)(void *)published, length, out);
	else if (plan)
		print_devices(plan_bytes(plan, plan->devices),
			      plan_bytes_length(plan, plan->devices), out);
	return r == 1 && !plan ? 1 : 0;
}

/* -EAGAIN: the supervisor died while it wrote. */
static int print_known_devices(const struct container *c, struct str *out)
{
	struct run_view view;
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < VIEW_TRIES; i++) {
		if (control_view(c, &view) != 0)
			return 1;
		r = print_view(&view, out);
		runs_view_close(&view);
	}
	return r;
}

static int get_devices(struct limit_files *f, const char *file, struct str *out)
{
	int r = read_limit(f, LIMIT_V1, file, out);

	if (r == -ENOENT)
		r = print_known_devices(f->c, out);
	if (r == 1) {
		r = err_set(f->e, ERR_UNSUPPORTED, ENOENT,
			    "the device rules of container \"%s\" are not known", f->c->name);
		err_hint(f->e, "LXC's monitor applies them as a program and doesn't tell them");
		return r;
	}
	if (r < 0 && !f->explained)
		return err_set(f->e, ERR_CGROUP_FAILED, -r, "cannot read \"%s\"", file);
	return r;
}

/* -ESRCH when nothing runs: asked first, so that it is no matter of which file is wanted. */
static int check_running(const struct container *c, struct err *e)
{
	enum container_state state;
	int r = control_read_state(c, 0, &state, e);

	if (r < 0)
		return r;
	return state == STATE_STOPPED ? control_not_running(c, ESRCH, e) : 0;
}

int container_get_cgroup_item(struct container *c, const char *file, struct str *out, struct err *e)
{
	struct limit_files f = {.c = c};
	const struct cgroup_files files = {read_limit, write_limit, note_limit, noted_limit, &f};
	struct err problem = {0}, refused = {0};
	int r = check_file(file, e);

	if (r == 0)
		r = check_running(c, e);
	if (r < 0)
		return r;
	f.e = &refused;
	if (strcmp(file, "devices.list") == 0) {
		r = get_devices(&f, file, out);
		problem = refused;
	} else {
		r = cgroup_item_get(&files, file, out, &problem);
		explain_missing(c, file, &problem);
	}
	if (r < 0 && e)
		*e = f.explained ? refused : problem;
	return r;
}

/* Whether it is the freezer that is written, which the supervisor must hear of. */
static bool is_freezer(const char *file, const char *value, bool *ret_freezes)
{
	bool is_v1 = strcmp(file, "freezer.state") == 0;

	if (!is_v1 && strcmp(file, "cgroup.freeze") != 0)
		return false;
	*ret_freezes = strcmp(value, is_v1 ? "FROZEN" : "1") == 0;
	return *ret_freezes || strcmp(value, is_v1 ? "THAWED" : "0") == 0;
}

int container_set_cgroup_item(struct container *c, const char *file, const char *value,
			      struct err *e)
{
	struct limit_files f = {.c = c};
	const struct cgroup_files files = {read_limit, write_limit, note_limit, noted_limit, &f};
	struct err problem = {0}, refused = {0};
	bool freezes;
	int r = check_file(file, e);

	if (r == 0)
		r = check_running(c, e);
	if (r < 0)
		return r;
	if (is_freezer(file, value, &freezes))
		return freezes ? container_freeze(c, e) : container_unfreeze(c, e);
	f.e = &refused;
	if (strcmp(file, "devices.allow") == 0 || strcmp(file, "devices.deny") == 0) {
		r = set_devices(&f, file, value);
		problem = refused;
	} else {
		r = cgroup_item_set(&files, file, value, &problem);
		explain_missing(c, file, &problem);
	}
	if (r < 0 && e)
		*e = f.explained ? refused : problem;
	return r;
}

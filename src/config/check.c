/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks across keys but for the network (check_net.c). One function a subject; a check reads the
 * model and says what is wrong, in LXC's own words where LXC has them at the start.
 */

#include "config/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "config/cgroup_translate.h"
#include "config/device_rule.h"
#include "config/mount_entry.h"
#include "config/reader.h"
#include "config/seccomp_policy.h"
#include "sys/file.h"

void config_checker_report(struct config_checker *checker, enum config_severity severity,
			   struct origin origin, struct err *e)
{
	char place[PATH_MAX];

	if (origin.source)
		err_origin(e, "%s", config_origin(checker->config, origin, place, sizeof(place)));
	if (severity == CONFIG_ERROR)
		checker->errors++;
	if (checker->report)
		checker->report(checker->context, severity, e);
	err_clear(e);
}

/* The origin of a key outside lxc.net.<i>, by its name in the table. */
static struct origin key_origin(const struct config_checker *checker, const char *name)
{
	const struct config_key *key = config_key_find(name, strlen(name));

	return key ? checker->config->origins[config_key_row(key)] : (struct origin){};
}

static bool creates_namespace(const struct config_values *v, enum namespace_kind kind)
{
	uint32_t bit = 1U << kind;

	if (v->namespaces.share[kind])
		return false;
	if (v->namespaces.clone)
		return v->namespaces.clone & bit;
	return !(v->namespaces.keep & bit);
}

/* The line that decided that a namespace is not created. */
static struct origin namespace_origin(const struct config_checker *checker,
				      enum namespace_kind kind)
{
	const struct config_values *v = &checker->config->values;

	if (v->namespaces.share[kind])
		return v->namespaces.share_origin[kind];
	return key_origin(checker,
			  v->namespaces.clone ? "lxc.namespace.clone" : "lxc.namespace.keep");
}

static void check_namespaces(struct config_checker *checker)
{
	const struct config_values *v = &checker->config->values;
	struct err e;

	if (v->sched_core && !creates_namespace(v, NAMESPACE_PID)) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"Core scheduling currently requires a separate pid namespace");
		config_checker_report(checker, CONFIG_ERROR, key_origin(checker, "lxc.sched.core"),
				      &e);
	}
	if ((v->boot_offset.count || v->monotonic_offset.count) &&
	    !creates_namespace(v, NAMESPACE_TIME)) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"A clock offset needs a time namespace of the container's own");
		config_checker_report(checker, CONFIG_ERROR,
				      namespace_origin(checker, NAMESPACE_TIME), &e);
	}
	if (v->uts_name && !creates_namespace(v, NAMESPACE_UTS)) {
		err_set(&e, ERR_CONFIG_IGNORED, 0,
			"lxc.uts.name has no effect: the container has no uts namespace of "
			"its own");
		config_checker_report(checker, CONFIG_WARNING, key_origin(checker, "lxc.uts.name"),
				      &e);
	}
	if (v->nets.count > 0 && !creates_namespace(v, NAMESPACE_NET)) {
		err_set(&e, ERR_CONFIG_IGNORED, 0,
			"Network interfaces have no effect: the container has no network namespace "
			"of its own");
		config_checker_report(checker, CONFIG_WARNING,
				      namespace_origin(checker, NAMESPACE_NET), &e);
	}
	for (int kind = 0; kind < NAMESPACE_COUNT; kind++) {
		if (!v->namespaces.share[kind] || !(v->namespaces.clone & (1U << kind)))
			continue;
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"The %s namespace is both to be created and to be shared",
			namespace_name((enum namespace_kind)kind));
		config_checker_report(checker, CONFIG_ERROR, v->namespaces.share_origin[kind], &e);
	}
}

struct idmap_context {
	struct config_checker *checker;
	const struct idmap_entry *entries;
};

static void report_idmap(void *data, const struct idmap_finding *finding)
{
	struct idmap_context *context = data;
	const struct config *c = context->checker->config;
	enum config_severity severity = CONFIG_ERROR;
	autostr text = {};
	struct err e;

	idmap_finding_print(finding, context->entries, &text);
	err_set(&e, ERR_ID_MAP, 0, "%s", str_text(&text));
	if (finding->problem == IDMAP_WITHOUT_GROUPS || finding->problem == IDMAP_WITHOUT_USERS)
		severity = CONFIG_WARNING;
	config_checker_report(context->checker, severity,
			      c->values.idmaps.items[finding->second].origin, &e);
}

static void check_init_id(struct config_checker *checker, char kind, uint32_t id, const char *key)
{
	struct host_id host;
	struct err e;

	if (config_host_id(&checker->config->values.idmaps, kind, (struct container_id){id},
			   &host) == 0)
		return;
	err_set(&e, ERR_ID_MAP, 0, "%s %u of init is in no lxc.idmap entry",
		kind == 'u' ? "User id" : "Group id", (unsigned)id);
	err_hint(&e, "map it, or set %s to an id that is mapped", key);
	config_checker_report(checker, CONFIG_ERROR, key_origin(checker, "lxc.idmap"), &e);
}

static void check_idmaps(struct config_checker *checker)
{
	const struct config_values *v = &checker->config->values;
	size_t count = v->idmaps.count;
	autofree struct idmap_entry *entries = calloc(count + 1, sizeof(*entries));
	struct idmap_context context = {.checker = checker, .entries = entries};
	struct err e;

	if (count == 0)
		return;
	if (!entries) {
		err_set(&e, ERR_NO_MEMORY, ENOMEM, "out of memory while checking the id map");
		config_checker_report(checker, CONFIG_ERROR, (struct origin){}, &e);
		return;
	}
	for (size_t i = 0; i < count; i++)
		entries[i] = v->idmaps.items[i].entry;
	idmap_check(entries, count, report_idmap, &context);
	if (!creates_namespace(v, NAMESPACE_USER)) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"lxc.idmap needs a user namespace of the container's own");
		config_checker_report(checker, CONFIG_ERROR,
				      namespace_origin(checker, NAMESPACE_USER), &e);
	}
	check_init_id(checker, 'u', v->init.uid, "lxc.init.uid");
	check_init_id(checker, 'g', v->init.gid, "lxc.init.gid");
}

static void check_cgroup_dirs(struct config_checker *checker)
{
	const struct config_values *v = &checker->config->values;
	struct err e;

	if (!v->cgroup.container != !v->cgroup.monitor) {
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0,
			"lxc.cgroup.dir.payload and lxc.cgroup.dir.monitor must both be set");
		err_hint(&e, "lxc.cgroup.dir.container is the key that this message calls payload");
		config_checker_report(checker, CONFIG_ERROR,
				      key_origin(checker, v->cgroup.container
								  ? "lxc.cgroup.dir.container"
								  : "lxc.cgroup.dir.monitor"),
				      &e);
	}
	if (v->cgroup.dir && (v->cgroup.container || v->cgroup.monitor)) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"lxc.cgroup.dir conflicts with lxc.cgroup.dir.payload/monitor");
		config_checker_report(checker, CONFIG_ERROR, key_origin(checker, "lxc.cgroup.dir"),
				      &e);
	}
	if (v->cgroup.container_inner && !v->cgroup.container) {
		err_set(&e, ERR_CONFIG_IGNORED, 0,
			"lxc.cgroup.dir.container.inner has no effect without "
			"lxc.cgroup.dir.container");
		config_checker_report(checker, CONFIG_WARNING,
				      key_origin(checker, "lxc.cgroup.dir.container.inner"), &e);
	}
}

/* Values that no version of cgroups would take. What v2 lacks is told line by line when loading. */
static void check_cgroup_values(struct config_checker *checker)
{
	const struct config_items *items = &checker->config->values.cgroup.v1;
	autofree struct cgroup_setting *settings = calloc(items->count + 1, sizeof(*settings));
	struct cgroup_translation_list list = {};
	struct arena arena = {};

	for (size_t i = 0; settings && i < items->count; i++)
		settings[i] = (struct cgroup_setting){items->items[i].name, items->items[i].text};
	if (!settings || cgroup_translate(settings, items->count, &arena, &list) < 0)
		list.count = 0;
	for (size_t i = 0; i < list.count; i++) {
		const struct cgroup_translation *t = &list.items[i];
		const struct config_item *item = &items->items[t->setting];
		struct err e;

		if (t->exactness != CGROUP_INVALID)
			continue;
		err_set(&e, ERR_CONFIG_VALUE_INVALID, 0, "lxc.cgroup.%s = %s cannot be set%s%s",
			item->name, item->text, t->note ? ": " : "", t->note ? t->note : "");
		config_checker_report(checker, CONFIG_ERROR, item->origin, &e);
	}
	arena_finish(&arena);
}

static void check_device_rules(struct config_checker *checker, const struct config_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct config_item *item = &items->items[i];
		struct device_rule rule;
		struct err e = {};

		if (strcmp(item->name, "devices.allow") != 0 &&
		    strcmp(item->name, "devices.deny") != 0)
			continue;
		if (device_rule_parse(item->name, item->text, &rule, &e) < 0)
			config_checker_report(checker, CONFIG_ERROR, item->origin, &e);
	}
}

static void check_prlimits(struct config_checker *checker)
{
	const struct config_items *limits = &checker->config->values.prlimits;

	for (size_t i = 0; i < limits->count; i++) {
		struct err e;

		if (rlimit_parse(limits->items[i].name) >= 0)
			continue;
		err_set(&e, ERR_CONFIG_KEY_UNKNOWN, 0, "Unknown resource %s",
			limits->items[i].name);
		err_hint(&e, "lxc.prlimit takes the names of setrlimit(2) in lower case without "
			     "RLIMIT_, such as nofile");
		config_checker_report(checker, CONFIG_ERROR, limits->items[i].origin, &e);
	}
}

/*
 * LXC skips an entry whose target is an absolute path outside the root. A path with a component
 * "rootfs" may be the container's own below the lxcpath, which is not known here.
 */
static bool is_outside_root(const char *root, const char *target)
{
	const char *below = text_after(target, root);

	if (target[0] != '/' || (below && (*below == '/' || *below == '\0')))
		return false;
	return !strstr(target, "/rootfs/") && !text_ends(target, "/rootfs");
}

/* `place` is the fstab file the entry comes from; NULL: the key at `origin`. */
static void report_mount_entry(struct config_checker *checker, enum config_severity severity,
			       const struct mount_entry *entry, struct origin origin,
			       const char *place, struct err *e)
{
	if (place)
		err_origin(e, "%s:%u", place, entry->line);
	config_checker_report(checker, severity, origin, e);
}

static void check_mount_entry(struct config_checker *checker, const struct mount_entry *entry,
			      struct origin origin, const char *place)
{
	const struct config_values *v = &checker->config->values;
	enum config_severity severity;
	unsigned next = 0;
	struct err e = {};
	int problem;

	if (v->rootfs.path && is_outside_root(v->rootfs.path, entry->target)) {
		err_set(&e, ERR_CONFIG_IGNORED, 0, "Ignoring mount point \"%s\"", entry->target);
		err_hint(&e, "write the target without the slash before it: it is a path below the "
			     "container's root");
		report_mount_entry(checker, CONFIG_WARNING, entry, origin, place, &e);
		return;
	}
	while ((problem = mount_entry_check(entry, &next, &e)) > 0) {
		severity = problem == MOUNT_ENTRY_BROKEN && !entry->options.optional
				   ? CONFIG_ERROR
				   : CONFIG_WARNING;
		report_mount_entry(checker, severity, entry, origin, place, &e);
	}
	if (entry->options.idmap == MOUNT_IDMAP_CONTAINER && v->idmaps.count == 0) {
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0,
			"The mount on \"%s\" is to be id-mapped like the container, which has no "
			"lxc.idmap",
			entry->target);
		report_mount_entry(checker, CONFIG_ERROR, entry, origin, place, &e);
	}
}

static void check_mounts(struct config_checker *checker)
{
	const struct config_items *entries = &checker->config->values.mount.entries;
	struct arena arena = {};

	for (size_t i = 0; i < entries->count; i++) {
		const struct config_item *item = &entries->items[i];
		struct mount_entry entry;
		struct err e = {};
		int r = mount_entry_parse(item->text, &arena, &entry, &e);

		if (r < 0)
			config_checker_report(checker, CONFIG_ERROR, item->origin, &e);
		else if (r == 0)
			check_mount_entry(checker, &entry, item->origin, NULL);
	}
	arena_finish(&arena);
}

static void check_rootfs(struct config_checker *checker)
{
	const struct config_values *v = &checker->config->values;
	struct origin origin = key_origin(checker, "lxc.rootfs.options");
	struct mount_options options = {};
	struct arena arena = {};
	struct err e;

	if (!v->rootfs_mount.options)
		return;
	if (!v->rootfs.path) {
		err_set(&e, ERR_CONFIG_IGNORED, 0,
			"lxc.rootfs.options has no effect without lxc.rootfs.path");
		config_checker_report(checker, CONFIG_WARNING, origin, &e);
	}
	if (mount_options_parse_rootfs(v->rootfs_mount.options, &arena, &options, &e) < 0)
		config_checker_report(checker, CONFIG_ERROR, origin, &e);
	if (options.idmap == MOUNT_IDMAP_CONTAINER && v->idmaps.count == 0) {
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0,
			"lxc.rootfs.options idmap=container needs lxc.idmap");
		config_checker_report(checker, CONFIG_ERROR, origin, &e);
	}
	if (options.idmap != MOUNT_IDMAP_NONE && v->rootfs.type == ROOTFS_OVERLAY) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"A root file system of the type overlay can't be id-mapped");
		config_checker_report(checker, CONFIG_ERROR, origin, &e);
	}
	arena_finish(&arena);
}

static void check_dependents(struct config_checker *checker)
{
	const struct config_values *v = &checker->config->values;
	const struct {
		const char *key;
		const char *needs;
		bool is_set, is_useful;
	} dependents[] = {
		{"lxc.console.rotate", "lxc.console.logfile", v->console.rotate,
		 v->console.logfile},
		{"lxc.console.size", "lxc.console.logfile", v->console.size, v->console.logfile},
		{"lxc.seccomp.notify.proxy", "lxc.seccomp.profile", v->seccomp.proxy,
		 v->seccomp.profile},
		{"lxc.seccomp.notify.cookie", "lxc.seccomp.notify.proxy", v->seccomp.cookie,
		 v->seccomp.proxy},
		{"lxc.selinux.context.keyring", "lxc.selinux.context", v->selinux.keyring_context,
		 v->selinux.context},
		{"lxc.apparmor.raw", "lxc.apparmor.profile = generated", v->apparmor.raw.count,
		 v->apparmor.profile && strcmp(v->apparmor.profile, "generated") == 0},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(dependents); i++) {
		struct err e;

		if (!dependents[i].is_set || dependents[i].is_useful)
			continue;
		err_set(&e, ERR_CONFIG_IGNORED, 0, "%s has no effect without %s", dependents[i].key,
			dependents[i].needs);
		config_checker_report(checker, CONFIG_WARNING,
				      key_origin(checker, dependents[i].key), &e);
	}
}

/* The text of a file that a key names; a file that can't be read is a problem of that key. */
static char *read_named_file(struct config_checker *checker, const char *key, const char *path,
			     size_t *ret_len)
{
	char *text = NULL;
	struct err e;
	int r;

	if (!path)
		return NULL;
	r = file_read_all(AT_FDCWD, path, CONFIG_FILE_SIZE_MAX, &text, ret_len);
	if (r < 0) {
		err_set(&e, ERR_FILE_READ, -r, "Failed to read \"%s\", which %s names", path, key);
		config_checker_report(checker, CONFIG_ERROR, key_origin(checker, key), &e);
		return NULL;
	}
	return text;
}

static void check_seccomp_file(struct config_checker *checker)
{
	const char *path = checker->config->values.seccomp.profile;
	size_t len;
	autofree char *text = read_named_file(checker, "lxc.seccomp.profile", path, &len);
	struct seccomp_policy policy;
	struct arena arena = {};
	struct err e = {};

	if (text && seccomp_policy_parse(path, text, len, &arena, &policy, &e) < 0)
		config_checker_report(checker, CONFIG_ERROR, (struct origin){}, &e);
	arena_finish(&arena);
}

static void check_fstab_file(struct config_checker *checker)
{
	const char *path = checker->config->values.mount.fstab;
	size_t len;
	autofree char *text = read_named_file(checker, "lxc.mount.fstab", path, &len);
	struct mount_entry_list list = {};
	struct arena arena = {};
	struct err e = {};

	if (text && fstab_parse(path, text, len, &arena, &list, &e) < 0)
		config_checker_report(checker, CONFIG_ERROR, (struct origin){}, &e);
	else
		for (size_t i = 0; i < list.count; i++)
			check_mount_entry(checker, &list.items[i], (struct origin){}, path);
	arena_finish(&arena);
}

unsigned config_check(const struct config *c, unsigned flags, config_report_fn report,
		      void *context)
{
	struct config_checker checker = {.config = c, .report = report, .context = context};

	check_rootfs(&checker);
	check_namespaces(&checker);
	check_idmaps(&checker);
	check_cgroup_dirs(&checker);
	check_cgroup_values(&checker);
	check_device_rules(&checker, &c->values.cgroup.v1);
	check_device_rules(&checker, &c->values.cgroup.v2);
	check_prlimits(&checker);
	check_mounts(&checker);
	check_dependents(&checker);
	config_check_nets(&checker);
	if (flags & CONFIG_CHECK_FILES) {
		check_seccomp_file(&checker);
		check_fstab_file(&checker);
	}
	return checker.errors;
}

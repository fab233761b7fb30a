/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Golden tests of the compiler: configuration and facts → plan.
 *
 *	plan-golden FOLDER            the tests: one TAP point for each NAME.conf of the folder
 *	plan-golden --bless FOLDER    write the golden files anew: read the diff!
 *	plan-golden --json FOLDER NAME    print one plan as JSON
 *
 * To add a case: write NAME.conf, perhaps NAME.facts, run with --bless, read NAME.plan. That file
 * holds the plan as it is printed, or the error chain. Lines of NAME.facts are listed below.
 */

/*
 * NAME.facts holds what differs from the defaults, one "key = value" per line (blanks around the
 * sign; # begins a comment line; yes and no; "none" is NULL). The default is root on a hybrid host
 * whose kernel has everything; the root file system of the configuration is a directory on ext4,
 * sources of mounts are directories, links exist (those of veths are bridges), mtu 1500. lxc.mount.
 * fstab is read from the folder by its last component. A seccomp profile is one instruction.
 *
 *	kind = start | execute | prelude | attach | restore
 *	argv = WORD                      once for each word
 *	name, lxcpath, config_file, application, foreground, needs_scope, pid_file,
 *	listen_fds, log_level                        members of struct plan_request
 *	directory = PATH                 of the checkpoint
 *	caller = root | user | nested    then caller.uid, caller.gid, caller.is_root,
 *		caller.in_initial_user_ns, newuidmap, newgidmap
 *	cgroup = hybrid | legacy | unified | none     then, behind it:
 *	cgroup.base = DIRECTORY          in every hierarchy: none is at its root
 *	cgroup.is_inside = yes | no      the starter is in the root of version 2
 *	hierarchy = VERSION MOUNT BASE CONTROLLERS [OPTIONS]   one more; "-" = empty word
 *	cgroup.layout = -1 | 0 | 1 | 2   none, legacy, hybrid, unified
 *	cgroup.has_namespace, cgroup.has_cgroup2, cgroup.pattern, cgroup.missing
 *	kernel.has_time_namespace, kernel.has_idmapped_mounts, kernel.has_clone_into_cgroup,
 *	kernel.has_core_sched, kernel.has_sysrq,
 *	kernel.capabilities (mask)
 *	rootfs.type, rootfs.path, rootfs.is_there, rootfs.error, rootfs.mount_is_there,
 *	rootfs.fstype, rootfs.host_is_initial, rootfs.problem, rootfs.advice
 *	source = tree (default) | mount | loop | network; source.device, .fstype, .option (once for
 *	each), .upper, .work, .partition, .is_long, .is_read_only, .has_trusted_marks,
 *.has_user_marks mount.N.is_directory, mount.N.fstype    N from 0: fstab first, then
 *lxc.mount.entry net.N.link_is_there, net.N.link_is_bridge, net.N.link_mtu, net.N.ipv4_auto,
 *net.N.ipv6_auto net.N.link_filters_vlans, net.N.link_pvid, net.N.ipv4_forwarding,
 *net.N.ipv6_forwarding, net.N.ipv6_proxy_ndp, net.N.ipv6_all_forwarding net.N.phys = NAME INDEX MTU
 *[MAC [ALIAS [PHY [OTHER-NAME...]]]]   "-" for none device.v2.N = c 10:229 | error ERRNO    N:
 *index of the item; device.v1.N share.KIND = PATH                share.KIND.problem = TEXT seccomp
 *= COUNT | none           instructions; then seccomp.has_notify, seccomp.flags stdin_is_tty,
 *stdout_is_tty, stderr_is_tty, apparmor_enabled, selinux_enabled attach.namespaces = mnt pid …
 *attach.environment = NAME=VALUE, attach.group = GID (repeat) attach.flags, attach.personality,
 *attach.cwd, attach.uid, attach.gid, attach.has_terminal, attach.terminal_streams,
 *attach.no_new_privs, attach.has_user_namespace, attach.caller_is_root, attach.bounding,
 *attach.root_is_mapped, attach.init_uid, attach.init_gid, attach.cookie_pid, attach.payload,
 *attach.seccomp = COUNT attach.crowded = HIERARCHY       by its name; version 1
 *
 * Besides the golden text: each plan passes plan_check(), is the same when compiled again, keeps to
 * plan_contract.h, and prints as JSON.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/macros.h"
#include "plan/compile.h"
#include "plan/print.h"
#include "plan_contract.h"
#include "plan_facts.h"
#include "sys/file.h"
#include "text_diff.h"

enum { GOLDEN_SIZE_MAX = 1 << 20 };

static char *read_beside(const char *name, const char *suffix)
{
	autostr path = {};
	char *text = NULL;

	str_addf(&path, "%s%s", name, suffix);
	file_read_all(AT_FDCWD, str_text(&path), GOLDEN_SIZE_MAX, &text, NULL);
	return text;
}

static int is_configuration(const struct dirent *entry)
{
	return text_ends(entry->d_name, ".conf");
}

/* For hardware addresses with `x` in them. */
static int same_random(void *buf, size_t len)
{
	memset(buf, 0x5a, len);
	return 0;
}

static int compile(const struct plan_case *c, const struct config *config, struct str *plan,
		   struct err *e)
{
	switch ((enum plan_case_kind)c->kind) {
	case CASE_PRELUDE:
		return plan_compile_prelude(&c->request, config, plan, e);
	case CASE_ATTACH:
		return plan_compile_attach(&c->attach, &c->attach_facts, plan, e);
	case CASE_RESTORE:
		return plan_compile_restore(&c->request, config, &c->facts, c->directory, plan, e);
	case CASE_START:
	case CASE_EXECUTE:
	default:
		return plan_compile(&c->request, config, &c->facts, plan, e);
	}
}

static void check_plan(const struct plan_case *c, const struct config *config,
		       const struct str *plan, struct str *breaches)
{
	const char *problem = plan_check(plan->data, plan->len);
	autostr again = {}, out = {};
	struct json j;

	if (problem) {
		str_addf(breaches, "plan_check: %s\n", problem);
		return;
	}
	if (compile(c, config, &again, NULL) < 0 || again.len != plan->len ||
	    memcmp(again.data, plan->data, again.len) != 0)
		str_add(breaches, "compiled again it is another plan\n");
	plan_contract_registers((const struct plan *)plan->data,
				c->kind == CASE_ATTACH ? ATTACH_REGISTER_COUNT : 0, breaches);
	json_init(&j, &out, 0);
	plan_print_json((const struct plan *)plan->data, &j);
	json_finish(&j);
}

/* The configuration, the facts and the plan of a case; `plan` is empty when e is set. */
static void load_and_compile(const char *name, struct str *plan, struct str *breaches,
			     struct err *e)
{
	const struct config_effects effects = {.random = same_random};
	autofree char *facts = read_beside(name, ".facts");
	autostr path = {};
	struct config config;
	struct plan_case c = {};

	str_addf(&path, "%s.conf", name);
	if (config_init(&config, &effects) < 0)
		abort();
	/* Golden files must not depend on where this build is to be installed. */
	if (config.values.rootfs_mount.mount)
		config.values.rootfs_mount.mount = "/usr/lib/lxc/rootfs";
	if (config_load(&config, str_text(&path), e) == 0 &&
	    plan_case_read(&c, &config, name, facts, e) == 0 && compile(&c, &config, plan, e) == 0)
		check_plan(&c, &config, plan, breaches);
	plan_case_finish(&c);
	config_finish(&config);
}

/* What the golden file holds. Also a bad plan is printed, to show what is bad about it. */
static void describe(const char *name, struct str *out, struct str *breaches)
{
	autostr plan = {};
	struct err e = {};

	load_and_compile(name, &plan, breaches, &e);
	if (err_is_set(&e)) {
		str_addf(out, "no plan: %s\n", err_name(e.id));
		err_render_text(&e, out);
		str_add_char(out, '\n');
	} else if (plan.len > 0) {
		plan_print_text((const struct plan *)plan.data, out);
	}
}

static void print_breaches(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("# ! %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static bool test(size_t number, const char *name)
{
	autofree char *expected = read_beside(name, ".plan");
	autostr got = {}, breaches = {};
	bool good;

	describe(name, &got, &breaches);
	good = expected && strcmp(expected, str_text(&got)) == 0 && breaches.len == 0;
	printf("%s %zu - %s\n", good ? "ok" : "not ok", number, name);
	if (!expected)
		printf("# there is no %s.plan\n", name);
	else if (strcmp(expected, str_text(&got)) != 0)
		text_diff_print(expected, str_text(&got));
	print_breaches(str_text(&breaches));
	return good;
}

static bool bless(const char *name)
{
	autofree char *expected = read_beside(name, ".plan");
	autostr got = {}, path = {}, breaches = {};

	describe(name, &got, &breaches);
	if (breaches.len > 0)
		printf("%s:\n%s", name, str_text(&breaches));
	if (expected && strcmp(expected, str_text(&got)) == 0)
		return true;
	str_addf(&path, "%s.plan", name);
	if (file_replace(AT_FDCWD, str_text(&path), str_text(&got), got.len, 0644) < 0) {
		perror(str_text(&path));
		return false;
	}
	printf("%s\n", str_text(&path));
	return true;
}

static int print_json(const char *name)
{
	autostr plan = {}, breaches = {}, out = {};
	struct err e = {};
	struct json j;

	load_and_compile(name, &plan, &breaches, &e);
	json_init(&j, &out, 2);
	if (err_is_set(&e) || breaches.len > 0)
		err_add_json(&e, &j);
	else
		plan_print_json((const struct plan *)plan.data, &j);
	json_finish(&j);
	printf("%s\n", str_text(&out));
	return err_is_set(&e) || breaches.len > 0;
}

static int for_all(bool blesses)
{
	struct dirent **entries;
	int count = scandir(".", &entries, is_configuration, alphasort);
	bool good = count > 0;

	if (count < 0) {
		perror("plan-golden");
		return 2;
	}
	if (!blesses)
		printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - LITERAL_LENGTH(".conf")] = '\0';
		if (!(blesses ? bless(name) : test((size_t)i + 1, name)))
			good = false;
		free(entries[i]);
	}
	free(entries);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";
	const char *folder = argc == 2 ? argv[1] : argc > 2 ? argv[2] : "";

	if (chdir(folder) < 0) {
		fprintf(stderr, "usage: plan-golden [--bless] FOLDER\n"
				"       plan-golden --json FOLDER NAME\n");
		return 2;
	}
	/* For lines that take a variable from the environment. */
	setenv("GOLDEN_FRUIT", "apple", 1);
	unsetenv("GOLDEN_NOTHING");
	if (argc == 2 || (argc == 3 && strcmp(mode, "--bless") == 0))
		return for_all(argc == 3);
	if (argc == 4 && strcmp(mode, "--json") == 0)
		return print_json(argv[3]);
	fprintf(stderr, "plan-golden: unknown arguments\n");
	return 2;
}

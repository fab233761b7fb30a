/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules: what is taken and refused, and what lists of rules amount to, with the lists that
 * Proxmox VE and Incus write.
 */

#include "config/device_rule.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "base/macros.h"

#define ALLOW "lxc.cgroup2.devices.allow"
#define DENY  "lxc.cgroup2.devices.deny"

static void assert_prints(const char *value, const char *printed)
{
	struct device_rule rule;
	autostr out = {0};

	assert_int_equal(device_rule_parse(ALLOW, value, &rule, NULL), 0);
	assert_true(rule.allow);
	device_rule_print(&rule, &out);
	assert_string_equal(str_text(&out), printed);
}

static void assert_refused(const char *key, const char *value)
{
	struct device_rule rule = {.type = 'x'};
	char message[256];
	struct err e = {0};

	snprintf(message, sizeof(message), "Failed to parse device rule %s=%s", key, value);
	assert_int_equal(device_rule_parse(key, value, &rule, &e), -EINVAL);
	assert_string_equal(err_cause(&e), message);
	assert_int_equal(e.id, ERR_DEVICE_RULE);
	assert_int_equal(rule.type, 'x');
}

static bool number_matches(int64_t pattern, uint32_t number)
{
	return pattern == DEVICE_ANY || pattern == (int64_t)number;
}

/* What the rules mean: whether all of `access` to a device is allowed. */
static bool is_permitted(const struct device_rules *rules, char type, uint32_t major_number,
			 uint32_t minor_number, uint8_t access)
{
	uint8_t left = access;

	if (!rules->is_set)
		return true;
	for (size_t i = 0; i < rules->exceptions.count; i++) {
		const struct device_exception *exception = &rules->exceptions.items[i];

		if (exception->type == type && number_matches(exception->major, major_number) &&
		    number_matches(exception->minor, minor_number))
			left &= (uint8_t)~exception->access;
	}
	return rules->allow_by_default ? left == access : left == 0;
}

/* What devices.list shows on v1: one line per exception when all else is forbidden, only `a *:*
 * rwm` when the default is to allow (the kernel doesn't show what it forbids then). */
static void print_list(const struct device_rules *rules, struct str *out)
{
	if (!rules->is_set || rules->allow_by_default) {
		str_add(out, "a *:* rwm\n");
		return;
	}
	for (size_t i = 0; i < rules->exceptions.count; i++) {
		const struct device_exception *exception = &rules->exceptions.items[i];
		const struct device_rule rule = {
			.type = exception->type,
			.major = exception->major,
			.minor = exception->minor,
			.access = exception->access,
		};

		device_rule_print(&rule, out);
		str_add_char(out, '\n');
	}
}

/* Apply lines of "+value" (allow) and "-value" (deny) and compare devices.list. */
static void assert_list(struct device_rules *rules, const char *const *lines, const char *printed)
{
	autostr out = {0};

	for (size_t i = 0; lines[i]; i++) {
		struct device_rule rule;

		assert_int_equal(device_rule_parse(*lines[i] == '+' ? ALLOW : DENY, lines[i] + 1,
						   &rule, NULL),
				 0);
		assert_int_equal(device_rules_apply(rules, &rule), 0);
	}
	print_list(rules, &out);
	assert_string_equal(str_text(&out), printed);
}

static void rules_are_printed_in_the_form_of_devices_list(void **state)
{
	(void)state;
	assert_prints("a", "a *:* rwm");
	assert_prints("a *:* rwm", "a *:* rwm");
	assert_prints("c 1:3 rwm", "c 1:3 rwm");
	assert_prints("b *:* m", "b *:* m");
	assert_prints("c 136:* rw", "c 136:* rw");
	assert_prints("c *:7 r", "c *:7 r");
	assert_prints("c 4294967295:0 r", "c 4294967295:0 r");
	assert_prints("c 1:3 rrr", "c 1:3 r");
	assert_prints("/dev/null wr", "/dev/null rw");
	assert_prints("/dev/net/tun rwm and more", "/dev/net/tun rwm");
}

static void ans_07_access_letters_in_any_order(void **state)
{
	(void)state;
	assert_prints("a *:* rmw", "a *:* rwm");
	assert_prints("c 1:3 mwr", "c 1:3 rwm");
}

static void bad_rules_are_refused_in_lxcs_words(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"aa",
		"c",
		"c 1:3",
		"c 1:3 ",
		"c 1:3 x",
		"c 1:3 rwmr",
		"c 1:3 rw x",
		"c  1:3 rwm",
		"c 1:3  rwm",
		"c 1 rwm",
		"c 1: rwm",
		"c :3 rwm",
		"c -1:3 rwm",
		"c 0x1:3 r",
		"c 4294967296:0 r",
		"d 1:3 r",
		" c 1:3 r",
		"c\t1:3 r",
		"/dev/ rw",
		"/dev/null",
		"/dev/null x",
		"/dev/null  r",
		"/dev/null rwx",
		"/tmp/x rw",
		"a ",
		"c **:3 r",
		"zz",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_refused("devices.allow", bad[i]);
	assert_refused("lxc.cgroup2.devices.deny", "c 1:3");
	assert_refused("devices.list", "c 1:3 r");
}

static void path_rules_are_completed_by_stat(void **state)
{
	struct stat status = {.st_mode = S_IFCHR | 0666, .st_rdev = makedev(10, 200)};
	struct device_rules rules = {0};
	struct device_rule rule;
	autostr out = {0};

	(void)state;
	assert_int_equal(device_rule_parse(DENY, "/dev/net/tun rw ignored", &rule, NULL), 0);
	assert_false(rule.allow);
	assert_int_equal(rule.path_length, strlen("/dev/net/tun"));
	assert_int_equal(device_rules_apply(&rules, &rule), -EINVAL);
	assert_false(rules.is_set);

	assert_int_equal(device_rule_resolve(&rule, &status), 0);
	device_rule_print(&rule, &out);
	assert_string_equal(str_text(&out), "c 10:200 rw");
	status.st_mode = S_IFBLK;
	assert_int_equal(device_rule_resolve(&rule, &status), 0);
	assert_int_equal(rule.type, 'b');
	status.st_mode = S_IFREG;
	assert_int_equal(device_rule_resolve(&rule, &status), -ENODEV);
	assert_int_equal(device_rules_apply(&rules, &rule), 0);
	device_rules_finish(&rules);
}

static void no_rule_restricts_nothing(void **state)
{
	struct device_rules rules = {0};

	(void)state;
	assert_list(&rules, (const char *const[]){NULL}, "a *:* rwm\n");
	assert_true(is_permitted(&rules, 'b', 8, 0, DEVICE_ALL));
}

static void deny_all_alone_blocks_everything(void **state)
{
	struct device_rules rules = {0};

	(void)state;
	assert_list(&rules, (const char *const[]){"-a", NULL}, "");
	assert_true(rules.is_set);
	assert_false(is_permitted(&rules, 'c', 1, 3, DEVICE_READ));
}

static void pve_64_deny_after_allow_takes_only_its_access(void **state)
{
	struct device_rules rules = {0};

	(void)state;
	assert_list(&rules, (const char *const[]){"+c 226:128 rw", "-c 226:128 w", NULL},
		    "c 226:128 r\n");
	assert_true(is_permitted(&rules, 'c', 226, 128, DEVICE_READ));
	assert_false(is_permitted(&rules, 'c', 226, 128, DEVICE_WRITE));
	assert_false(is_permitted(&rules, 'c', 226, 128, DEVICE_READ | DEVICE_WRITE));
	device_rules_finish(&rules);
}

static void inc_25_privileged_default_rules(void **state)
{
	struct device_rules rules = {0};

	(void)state;
	assert_list(&rules,
		    (const char *const[]){"-a", "+b *:* m", "+c *:* m", "+c 136:* rwm",
					  "+c 1:3 rwm", "+c 1:5 rwm", "+c 1:7 rwm", "+c 1:8 rwm",
					  "+c 1:9 rwm", "+c 5:0 rwm", "+c 5:1 rwm", "+c 5:2 rwm",
					  "+c 10:229 rwm", "+c 10:200 rwm", "+c 10:249 rwm", NULL},
		    "b *:* m\nc *:* m\nc 136:* rwm\nc 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\n"
		    "c 1:9 rwm\nc 5:0 rwm\nc 5:1 rwm\nc 5:2 rwm\nc 10:229 rwm\nc 10:200 rwm\n"
		    "c 10:249 rwm\n");
	assert_true(is_permitted(&rules, 'c', 136, 7, DEVICE_ALL));
	assert_true(is_permitted(&rules, 'b', 8, 0, DEVICE_MKNOD));
	assert_false(is_permitted(&rules, 'b', 8, 0, DEVICE_READ));
	assert_false(is_permitted(&rules, 'b', 136, 7, DEVICE_ALL));
	device_rules_finish(&rules);
}

static void access_of_the_same_device_merges(void **state)
{
	struct device_rules rules = {0};

	(void)state;
	assert_list(&rules,
		    (const char *const[]){"+c 1:3 rw", "+b 7:0 r", "+c 1:3 m", "-b 7:0 r", NULL},
		    "c 1:3 rwm\n");
	assert_list(&rules, (const char *const[]){"-c 1:3 w", NULL}, "c 1:3 rm\n");
	/* seen again with the other verdict: switched off and on */
	assert_list(&rules, (const char *const[]){"-c 1:3 rm", NULL}, "");
	assert_list(&rules, (const char *const[]){"+c 1:3 rm", NULL}, "c 1:3 rm\n");
	device_rules_finish(&rules);
}

static void rules_along_the_default_cut_no_holes(void **state)
{
	struct device_rules rules = {0};

	(void)state;
	assert_list(&rules, (const char *const[]){"-a", "+c *:* rwm", "-c 1:3 rwm", NULL},
		    "c *:* rwm\n");
	assert_true(is_permitted(&rules, 'c', 1, 3, DEVICE_ALL));
	device_rules_finish(&rules);
}

static void allow_all_forgets_and_then_denies(void **state)
{
	struct device_rules rules = {0};

	(void)state;
	assert_list(&rules, (const char *const[]){"+c 1:3 r", "+a", "-b 8:* w", "+c 1:5 rwm", NULL},
		    "a *:* rwm\n");
	assert_int_equal(rules.exceptions.count, 1);
	assert_true(is_permitted(&rules, 'b', 8, 1, DEVICE_READ));
	assert_false(is_permitted(&rules, 'b', 8, 1, DEVICE_READ | DEVICE_WRITE));
	assert_true(is_permitted(&rules, 'c', 8, 1, DEVICE_ALL));
	assert_list(&rules, (const char *const[]){"-a *:* rwm", NULL}, "");
	device_rules_finish(&rules);
}

static void type_a_with_numbers_means_both_kinds(void **state)
{
	struct device_rules rules = {0};

	(void)state;
	assert_list(&rules, (const char *const[]){"+a 1:3 r", NULL}, "b 1:3 r\nc 1:3 r\n");
	device_rules_finish(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_printed_in_the_form_of_devices_list),
		cmocka_unit_test(ans_07_access_letters_in_any_order),
		cmocka_unit_test(bad_rules_are_refused_in_lxcs_words),
		cmocka_unit_test(path_rules_are_completed_by_stat),
		cmocka_unit_test(no_rule_restricts_nothing),
		cmocka_unit_test(deny_all_alone_blocks_everything),
		cmocka_unit_test(pve_64_deny_after_allow_takes_only_its_access),
		cmocka_unit_test(inc_25_privileged_default_rules),
		cmocka_unit_test(access_of_the_same_device_merges),
		cmocka_unit_test(rules_along_the_default_cut_no_holes),
		cmocka_unit_test(allow_all_forgets_and_then_denies),
		cmocka_unit_test(type_a_with_numbers_means_both_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that runs out: a whole life of a configuration, in which one allocation after the other
 * fails, alone or together with all behind it. What succeeds in spite of that must have done all
 * of its work; what fails says -ENOMEM; nothing leaks (the sanitizers look).
 *
 * The linker wraps malloc(3) and its family for the code under test (meson.build).
 */

#include <fcntl.h>
#include <sys/stat.h>

#include "config/access.h"
#include "config/check.h"
#include "config/config_fixture.h"
#include "config/rewrite.h"
#include "config/update.h"
#include "sys/file.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

enum failing {
	ONE_FAILS,
	ALL_FAIL_FROM_THERE,
	ARENA_FAILS, /* one block of an arena: the only callers of calloc(3) that matter */
};

/* Bytes that are taken from an arena first, so that its blocks end at other places. */
static size_t padding;

static struct {
	enum failing mode;
	bool armed;
	unsigned left; /* allocations that work before one fails */
	bool has_failed;
} memory;

static bool is_out(bool is_arena)
{
	if (!memory.armed || (memory.mode == ARENA_FAILS && !is_arena))
		return false;
	if (memory.left > 0) {
		memory.left--;
		return false;
	}
	if (memory.mode != ALL_FAIL_FROM_THERE)
		memory.armed = false;
	memory.has_failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return is_out(false) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_out(true) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_out(false) ? NULL : __real_realloc(old, size);
}

char *__wrap_strndup(const char *text, size_t len)
{
	size_t used = strnlen(text, len);
	char *copy = __wrap_malloc(used + 1);

	if (copy) {
		memcpy(copy, text, used);
		copy[used] = '\0';
	}
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

/* Runs a life to its end, or to the first -ENOMEM; what it made goes to `out`. */
typedef int (*life_fn)(struct str *out);

static int attempt(life_fn life, enum failing mode, unsigned left, struct str *out)
{
	int r;

	memory.mode = mode;
	memory.left = left;
	memory.has_failed = false;
	memory.armed = true;
	r = life(out);
	memory.armed = false;
	return r;
}

/* Each allocation of a mode fails once. */
static unsigned sweep(life_fn life, enum failing mode, const char *expected)
{
	unsigned n = 0;

	do {
		autostr got = {};
		int r = attempt(life, mode, n++, &got);

		if (r == 0 && str_failed(&got))
			r = -ENOMEM; /* the last piece of out itself */
		if (r != 0 && r != -ENOMEM)
			print_message("# allocation %u failed\n", n);
		assert_true(r == 0 || r == -ENOMEM);
		if (r == 0 && strcmp(str_text(&got), expected) != 0)
			print_message("# allocation %u failed silently\n", n);
		if (r == 0)
			assert_string_equal(str_text(&got), expected);
	} while (memory.has_failed);
	return n;
}

static void assert_survives(life_fn life)
{
	enum { PADDING_STEP = 16, PADDING_MAX = 4096 };
	autostr expected = {};

	padding = 0;
	memory.has_failed = false;
	assert_int_equal(life(&expected), 0);
	assert_false(str_failed(&expected));
	assert_true(sweep(life, ONE_FAILS, str_text(&expected)) > 10);
	assert_true(sweep(life, ALL_FAIL_FROM_THERE, str_text(&expected)) > 10);
	for (; padding < PADDING_MAX; padding += PADDING_STEP)
		sweep(life, ARENA_FAILS, str_text(&expected));
}

enum { ERRORS_IN_RICH = 4 }; /* what the check says of it when memory is there */

static const char rich[] =
	"# head\n"
	"lxc.uts.name = a\n"
	"lxc.rootfs.backend = lvm\n"
	"lxc.rootfs = /dev/vg/a\n"
	"lxc.rootfs.options = ro,idmap=/ns/x,subvol=y\n"
	"lxc.idmap = u 0 100000 65536\n"
	"lxc.idmap = g 0 100000 65536\n"
	"lxc.cap.drop = sys_time sys_module\n"
	"lxc.mount.auto = proc sys cgroup:rw:force shmounts:/srv/s\n"
	"lxc.mount.entry = overlay o overlay lowerdir=/l,upperdir=/var/lib/lxc/a/u,workdir=/w\n"
	"lxc.mount.fstab = /var/lib/lxc/a/fstab\n"
	"lxc.hook.start = /var/lib/lxc/a/hook arg\n"
	"lxc.namespace.share.net = other\n"
	"lxc.environment = A=b\n"
	"lxc.sysctl.net.ipv4.x = 1\n"
	"lxc.prlimit.nofile = 10:20\n"
	"lxc.init.groups = 1,2\n"
	"lxc.cgroup.cpu.shares = 512\n"
	"lxc.cgroup2.memory.max = 1G\n"
	"lxc.network.type = veth\n"
	"lxc.network.hwaddr = 00:16:3e:xx:xx:xx\n"
	"lxc.network.ipv4 = 10.0.0.2/24\n"
	"lxc.network.ipv6 = fd00::2\n"
	"lxc.network.ipv4.gateway = 10.0.0.1\n"
	"lxc.net.0.veth.ipv4.route = 10.1.0.0/16\n"
	"lxc.net.0.veth.vlan.tagged.id = 3\n"
	"lxc.net.7.type = phys\n"
	"lxc.kmsg = 0\n"
	"foreign\n";

static void ignore(void *context, enum config_severity severity, const struct err *problem)
{
	*(unsigned *)context += severity;
	assert_true(err_is_valid(problem));
}

static unsigned reports;
static const struct config_effects effects = {
	.report = ignore,
	.random = fixture_random,
	.context = &reports,
};

static int open_padded(struct config *c)
{
	int r = config_init(c, &effects);

	return r == 0 && padding > 0 && !arena_alloc(&c->arena, padding) ? -ENOMEM : r;
}

/* Open a configuration with the rich text. The caller finishes it in any case. */
static int open_rich(struct config *c)
{
	int r = open_padded(c);

	return r < 0 ? r : config_load_text(c, "(rich)", rich, sizeof(rich) - 1, NULL);
}

static int life_of_loading(struct str *out)
{
	struct config c;
	int r = open_rich(&c);

	if (r == 0) {
		config_text(&c, out);
		config_dump(&c, out);
	}
	config_finish(&c);
	return r;
}

static char include_directory[64];

static int life_of_including(struct str *out)
{
	struct config c;
	int r = open_padded(&c);

	if (r == 0)
		r = config_set(&c, "lxc.include", include_directory, "(API)", NULL);
	if (r == 0)
		config_dump(&c, out);
	config_finish(&c);
	return r;
}

/* A configuration that has met -ENOMEM can still be used: text and model are whole. */
static void use_after_failure(struct config *c)
{
	autostr text = {};

	memory.armed = false;
	config_text(c, &text);
	assert_null(strstr(str_text(&text), "(null)"));
	for (size_t i = 0; i < c->lines.count; i++)
		assert_non_null(c->lines.items[i].text);
	assert_int_equal(config_set(c, "lxc.tty.max", "1", "(later)", NULL), 0);
}

static int life_of_changing(struct str *out)
{
	static const char *const steps[][2] = {
		{"lxc.uts.name", "b"},
		{"lxc.net.3.hwaddr", "00:16:3e:xx:xx:xx"},
		{"lxc.network.type", "veth"},
		{"lxc.cgroup.memory.limit_in_bytes", "1M"},
		{"lxc.rootfs.path", "dir:/r"},
		{"lxc.rootfs.mount", ""},
		{"lxc.environment", ""},
		{"lxc.hook", ""},
		{"lxc.net.0", ""},
		{"lxc.namespace.share.uts", "x"},
		{"lxc.seccomp.notify.proxy", "unix:@p"},
		{"lxc.cap.keep", ""},
		{"lxc.log.file", "/l"},
		{"lxc.apparmor.raw", "r"},
		{"lxc.group", "a b c"},
		{"lxc.proc.oom_score_adj", "1"},
		{"lxc.sysctl.net.ipv4.x", "2"},
		{"lxc.net.8.veth.vlan.tagged.id", "4"},
		{"lxc.net.3.type", "phys"},
	};
	struct config c;
	int r = open_rich(&c);

	for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(steps); i++)
		r = config_set(&c, steps[i][0], steps[i][1], "(API)", NULL);
	if (r == 0)
		r = config_clear(&c, "lxc.rootfs.mount", NULL);
	if (r == 0)
		r = config_clear(&c, "lxc.tty", NULL);
	if (r == 0)
		r = config_clear(&c, "lxc.prlimit", NULL);
	if (r == 0) {
		config_text(&c, out);
		config_dump(&c, out);
	} else if (c.values.rootfs_mount.mount) {
		use_after_failure(&c);
	}
	config_finish(&c);
	return r;
}

static int life_of_asking(struct str *out)
{
	struct config c;
	int r = open_rich(&c);

	for (size_t i = 0; r == 0 && i < config_key_count; i++) {
		char buf[128] = "";

		if (config_keys[i].type == VALUE_INCLUDE || text_ends(config_keys[i].name, "."))
			continue;
		r = config_get(&c, config_keys[i].name, out);
		if (r == 0)
			r = config_get_buffer(&c, config_keys[i].name, buf, sizeof(buf));
		if (r > 0)
			r = 0;
		str_add(out, buf);
	}
	if (r == 0)
		r = config_list_keys(&c, NULL, out);
	if (r == 0)
		r = config_list_keys(&c, "lxc.net.0", out);
	if (r == 0)
		r = config_get(&c, "lxc.network.ipv4", out);
	config_finish(&c);
	return r;
}

static int life_of_saving(struct str *out)
{
	char path[80];
	struct config c;
	int r = open_rich(&c);
	size_t len;

	snprintf(path, sizeof(path), "%s/saved", include_directory);
	if (r == 0)
		r = config_save(&c, path, NULL);
	if (r == 0) {
		char *text = NULL;

		memory.armed = false;
		assert_int_equal(file_read_all(AT_FDCWD, path, 1 << 20, &text, &len), 0);
		str_add(out, text);
		free(text);
	}
	config_finish(&c);
	return r;
}

static int life_of_rewriting(struct str *out)
{
	static const struct config_rewrite how = {
		.old_directory = "/var/lib/lxc/a",
		.new_directory = "/var/lib/lxc/b",
		.uts_name = "b",
		.rootfs = "dir:/var/lib/lxc/b/rootfs",
		.new_hwaddrs = true,
	};
	struct config_file_copies copies = {};
	struct config c;
	int r = open_rich(&c);

	if (r == 0)
		r = config_rewrite(&c, &how, &copies, NULL);
	if (r == 0) {
		config_text(&c, out);
		config_dump(&c, out);
		for (size_t i = 0; i < copies.count; i++)
			str_addf(out, "%s %s\n", copies.items[i].from, copies.items[i].to);
	}
	config_finish(&c);
	return r;
}

static int life_of_updating(struct str *out)
{
	struct config_update counts;
	autostr differences = {};
	int r = config_update_text("rich", rich, sizeof(rich) - 1, ignore, &reports, out,
				   &differences, &counts, NULL);

	if (r == 0)
		str_add(out, str_text(&differences));
	return r;
}

/* Checking has no way to fail but to report an error more; none of the others may be missing. */
static int life_of_checking(struct str *out)
{
	struct config c;
	int r = open_rich(&c);

	if (r == 0) {
		unsigned errors = config_check(&c, CONFIG_CHECK_FILES, ignore, &reports);

		str_add(out, errors >= ERRORS_IN_RICH ? "found all" : "missed some");
	}
	config_finish(&c);
	return r;
}

static void loading_survives(void **state)
{
	(void)state;
	assert_survives(life_of_loading);
}

static void including_survives(void **state)
{
	(void)state;
	assert_survives(life_of_including);
}

static void changing_survives(void **state)
{
	(void)state;
	assert_survives(life_of_changing);
}

static void asking_survives(void **state)
{
	(void)state;
	assert_survives(life_of_asking);
}

static void saving_survives(void **state)
{
	(void)state;
	assert_survives(life_of_saving);
}

static void rewriting_survives(void **state)
{
	(void)state;
	assert_survives(life_of_rewriting);
}

static void updating_survives(void **state)
{
	(void)state;
	assert_survives(life_of_updating);
}

static void checking_survives(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(open_rich(&c), 0);
	assert_int_equal(config_check(&c, CONFIG_CHECK_FILES, NULL, NULL), ERRORS_IN_RICH);
	config_finish(&c);
	assert_survives(life_of_checking);
}

static int make_files(void **state)
{
	char path[128];

	(void)state;
	fixture_directory(include_directory);
	fixture_file(include_directory, "a.conf", path,
		     "lxc.tty.max = 1\nlxc.include = @/inner\nlxc.mount.entry = a b\n");
	fixture_file(include_directory, "inner", path, rich);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	fixture_remove_directory(include_directory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loading_survives),  cmocka_unit_test(including_survives),
		cmocka_unit_test(changing_survives), cmocka_unit_test(asking_survives),
		cmocka_unit_test(saving_survives),   cmocka_unit_test(rewriting_survives),
		cmocka_unit_test(updating_survives), cmocka_unit_test(checking_survives),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}

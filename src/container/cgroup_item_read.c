/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Statistics: rows say in which file of the other version a number stands, and what to do with it.
 *
 * Facts: the kernel's cgroup-v2.rst, cgroup-v1/{memory,cpuacct,blkio-controller}.rst. There is no
 * counterpart of per-CPU times, and v2 does not count the operations that merged.
 */

#include "container/cgroup_item_read.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"

enum { NSEC_PER_USEC = 1000, USEC_PER_TICK = 10000 };

/* A number of one version in terms of the other. */
struct statistic {
	const char *name;         /* may hold a `*` */
	const char *file;         /* where it stands; `*` is what it is in name */
	const char *field;        /* the word before it; NULL: the file is the number, or a text */
	uint32_t multiply;        /* 0 = 1 */
	uint32_t divide;          /* 0 = 1 */
	const char *plus, *minus; /* a file whose number is added, subtracted */
};

/* clang-format off */
static const struct statistic on_v2[] = {
	{"cpuacct.usage", "cpu.stat", "usage_usec", NSEC_PER_USEC},
	{"cpuacct.usage_user", "cpu.stat", "user_usec", NSEC_PER_USEC},
	{"cpuacct.usage_sys", "cpu.stat", "system_usec", NSEC_PER_USEC},
	{"memory.usage_in_bytes", "memory.current"},
	{"memory.max_usage_in_bytes", "memory.peak"},
	{"memory.failcnt", "memory.events", "max"},
	{"memory.memsw.usage_in_bytes", "memory.current", .plus = "memory.swap.current"},
	{"memory.memsw.max_usage_in_bytes", "memory.peak", .plus = "memory.swap.peak"},
	{"memory.memsw.failcnt", "memory.swap.events", "max"},
	{"memory.kmem.usage_in_bytes", "memory.stat", "kernel"},
	{"memory.kmem.tcp.usage_in_bytes", "memory.stat", "sock"},
	{"freezer.self_freezing", "cgroup.freeze"},
	{"cpuset.effective_cpus", "cpuset.cpus.effective"},
	{"cpuset.effective_mems", "cpuset.mems.effective"},
	{"hugetlb.*.usage_in_bytes", "hugetlb.*.current"},
	{"hugetlb.*.failcnt", "hugetlb.*.events", "max"},
	{"tasks", "cgroup.threads"},
	{NULL},
};

static const struct statistic on_v1[] = {
	{"memory.current", "memory.usage_in_bytes"},
	{"memory.peak", "memory.max_usage_in_bytes"},
	{"memory.swap.current", "memory.memsw.usage_in_bytes", .minus = "memory.usage_in_bytes"},
	{"cpuset.cpus.effective", "cpuset.effective_cpus"},
	{"cpuset.mems.effective", "cpuset.effective_mems"},
	{"hugetlb.*.current", "hugetlb.*.usage_in_bytes"},
	{"cgroup.threads", "tasks"},
	{NULL},
};

/* Fields of cpu.stat, from files of cpuacct. */
static const struct statistic cpu_stat[] = {
	{"usage_usec", "cpuacct.usage", .divide = NSEC_PER_USEC},
	{"user_usec", "cpuacct.usage_user", .divide = NSEC_PER_USEC},
	{"system_usec", "cpuacct.usage_sys", .divide = NSEC_PER_USEC},
	{NULL},
};

/* Words of io.stat, and what v1 calls them. */
struct io_word {
	const char *word, *title;
};
static const struct io_word io_bytes[] = {
	{"rbytes", "Read"}, {"wbytes", "Write"}, {"dbytes", "Discard"},
};
static const struct io_word io_operations[] = {
	{"rios", "Read"}, {"wios", "Write"}, {"dios", "Discard"},
};
/* clang-format on */
enum { IO_WORDS = 3 };

char *cgroup_item_name(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*'), *component = strchr(name, '.');
	autostr text = {0};

	if (!star || !component) {
		str_add(&text, pattern);
	} else {
		str_add_bytes(&text, pattern, (size_t)(star - pattern));
		str_add_bytes(&text, component + 1, strcspn(component + 1, "."));
		str_add(&text, star + 1);
	}
	return str_take(&text);
}

static bool name_matches(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t before = star ? (size_t)(star - pattern) : 0;

	if (!star)
		return strcmp(pattern, name) == 0;
	if (strncmp(pattern, name, before) != 0)
		return false;
	name += before + strcspn(name + before, ".");
	return strcmp(star + 1, name) == 0;
}

static const struct statistic *find(const struct statistic *rows, const char *name)
{
	for (const struct statistic *row = rows; row->name; row++) {
		if (name_matches(row->name, name))
			return row;
	}
	return NULL;
}

static int read_file(const struct cgroup_files *files, enum limit_version version, const char *file,
		     struct str *out)
{
	int r = files->read(files->context, version, file, out);

	return r < 0 ? r : (str_failed(out) ? -ENOMEM : 0);
}

/* The number behind a word at the beginning of a line; of the whole text without a word. */
static int find_number(const char *text, const char *field, uint64_t *ret)
{
	size_t len = field ? strlen(field) : 0;

	for (const char *line = text; field && line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, field, len) == 0 && line[len] == ' ') {
			text = line + len + 1;
			return num_take_u64(&text, ret);
		}
	}
	return field ? -ENOENT : num_take_u64(&text, ret);
}

static int read_number(const struct cgroup_files *files, enum limit_version version,
		       const char *file, const char *field, uint64_t *ret)
{
	autostr text = {0};
	int r = read_file(files, version, file, &text);

	return r < 0 ? r : find_number(str_text(&text), field, ret);
}

/* memory.stat had no total of the kernel's memory before Linux 5.18. */
static int kernel_memory(const struct cgroup_files *files, uint64_t *ret)
{
	static const char *const parts[] = {"slab", "kernel_stack", "pagetables", "percpu", "sock"};
	autostr text = {0};
	int r = read_file(files, LIMIT_V2, "memory.stat", &text);

	if (r < 0 || find_number(str_text(&text), "kernel", ret) == 0)
		return r;
	*ret = 0;
	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
		uint64_t part;

		if (find_number(str_text(&text), parts[i], &part) == 0)
			*ret += part;
	}
	return 0;
}

static int statistic_value(const struct cgroup_files *files, enum limit_version version,
			   const struct statistic *row, const char *file, uint64_t *ret)
{
	uint64_t n, other = 0;
	int r = row->field && strcmp(row->field, "kernel") == 0
			? kernel_memory(files, &n)
			: read_number(files, version, file, row->field, &n);

	/* Without swap accounting there is no second file: nothing is swapped. */
	if (r == 0 && row->plus) {
		r = read_number(files, version, row->plus, NULL, &other);
		r = r == -ENOENT ? 0 : r;
		n += other;
	}
	if (r == 0 && row->minus) {
		r = read_number(files, version, row->minus, NULL, &other);
		n = n > other ? n - other : 0;
	}
	if (r < 0)
		return r;
	*ret = (row->multiply ? n * row->multiply : n) / (row->divide ? row->divide : 1);
	return 0;
}

static int print_statistic(const struct cgroup_files *files, enum limit_version version,
			   const struct statistic *row, const char *name, struct str *out)
{
	autofree char *file = cgroup_item_name(row->file, name);
	uint64_t n;
	int r;

	if (!file)
		return -ENOMEM;
	if (!row->field && !row->plus && !row->minus && !row->multiply && !row->divide)
		return read_file(files, version, file, out);
	r = statistic_value(files, version, row, file, &n);
	if (r == 0)
		str_addf(out, "%llu\n", (unsigned long long)n);
	return r;
}

static int print_cpuacct_stat(const struct cgroup_files *files, struct str *out)
{
	autostr text = {0};
	uint64_t user, system;
	int r = read_file(files, LIMIT_V2, "cpu.stat", &text);

	if (r == 0)
		r = find_number(str_text(&text), "user_usec", &user);
	if (r == 0)
		r = find_number(str_text(&text), "system_usec", &system);
	if (r == 0)
		str_addf(out, "user %llu\nsystem %llu\n", (unsigned long long)user / USEC_PER_TICK,
			 (unsigned long long)system / USEC_PER_TICK);
	return r;
}

static int print_cpu_stat(const struct cgroup_files *files, struct str *out)
{
	for (const struct statistic *row = cpu_stat; row->name; row++) {
		uint64_t n;
		int r = statistic_value(files, LIMIT_V1, row, row->file, &n);

		if (r < 0)
			return r;
		str_addf(out, "%s %llu\n", row->name, (unsigned long long)n);
	}
	return 0;
}

/* "rbytes=123" in a line; 0 when it is not there. */
static uint64_t io_value(const char *line, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (size_t i = 0; i + word_len < len; i++) {
		const char *at = line + i + word_len + 1;
		uint64_t n;

		if ((i == 0 || line[i - 1] == ' ') && strncmp(line + i, word, word_len) == 0 &&
		    line[i + word_len] == '=' && num_take_u64(&at, &n) == 0)
			return n;
	}
	return 0;
}

/* Lines "8:0 rbytes=1 wbytes=2 …" as v1 prints them: a line per device and direction. */
static int print_io(const struct cgroup_files *files, const struct io_word words[IO_WORDS],
		    struct str *out)
{
	autostr text = {0};
	uint64_t all = 0;
	int r = read_file(files, LIMIT_V2, "io.stat", &text);

	if (r < 0)
		return r;
	for (const char *line = str_text(&text); *line;) {
		size_t len = strcspn(line, "\n");
		int device_len = (int)strcspn(line, " \n");
		uint64_t total = 0;

		for (size_t i = 0; i < IO_WORDS; i++) {
			uint64_t n = io_value(line, len, words[i].word);

			str_addf(out, "%.*s %s %llu\n", device_len, line, words[i].title,
				 (unsigned long long)n);
			total += n;
		}
		str_addf(out, "%.*s Total %llu\n", device_len, line, (unsigned long long)total);
		all += total;
		line += len + (line[len] == '\n');
	}
	str_addf(out, "Total %llu\n", (unsigned long long)all);
	return 0;
}

/* A line "8:0 Read 10" of one of v1's files; false at the end, and for the totals. */
static bool take_io_line(const char **at, char device[static 16], const char **ret_title,
			 size_t *ret_title_len, uint64_t *ret)
{
	while (**at) {
		const char *line = *at, *title, *number;
		size_t len = strcspn(line, "\n"), device_len = strcspn(line, " \n");

		*at += len + (line[len] == '\n');
		title = line + device_len + (line[device_len] == ' ');
		number = title + strcspn(title, " \n");
		number += *number == ' ';
		if (device_len >= 16 || !memchr(line, ':', device_len) ||
		    num_take_u64(&number, ret) < 0)
			continue;
		memcpy(device, line, device_len);
		device[device_len] = '\0';
		*ret_title = title;
		*ret_title_len = strcspn(title, " ");
		return true;
	}
	return false;
}

/* What a file of v1 says about a device and a direction; 0 for nothing. */
static uint64_t v1_io_value(const char *text, const char *device, const char *title)
{
	const char *found;
	char at_device[16];
	size_t len;
	uint64_t n;

	while (take_io_line(&text, at_device, &found, &len, &n)) {
		if (strcmp(at_device, device) == 0 && len == strlen(title) &&
		    strncmp(found, title, len) == 0)
			return n;
	}
	return 0;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 …": a line per device, of which v1 prints several in a row. */
static int print_io_stat(const struct cgroup_files *files, struct str *out)
{
	autostr bytes = {0}, operations = {0};
	char device[16], last[16] = "";
	const char *at, *title;
	size_t title_len;
	uint64_t n;
	int r = read_file(files, LIMIT_V1, "blkio.throttle.io_service_bytes", &bytes);

	if (r == 0)
		r = read_file(files, LIMIT_V1, "blkio.throttle.io_serviced", &operations);
	if (r < 0)
		return r;
	at = str_text(&bytes);
	while (take_io_line(&at, device, &title, &title_len, &n)) {
		if (strcmp(device, last) == 0)
			continue;
		memcpy(last, device, sizeof(last));
		str_add(out, device);
		for (size_t i = 0; i < IO_WORDS; i++)
			str_addf(out, " %s=%llu", io_bytes[i].word,
				 (unsigned long long)v1_io_value(str_text(&bytes), device,
								 io_bytes[i].title));
		for (size_t i = 0; i < IO_WORDS; i++)
			str_addf(out, " %s=%llu", io_operations[i].word,
				 (unsigned long long)v1_io_value(str_text(&operations), device,
								 io_operations[i].title));
		str_add_char(out, '\n');
	}
	return 0;
}

int cgroup_statistic_on_v2(const struct cgroup_files *files, const char *v1_file, struct str *out)
{
	const struct statistic *row = find(on_v2, v1_file);

	if (row)
		return print_statistic(files, LIMIT_V2, row, v1_file, out);
	if (strcmp(v1_file, "cpuacct.stat") == 0)
		return print_cpuacct_stat(files, out);
	if (text_starts(v1_file, "blkio.") && strstr(v1_file, "io_service_bytes"))
		return print_io(files, io_bytes, out);
	if (text_starts(v1_file, "blkio.") && strstr(v1_file, "io_serviced"))
		return print_io(files, io_operations, out);
	return 1;
}

int cgroup_statistic_on_v1(const struct cgroup_files *files, const char *v2_file, struct str *out)
{
	const struct statistic *row = find(on_v1, v2_file);

	if (row)
		return print_statistic(files, LIMIT_V1, row, v2_file, out);
	if (strcmp(v2_file, "cpu.stat") == 0)
		return print_cpu_stat(files, out);
	if (strcmp(v2_file, "io.stat") == 0)
		return print_io_stat(files, out);
	return 1;
}

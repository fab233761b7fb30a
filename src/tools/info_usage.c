/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Usage of a running container: see info.h. Files are asked by the name that says most; the library
 * finds them on either version of cgroups.
 */

#include "tools/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* A cgroup file (heap), or NULL. */
static char *read_item(struct lxc_container *c, const char *file)
{
	int length = c->get_cgroup_item(c, file, NULL, 0);
	char *text;

	if (length < 0)
		return NULL;
	text = malloc((size_t)length + 1);
	if (text && c->get_cgroup_item(c, file, text, length + 1) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int64_t read_number(struct lxc_container *c, const char *file)
{
	autofree char *text = read_item(c, file);
	char *end = NULL;
	int64_t n = text ? strtoll(text, &end, 10) : INFO_UNKNOWN;

	return text && end != text ? n : INFO_UNKNOWN;
}

/* The number behind a word that begins a line, or INFO_UNKNOWN. */
static int64_t find_field(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, length) == 0 && line[length] == ' ')
			return strtoll(line + length, NULL, 10);
	}
	return INFO_UNKNOWN;
}

/* The sum of fields that are there. */
static int64_t add_fields(const char *text, const char *const *words)
{
	int64_t sum = 0;

	for (; *words; words++) {
		int64_t n = find_field(text, *words);

		sum += n > 0 ? n : 0;
	}
	return sum;
}

/* io.stat: "8:0 rbytes=1 wbytes=2 …", one line per device. */
static int64_t add_io_bytes(const char *text)
{
	static const char *const words[] = {"rbytes=", "wbytes=", NULL};
	int64_t sum = 0;

	for (const char *const *word = words; *word; word++)
		for (const char *at = strstr(text, *word); at; at = strstr(at + 1, *word))
			sum += strtoll(at + strlen(*word), NULL, 10);
	return sum;
}

static int64_t read_blkio(struct lxc_container *c)
{
	autofree char *v1 = read_item(c, "blkio.throttle.io_service_bytes");
	autofree char *v2 = NULL;
	int64_t total = v1 ? find_field(v1, "Total") : INFO_UNKNOWN;

	if (total != INFO_UNKNOWN)
		return total;
	v2 = read_item(c, "io.stat");
	return v2 ? add_io_bytes(v2) : INFO_UNKNOWN;
}

void info_read_usage(struct lxc_container *c, struct info_usage *ret)
{
	static const char *const user[] = {"anon", "file", NULL};
	static const char *const kernel[] = {"kernel_stack", "pagetables", "sock", "slab", NULL};
	autofree char *memory = read_item(c, "memory.stat");

	ret->cpu = read_number(c, "cpuacct.usage");
	ret->blkio = read_blkio(c);
	if (memory && find_field(memory, "anon") != INFO_UNKNOWN) { /* version 2 */
		ret->memory = add_fields(memory, user);
		ret->kernel = add_fields(memory, kernel);
		return;
	}
	ret->memory = read_number(c, "memory.usage_in_bytes");
	ret->kernel = read_number(c, "memory.kmem.usage_in_bytes");
}

static char *net_item(struct lxc_container *c, unsigned index, const char *key)
{
	autostr name = {0};

	str_addf(&name, "lxc.net.%u.%s", index, key);
	return str_failed(&name) ? NULL : c->get_running_config_item(c, str_text(&name));
}

unsigned info_count_links(struct lxc_container *c)
{
	autofree char *list = c->get_running_config_item(c, "lxc.net");
	unsigned count = 0;

	for (const char *at = list; at && *at; at++)
		count += *at == '\n';
	return count;
}

static bool read_counter(const char *interface, const char *what, uint64_t *ret)
{
	autostr path = {0};
	autofclose FILE *f = NULL;
	char text[32];

	str_addf(&path, "/sys/class/net/%s/statistics/%s", interface, what);
	f = str_failed(&path) ? NULL : fopen(str_text(&path), "re");
	if (!f || !fgets(text, sizeof(text), f))
		return false;
	*ret = strtoull(text, NULL, 10);
	return true;
}

bool info_read_link(struct lxc_container *c, unsigned index, struct info_link *ret)
{
	autofree char *type = net_item(c, index, "type");
	autofree char *name = NULL;
	bool is_veth = type && strcmp(type, "veth") == 0;

	if (!type)
		return false;
	name = net_item(c, index, is_veth ? "veth.pair" : "link");
	if (!name || strlen(name) >= sizeof(ret->name) || strchr(name, '/'))
		return false;
	memcpy(ret->name, name, strlen(name) + 1);
	/* What the host's end of a pair receives, the container has sent. */
	return read_counter(name, is_veth ? "rx_bytes" : "tx_bytes", &ret->tx) &&
	       read_counter(name, is_veth ? "tx_bytes" : "rx_bytes", &ret->rx);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The bytes of a new run record (run/record.h): header, empty registers, launch texts, items of the
 * running configuration, the frozen configuration, prelude, plan.
 */

#include "container/start.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/macros.h"
#include "base/time.h"
#include "config/freeze.h"
#include "run/record.h"
#include "sys/namespace.h"

#include "tare_paths.h"

enum {
	COMM_SIZE = 16,
	/* Steps that --trace has room for when the plan is compiled later. */
	TRACE_STEPS = 1024,
	/* What the parts of most records fit into. */
	PARTS_ROOM = 64 << 10,
};

/* Where the items go while they are collected: rows with offsets into the texts. */
struct item_rows {
	VEC_OF(struct record_item)
	struct str texts;
};

static int take_item(void *context, const char *key, const char *value)
{
	struct item_rows *rows = context;
	struct record_item *row = vec_push(rows);

	if (!row)
		return -ENOMEM;
	row->key = (uint32_t)rows->texts.len;
	str_add_bytes(&rows->texts, key, strlen(key) + 1);
	row->value = (uint32_t)rows->texts.len;
	str_add_bytes(&rows->texts, value, strlen(value) + 1);
	return str_failed(&rows->texts) ? -ENOMEM : 0;
}

static void align(struct str *bytes)
{
	static const char zeros[8];

	str_add_bytes(bytes, zeros, -bytes->len & 7);
}

/* Begin a part: aligned, its size still open. */
static struct record_part begin(struct str *bytes)
{
	align(bytes);
	return (struct record_part){.offset = (uint32_t)bytes->len};
}

static void end(const struct str *bytes, struct record_part *part)
{
	part->size = (uint32_t)bytes->len - part->offset;
}

static struct record_part add_part(struct str *bytes, const struct str *content)
{
	struct record_part part = {};

	if (content->len == 0)
		return part;
	part = begin(bytes);
	str_add_bytes(bytes, content->data, content->len);
	end(bytes, &part);
	return part;
}

static int add_items(struct str *bytes, const struct config *config, struct record_part *ret)
{
	struct item_rows rows = {};
	struct record_items head;
	uint32_t texts_at;
	int r = config_each_item(config, take_item, &rows);

	if (r == 0) {
		head = (struct record_items){.count = (uint32_t)rows.count};
		texts_at = (uint32_t)(sizeof(head) + rows.count * sizeof(*rows.items));
		for (size_t i = 0; i < rows.count; i++) {
			rows.items[i].key += texts_at;
			rows.items[i].value += texts_at;
		}
		*ret = begin(bytes);
		str_add_bytes(bytes, &head, sizeof(head));
		if (rows.count > 0)
			str_add_bytes(bytes, rows.items, rows.count * sizeof(*rows.items));
		str_add_bytes(bytes, str_text(&rows.texts), rows.texts.len);
		end(bytes, ret);
	}
	vec_finish(&rows);
	str_finish(&rows.texts);
	return r;
}

static uint32_t add_text(struct str *bytes, const char *text)
{
	uint32_t offset = (uint32_t)bytes->len;

	if (!text || !text[0])
		return 0;
	str_add_bytes(bytes, text, strlen(text) + 1);
	return offset;
}

/* As lists in plans: a count, then the texts. */
static uint32_t add_list(struct str *bytes, char *const *list)
{
	uint32_t count = 0;
	uint32_t offset;

	if (!list)
		return 0;
	while (list[count])
		count++;
	align(bytes);
	offset = (uint32_t)bytes->len;
	str_add_bytes(bytes, &count, sizeof(count));
	for (uint32_t i = 0; i < count; i++)
		str_add_bytes(bytes, list[i], strlen(list[i]) + 1);
	return offset;
}

static uint32_t make_flags(const struct start *s)
{
	const struct start_options *options = s->options;
	uint32_t flags = options->daemonise ? RECORD_DAEMONISED : RECORD_FOREGROUND;

	flags |= options->close_fds ? RECORD_CLOSE_FDS : 0;
	flags |= s->log.quiet ? RECORD_QUIET : 0;
	flags |= s->container->config->values.ephemeral ? RECORD_EPHEMERAL : 0;
	flags |= options->trace ? RECORD_TRACE : 0;
	flags |= s->in_place && options->explain_in_place ? RECORD_EXPLAINS : 0;
	flags |= s->in_place && options->command_status ? RECORD_COMMAND_STATUS : 0;
	flags |= s->prelude.len > 0 ? RECORD_HAS_PRELUDE : 0;
	flags |= options->application ? RECORD_APPLICATION : 0;
	return flags;
}

static void add_texts(const struct start *s, struct str *bytes, struct record_header *h)
{
	char comm[COMM_SIZE + 1] = "";

	/* The calling thread's, as a fork of it would have. */
	prctl(PR_GET_NAME, comm, 0, 0, 0);
	h->name = add_text(bytes, s->container->name);
	h->lxcpath = add_text(bytes, s->container->lxcpath);
	h->run_path = add_text(bytes, s->run_path);
	h->comm = add_text(bytes, comm);
	h->log_prefix = add_text(bytes, s->log.program);
	h->log_word = add_text(bytes, s->log.stderr_word);
	h->config_file = add_text(bytes, s->request.config_file);
	h->pid_file = add_text(bytes, s->options->pid_file);
	h->helper = add_text(bytes, s->helpers);
	h->argv = add_list(bytes, s->options->argv);
}

static struct record_part add_trace(const struct start *s, struct str *bytes)
{
	const struct plan *plan = s->plan.len > 0 ? (const struct plan *)s->plan.data : NULL;
	uint32_t steps = plan ? plan->sections[SECTION_START].count : 0;
	const uint64_t zero[2] = {};
	struct record_part part = begin(bytes);

	if (!s->options->trace)
		return (struct record_part){};
	for (uint32_t i = 0; i < (steps > TRACE_STEPS ? steps : TRACE_STEPS); i++)
		str_add_bytes(bytes, zero, sizeof(zero));
	end(bytes, &part);
	return part;
}

static int too_large(const struct start *s, size_t size, struct err *e)
{
	return err_set(e, ERR_RECORD, 0,
		       "the configuration of container %s is too large to be started: its run "
		       "record has %zu bytes, more than %d",
		       s->container->name, size, RECORD_SIZE_MAX / 2);
}

/* Better said here than by a supervisor that nobody can talk to yet. */
static int check_record(const struct start *s, const struct str *bytes, struct err *e)
{
	const char *why = record_check((const struct record_header *)bytes->data, bytes->len);

	return why ? err_set(e, ERR_RECORD, 0, "container %s can't be started: %s",
			     s->container->name, why)
		   : 0;
}

int start_build_record(const struct start *s, struct str *ret, struct err *e)
{
	struct timespec now;
	autostr applied = {};
	struct record_header h = {
		.format = RECORD_FORMAT,
		.program = SUPERVISOR_NUMBER,
		.version = TARE_VERSION,
		.flags = make_flags(s),
		.section = SECTION_START,
		.listener_fd = s->listener_fd,
		.result_fd = s->result_fd >= 0 ? s->result_fd : -1,
		.log_fd = s->log.fd >= 0 ? s->log.fd : -1,
		.caller_pidfd = s->caller_fd >= 0 ? s->caller_fd : -1,
		.log_level = (int32_t)s->log.level,
		.listen_fds = s->listen_fds,
		.fault_step = s->options->fault_step,
		.fault_errno = s->options->fault_errno,
		.fault_place = (uint32_t)s->options->fault_place,
	};
	int r;

	memcpy(h.magic, RECORD_MAGIC, sizeof(RECORD_MAGIC));
	boot_id_read(h.boot_id);
	h.pid_namespace = namespace_number("/proc/self/ns/pid");
	h.net_namespace = namespace_number("/proc/self/ns/net");
	clock_gettime(CLOCK_REALTIME, &now);
	h.started = (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
	str_begin_zeroed(ret, RECORD_PARTS_AT, RECORD_PARTS_AT + PARTS_ROOM);
	add_texts(s, ret, &h);
	r = add_items(ret, s->container->config, &h.items);
	if (r == 0)
		r = config_freeze(s->container->config, &applied);
	if (r < 0 || str_failed(ret))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	h.applied = add_part(ret, &applied);
	h.trace = add_trace(s, ret);
	h.prelude = add_part(ret, &s->prelude);
	align(ret);
	h.plan = add_part(ret, &s->plan);
	if (h.plan.size == 0)
		h.plan.offset = (uint32_t)ret->len;
	if (str_failed(ret))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (ret->len > RECORD_SIZE_MAX / 2)
		return too_large(s, ret->len, e);
	memcpy(ret->data, &h, sizeof(h));
	return check_record(s, ret, e);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the values of a plan look: numbers by their form, registers by name, bytes by what they are.
 * Names are those of manual pages and of LXC's configuration.
 */

#include "plan/print_value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "base/container_state.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/macros.h"
#include "base/names.h"
#include "base/utf8.h"

/* From linux/mount.h of later kernels than the oldest that we build with; the numbers are ABI. */
#define ATTRIBUTE_IDMAP       UINT64_C(0x00100000)
#define ATTRIBUTE_NOSYMFOLLOW UINT64_C(0x00200000)
#define ATTRIBUTE_ATIME       UINT64_C(0x00000070) /* the whole field: to be cleared */

/* Propagation as mount(2) has it. */
#define PROPAGATION_RECURSIVE (UINT64_C(1) << 14)

enum { FILTER_INSTRUCTION = 8, MAC_BYTES = 6 };

struct word {
	uint64_t bits;
	const char *name;
};

static const struct word attribute_words[] = {
	{0x01, "ro"},
	{0x02, "nosuid"},
	{0x04, "nodev"},
	{0x08, "noexec"},
	{ATTRIBUTE_ATIME, "atime"},
	{0x10, "noatime"},
	{0x20, "strictatime"},
	{0x80, "nodiratime"},
	{ATTRIBUTE_IDMAP, "idmap"},
	{ATTRIBUTE_NOSYMFOLLOW, "nosymfollow"},
};

static const struct word propagation_words[] = {
	{UINT64_C(1) << 17, "unbindable"}, {UINT64_C(1) << 18, "private"},
	{UINT64_C(1) << 19, "slave"},      {UINT64_C(1) << 20, "shared"},
	{PROPAGATION_RECURSIVE, "rec"},
};

static const struct word cgroup_words[] = {
	{CGROUP_FIXED, "fixed"},
	{CGROUP_PAYLOAD, "payload"},
};

static const struct word stream_words[] = {
	{1, "stdin"},
	{2, "stdout"},
	{4, "stderr"},
};

static const struct word seccomp_words[] = {
	{1 << 0, "tsync"},        {1 << 1, "log"},         {1 << 2, "spec-allow"},
	{1 << 3, "new-listener"}, {1 << 4, "tsync-esrch"}, {1 << 5, "wait-killable-recv"},
};

static const char *const lane_names[LANE_COUNT] = {
	[LANE_HOST] = "host", [LANE_INIT] = "init",       [LANE_BOTH] = "both",
	[LANE_JOIN] = "join", [LANE_RESTORE] = "restore",
};

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_INIT_PID] = "init-pid",
	[ROLE_INIT_PIDFD] = "init-pidfd",
	[ROLE_CONSOLE_MASTER] = "console-master",
	[ROLE_CONSOLE_INDEX] = "console-index",
	[ROLE_DEVPTS] = "devpts",
	[ROLE_TTY_FIRST] = "tty-first",
	[ROLE_MONITOR_CGROUP] = "monitor-cgroup",
	[ROLE_LIMIT_CGROUP] = "limit-cgroup",
	[ROLE_PAYLOAD_CGROUP] = "payload-cgroup",
	[ROLE_HOOK_OUTPUT] = "hook-output",
	[ROLE_ADDRESS_SOCKET] = "address-socket",
	[ROLE_SECCOMP_LISTENER] = "seccomp-listener",
	[ROLE_ROOT_PIN] = "root-pin",
	[ROLE_OUTER_MOUNTS] = "outer-mounts",
};

static const char *const flag_names[] = {
	"prelude", "user-namespace",  "application",   "attach",
	"console", "freeze-at-start", "leaves-cgroup",
};
static const char *const step_flag_names[] = {"OPTIONAL", "LIVE", "WARN",
					      "LATE",     "OWED", "NETWORK"};
static const char *const kind_names[] = {"fd", "number", "name"};
static const char *const macvlan_modes[] = {
	[PLAN_MACVLAN_PRIVATE] = "private",
	[PLAN_MACVLAN_VEPA] = "vepa",
	[PLAN_MACVLAN_BRIDGE] = "bridge",
	[PLAN_MACVLAN_PASSTHRU] = "passthru",
};
static const char *const ipvlan_modes[] = {
	[PLAN_IPVLAN_L2] = "l2",
	[PLAN_IPVLAN_L3] = "l3",
	[PLAN_IPVLAN_L3S] = "l3s",
};
static const char *const isolations[] = {
	[PLAN_IPVLAN_BRIDGE] = "bridge",
	[PLAN_IPVLAN_PRIVATE] = "private",
	[PLAN_IPVLAN_VEPA] = "vepa",
};
static const char *const clone_kinds[] = {"plain", "join", "restore"};

#define NAME_OF(table, n) ((n) < ARRAY_LENGTH(table) ? (table)[n] : NULL)

const char *plan_lane_name(unsigned lane)
{
	return NAME_OF(lane_names, lane);
}

const char *plan_role_name(unsigned role)
{
	return NAME_OF(role_names, role);
}

const char *plan_register_kind_name(unsigned kind)
{
	return NAME_OF(kind_names, kind);
}

const char *plan_flag_name(unsigned bit)
{
	return NAME_OF(flag_names, bit);
}

const char *plan_step_flag_name(unsigned bit)
{
	return NAME_OF(step_flag_names, bit);
}

const char *plan_register_name(const struct plan *p, uint64_t number)
{
	if (number >= p->registers.count)
		return "none";
	return plan_text(p, plan_registers(p)[number].name);
}

static void add_word(const char *word, const char *between, size_t begin, struct str *out)
{
	if (out->len > begin)
		str_add(out, between);
	str_add(out, word);
}

/* Words of all bits, wider ones before their parts; what has no word as a number. */
static void print_words(const struct word *words, size_t count, uint64_t bits, struct str *out)
{
	size_t begin = out->len;

	for (size_t i = 0; i < count; i++) {
		if ((bits & words[i].bits) != words[i].bits)
			continue;
		add_word(words[i].name, "|", begin, out);
		bits &= ~words[i].bits;
	}
	if (bits)
		str_addf(out, "%s0x%" PRIx64, out->len > begin ? "|" : "", bits);
}
#define PRINT_WORDS(words, bits, out) print_words(words, ARRAY_LENGTH(words), bits, out)

void plan_print_clone_flags(uint64_t flags, const char *between, struct str *out)
{
	size_t begin = out->len;

	for (unsigned kind = 0; kind < NAMESPACE_COUNT; kind++) {
		uint64_t flag = namespace_clone_flag((enum namespace_kind)kind);

		if (!(flags & flag))
			continue;
		add_word(namespace_name((enum namespace_kind)kind), between, begin, out);
		flags &= ~flag;
	}
	if (flags)
		str_addf(out, "%s0x%" PRIx64, out->len > begin ? between : "", flags);
}

/* A reference at `text`: its register, and three bytes are to be passed over. Or false. */
static bool take_reference(const char *text, uint64_t *ret)
{
	const unsigned char *bytes = (const unsigned char *)text;

	if (bytes[0] != PLAN_REFERENCE || bytes[1] == 0 || bytes[2] == 0)
		return false;
	*ret = (uint64_t)(bytes[1] - 1) * 128 + (bytes[2] - 1);
	return true;
}

enum { REFERENCE_LENGTH = 3 };

static void add_reference(const struct plan *p, uint64_t number, struct str *out)
{
	if (number == PLAN_LITERAL)
		str_add(out, "\\x01");
	else
		str_addf(out, "{%s}", plan_register_name(p, number));
}

void plan_print_references(const struct plan *p, const char *text, struct str *out)
{
	uint64_t number;

	while (*text) {
		if (p && take_reference(text, &number)) {
			add_reference(p, number, out);
			text += REFERENCE_LENGTH;
		} else {
			str_add_char(out, *text++);
		}
	}
}

void plan_print_quoted(const struct plan *p, const char *text, struct str *out)
{
	const char *end = text + strlen(text);
	char visible[UTF8_VISIBLE_MAX];
	uint64_t number;

	str_add_char(out, '"');
	while (*text) {
		if (p && take_reference(text, &number)) {
			add_reference(p, number, out);
			text += REFERENCE_LENGTH;
		} else if (*text == '"' || *text == '\\') {
			str_addf(out, "\\%c", *text++);
		} else if (*text == '\t') {
			str_add(out, "\\t");
			text++;
		} else {
			str_add_bytes(out, visible, utf8_take_visible(&text, end, visible));
		}
	}
	str_add_char(out, '"');
}

static void print_capabilities(uint64_t mask, struct str *out)
{
	const uint64_t all = (UINT64_C(1) << CAPABILITY_COUNT) - 1;
	unsigned count = (unsigned)__builtin_popcountll(mask & all);
	bool most = count > CAPABILITY_COUNT / 2;
	uint64_t shown = (most ? ~mask : mask) & all;
	size_t begin;

	if (count == 0 || count == CAPABILITY_COUNT) {
		str_add(out, count ? "all" : "none");
		return;
	}
	str_add(out, most ? "all-but:" : "");
	begin = out->len;
	for (unsigned n = 0; n < CAPABILITY_COUNT; n++)
		if (shown & (UINT64_C(1) << n))
			add_word(capability_name(n), "|", begin, out);
}

static void print_name(const char *name, uint64_t value, struct str *out)
{
	if (name)
		str_add(out, name);
	else
		str_addf(out, "%" PRIu64, value);
}

static void print_mac(uint64_t mac, struct str *out)
{
	for (unsigned i = 0; mac && i < MAC_BYTES; i++)
		str_addf(out, "%s%02x", i ? ":" : "", (unsigned)(mac >> (8 * i) & 0xff));
}

static void print_address(int family, const void *address, struct str *out)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family, address, text, sizeof(text)))
		str_add(out, text);
}

static const char *hierarchy_name(const struct plan *p, uint64_t number)
{
	return number < p->hierarchies.count ? plan_text(p, plan_hierarchies(p)[number].mount)
					     : NULL;
}

/* Forms whose value is a word out of a table. */
static bool print_named(const struct plan *p, unsigned form, uint64_t value, struct str *out)
{
	int small = value <= INT32_MAX ? (int)value : -1;

	switch (form) {
	case FORM_SIGNAL:
		print_name(small >= 0 ? signal_name(small) : NULL, value, out);
		return true;
	case FORM_STATE:
		print_name(small >= 0 ? container_state_name((unsigned)small) : NULL, value, out);
		return true;
	case FORM_GATE:
		print_name(small >= 0 ? plan_gate_name((unsigned)small) : NULL, value, out);
		return true;
	case FORM_HIERARCHY:
		print_name(hierarchy_name(p, value), value, out);
		return true;
	case FORM_CLONE_KIND:
		if (value)
			print_name(NAME_OF(clone_kinds, value), value, out);
		return true;
	case FORM_MACVLAN:
		print_name(NAME_OF(macvlan_modes, value), value, out);
		return true;
	case FORM_IPVLAN:
		print_name(NAME_OF(ipvlan_modes, value), value, out);
		return true;
	case FORM_ISOLATION:
		print_name(NAME_OF(isolations, value), value, out);
		return true;
	case FORM_RESOURCE:
		print_name(small >= 0 ? rlimit_name(small) : NULL, value, out);
		return true;
	case FORM_FAMILY:
		print_name(value == AF_INET    ? "inet"
			   : value == AF_INET6 ? "inet6"
					       : NULL,
			   value, out);
		return true;
	default:
		return false;
	}
}

/* Forms that are made of bits. */
static bool print_bits(unsigned form, uint64_t value, struct str *out)
{
	switch (form) {
	case FORM_CLONE:
		plan_print_clone_flags(value, "|", out);
		return true;
	case FORM_MOUNT:
		PRINT_WORDS(attribute_words, value, out);
		return true;
	case FORM_PROPAGATION:
		PRINT_WORDS(propagation_words, value, out);
		return true;
	case FORM_CGROUP:
		PRINT_WORDS(cgroup_words, value, out);
		return true;
	case FORM_STREAMS:
		PRINT_WORDS(stream_words, value, out);
		return true;
	case FORM_SECCOMP:
		PRINT_WORDS(seccomp_words, value, out);
		return true;
	case FORM_CAPS:
		print_capabilities(value, out);
		return true;
	default:
		return false;
	}
}

static void print_number(const struct plan *p, unsigned form, uint64_t value, struct str *out)
{
	uint32_t address = (uint32_t)value;

	if (print_named(p, form, value, out) || print_bits(form, value, out))
		return;
	switch (form) {
	case FORM_OCTAL:
		str_addf(out, "%s%" PRIo64, value ? "0" : "", value);
		break;
	case FORM_COUNT:
		if (value)
			str_addf(out, "%" PRIu64, value);
		break;
	case FORM_HEX:
		str_addf(out, "0x%" PRIx64, value);
		break;
	case FORM_DEVICE:
		str_addf(out, "%u:%u", major(value), minor(value));
		break;
	case FORM_MAC:
		print_mac(value, out);
		break;
	case FORM_RLIMIT:
		if (value == UINT64_MAX)
			str_add(out, "unlimited");
		else
			str_addf(out, "%" PRIu64, value);
		break;
	case FORM_ID:
		if (value == ID_INVALID)
			str_add(out, "none");
		else
			str_addf(out, "%" PRIu64, value);
		break;
	case FORM_QUEUES:
		if (value)
			str_addf(out, "%u:%u", (unsigned)(uint32_t)value, (unsigned)(value >> 32));
		break;
	case FORM_IPV4:
		if (value)
			print_address(AF_INET, &address, out);
		break;
	default:
		str_addf(out, "%" PRIu64, value);
		break;
	}
}

bool plan_print_device_rule(const struct plan_devices *devices, uint32_t n, struct str *out)
{
	const struct plan_device *rule;

	if (n == 0) {
		str_add(out, devices->allow_by_default ? "allow all" : "deny all");
		return true;
	}
	if (n > devices->count)
		return false;
	rule = &devices->rows[n - 1];
	str_addf(out, "%s %c ", devices->allow_by_default ? "deny" : "allow", rule->type);
	if (rule->major < 0)
		str_add(out, "*:");
	else
		str_addf(out, "%" PRIi64 ":", rule->major);
	if (rule->minor < 0)
		str_add(out, "* ");
	else
		str_addf(out, "%" PRIi64 " ", rule->minor);
	str_addf(out, "%s%s%s", rule->access & 1 ? "r" : "", rule->access & 2 ? "w" : "",
		 rule->access & 4 ? "m" : "");
	return true;
}

static void print_devices(const struct plan_devices *devices, struct str *out)
{
	str_add_char(out, '[');
	for (uint32_t n = 0; n <= devices->count; n++) {
		str_add(out, n ? ", \"" : "\"");
		plan_print_device_rule(devices, n, out);
		str_add_char(out, '"');
	}
	str_add_char(out, ']');
}

static void print_gids(const uint32_t *gids, uint32_t count, struct str *out)
{
	str_add_char(out, '[');
	for (uint32_t i = 0; i < count; i++)
		str_addf(out, "%s%u", i ? ", " : "", gids[i]);
	str_add_char(out, ']');
}

static void print_bytes(const struct plan *p, unsigned form, uint64_t offset, struct str *out)
{
	uint32_t length = plan_bytes_length(p, offset);
	const void *bytes = plan_bytes(p, offset);

	switch (form) {
	case FORM_ADDRESS:
		print_address(length == sizeof(struct in_addr) ? AF_INET : AF_INET6, bytes, out);
		break;
	case FORM_DEVICES:
		print_devices(bytes, out);
		break;
	case FORM_GIDS:
		print_gids(bytes, length / sizeof(uint32_t), out);
		break;
	default:
		str_addf(out, "<%u instructions, %016" PRIx64 ">", length / FILTER_INSTRUCTION,
			 hash_add(HASH_START, bytes, length));
		break;
	}
}

void plan_print_value(const struct plan *p, const struct plan_argument *argument, uint64_t value,
		      struct str *out)
{
	if (argument->kind == ARGUMENT_NUMBER)
		print_number(p, argument->form, value, out);
	else if (argument->kind == ARGUMENT_REGISTER && value != PLAN_NO_REGISTER)
		str_add(out, plan_register_name(p, value));
	else if (argument->kind == ARGUMENT_BYTES && value)
		print_bytes(p, argument->form, value, out);
}

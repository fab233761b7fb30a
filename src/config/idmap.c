/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Id maps as text and as arithmetic. Pure: whether the caller may use the host's ids (/etc/subuid),
 * and how a map is written (newuidmap, /proc/PID/uid_map), is decided elsewhere. Entries know
 * nothing of the file they came from; a finding names them by index and the caller adds the line.
 */

#include "config/idmap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/num.h"

static const char blanks[] = " \t";

/* A field of the value, as it stands in the text. */
struct field {
	const char *text;
	size_t len;
};

/* Cut the next field off; len 0 when there is none left. */
static struct field field_take(const char **text)
{
	struct field field;

	field.text = *text + strspn(*text, blanks);
	field.len = strcspn(field.text, blanks);
	*text = field.text + field.len;
	return field;
}

/*
 * Complain about a number as LXC does; `name` is LXC's word for it. The errno of a text that is no
 * number at all is 0: "Invalid argument" would only repeat what the words say.
 */
static int number_complain(struct err *e, int errnum, const char *name, struct field field)
{
	if (field.len == 0)
		return err_set(e, ERR_ID_MAP, errnum, "Failed to parse %s: it is missing", name);
	return err_set(e, ERR_ID_MAP, errnum, "Failed to parse %s: %.*s", name,
		       (int)(field.len < 64 ? field.len : 64), field.text);
}

static int number_take(const char **text, const char *name, uint32_t *ret, struct err *e)
{
	char digits[32]; /* longer fields are no 32-bit number that anybody would write */
	struct field field = field_take(text);
	int r = -EINVAL;

	if (field.len > 0 && field.len < sizeof(digits)) {
		memcpy(digits, field.text, field.len);
		digits[field.len] = '\0';
		r = num_parse_u32(digits, 0, ret);
	}
	return r < 0 ? number_complain(e, r == -EINVAL ? 0 : -r, name, field) : 0;
}

int idmap_entry_parse(const char *text, struct idmap_entry *ret, struct err *e)
{
	struct idmap_entry entry = {0};
	struct field field = field_take(&text);
	int r;

	if (field.len != 1 || (*field.text != 'u' && *field.text != 'g'))
		return err_set(e, ERR_ID_MAP, 0, "Invalid id mapping type: %.*s",
			       (int)(field.len < 64 ? field.len : 64), field.text);
	entry.kind = *field.text;

	r = number_take(&text, "nsid", &entry.inside.value, e);
	if (r < 0)
		return r;
	r = number_take(&text, "hostid", &entry.host.value, e);
	if (r < 0)
		return r;
	r = number_take(&text, "id mapping range", &entry.count, e);
	if (r < 0)
		return r;
	field = field_take(&text);
	if (field.len > 0) {
		r = number_complain(e, 0, "id mapping range", field);
		err_hint(e, "an id map has exactly four fields: u|g INSIDE HOST COUNT");
		return r;
	}
	*ret = entry;
	return 0;
}

void idmap_entry_print(const struct idmap_entry *entry, struct str *out)
{
	str_addf(out, "%c %" PRIu32 " %" PRIu32 " %" PRIu32, entry->kind, entry->inside.value,
		 entry->host.value, entry->count);
}

/* What idmap_check() carries along. */
struct check {
	const struct idmap_entry *entries;
	size_t count;
	idmap_report_fn report;
	void *data;
	int found; /* 0 or 1 */
};

static void check_report(struct check *check, enum idmap_problem problem, size_t first,
			 size_t second)
{
	struct idmap_finding finding = {problem, first, second};

	check->found = 1;
	if (check->report)
		check->report(check->data, &finding);
}

static bool ranges_overlap(uint64_t a, uint64_t a_count, uint64_t b, uint64_t b_count)
{
	return a_count > 0 && b_count > 0 && a < b + b_count && b < a + a_count;
}

/* The first entry on each side that the second one overlaps with. */
static void check_pairs(struct check *check, size_t second)
{
	const struct idmap_entry *b = &check->entries[second];
	bool inside = false;
	bool host = false;

	for (size_t first = 0; first < second && !(inside && host); first++) {
		const struct idmap_entry *a = &check->entries[first];

		if (a->kind != b->kind)
			continue;
		if (!inside &&
		    ranges_overlap(a->inside.value, a->count, b->inside.value, b->count)) {
			inside = true;
			check_report(check, IDMAP_OVERLAP_INSIDE, first, second);
		}
		if (!host && ranges_overlap(a->host.value, a->count, b->host.value, b->count)) {
			host = true;
			check_report(check, IDMAP_OVERLAP_HOST, first, second);
		}
	}
}

/* The last id a map can hold is 2^32-2: 2^32-1 is (uid_t)-1, "no id". */
static bool reaches_end(uint32_t first, uint32_t count)
{
	return (uint64_t)first + count > UINT32_MAX;
}

/* Entries of one kind, in order; up to 340 of them are compared with those before. */
static size_t check_kind(struct check *check, char kind, size_t *ret_first)
{
	size_t seen = 0;

	for (size_t i = 0; i < check->count; i++) {
		const struct idmap_entry *entry = &check->entries[i];

		if (entry->kind != kind)
			continue;
		if (seen++ == 0)
			*ret_first = i;
		if (entry->count == 0)
			check_report(check, IDMAP_ZERO_COUNT, i, i);
		if (reaches_end(entry->inside.value, entry->count) ||
		    reaches_end(entry->host.value, entry->count))
			check_report(check, IDMAP_BEYOND_END, i, i);
		if (seen == IDMAP_LINES_MAX + 1)
			check_report(check, IDMAP_TOO_MANY, i, i);
	}
	if (seen > IDMAP_LINES_MAX)
		return seen;
	for (size_t i = 0; i < check->count; i++) {
		if (check->entries[i].kind == kind)
			check_pairs(check, i);
	}
	return seen;
}

int idmap_check(const struct idmap_entry *entries, size_t count, idmap_report_fn report, void *data)
{
	struct check check = {entries, count, report, data, 0};
	size_t first_user = 0;
	size_t first_group = 0;
	size_t users = check_kind(&check, 'u', &first_user);
	size_t groups = check_kind(&check, 'g', &first_group);

	if (users > 0 && groups == 0)
		check_report(&check, IDMAP_WITHOUT_GROUPS, first_user, first_user);
	if (groups > 0 && users == 0)
		check_report(&check, IDMAP_WITHOUT_USERS, first_group, first_group);
	return check.found;
}

static void entry_quote(const struct idmap_entry *entries, size_t i, struct str *out)
{
	str_addf(out, "entry %zu (", i + 1);
	idmap_entry_print(&entries[i], out);
	str_add(out, ")");
}

void idmap_finding_print(const struct idmap_finding *finding, const struct idmap_entry *entries,
			 struct str *out)
{
	static const char *const sentences[] = {
		[IDMAP_ZERO_COUNT] = " maps no ids",
		[IDMAP_BEYOND_END] = " reaches beyond the last id, 4294967294",
		[IDMAP_OVERLAP_INSIDE] = " maps ids of the container that are mapped already by ",
		[IDMAP_OVERLAP_HOST] = " uses ids of the host that are used already by ",
		[IDMAP_WITHOUT_GROUPS] = " maps users, but no entry maps groups",
		[IDMAP_WITHOUT_USERS] = " maps groups, but no entry maps users",
		[IDMAP_TOO_MANY] = " is one more than the 340 that the kernel takes",
	};

	entry_quote(entries, finding->second, out);
	str_add(out, sentences[finding->problem]);
	if (finding->first != finding->second)
		entry_quote(entries, finding->first, out);
}

bool idmap_entry_host_id(const struct idmap_entry *entry, char kind, struct container_id inside,
			 struct host_id *ret)
{
	uint32_t offset = inside.value - entry->inside.value;

	if (entry->kind != kind || inside.value < entry->inside.value || offset >= entry->count ||
	    offset > UINT32_MAX - entry->host.value)
		return false;
	*ret = (struct host_id){entry->host.value + offset};
	return true;
}

bool idmap_entry_container_id(const struct idmap_entry *entry, char kind, struct host_id host,
			      struct container_id *ret)
{
	uint32_t offset = host.value - entry->host.value;

	if (entry->kind != kind || host.value < entry->host.value || offset >= entry->count ||
	    offset > UINT32_MAX - entry->inside.value)
		return false;
	*ret = (struct container_id){entry->inside.value + offset};
	return true;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The builder of plans.
 *
 * While a plan grows, offsets are those in the builder's blob; finish() adds where the blob ends up
 * to every one that is not 0. Which numbers are offsets tells the op table. Equal texts, lists and
 * bytes are stored once, found by hash. Nothing here depends on addresses or on time: the same
 * calls make the same bytes.
 */

#include "plan/build.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/utf8.h"

enum {
	BLOB_ALIGNMENT = 8,
	FIRST_PIECES = 64,   /* places of the hash table, a power of two */
	VISIBLE_LARGEST = 4, /* bytes that one byte may take as a visible text */
	VISIBLE_ON_STACK = 512,
};

static const char padding[BLOB_ALIGNMENT];

void plan_build_init(struct plan_build *b)
{
	memset(b, 0, sizeof(*b));
	for (size_t i = 0; i < ROLE_COUNT; i++)
		b->plan.roles[i] = PLAN_NO_REGISTER;
	/* Offset 0 is the empty text, or "none": nothing real may stand there. */
	str_add_bytes(&b->blob, padding, sizeof(padding));
}

void plan_build_free(struct plan_build *b)
{
	for (size_t i = 0; i < SECTION_COUNT; i++)
		vec_finish(&b->steps[i]);
	vec_finish(&b->registers);
	vec_finish(&b->hierarchies);
	vec_finish(&b->overlays);
	str_finish(&b->blob);
	free(b->pieces);
	memset(b, 0, sizeof(*b));
}

static void note_problem(struct plan_build *b, int problem)
{
	if (b->problem == 0)
		b->problem = problem;
}

/* The place of a piece in the table, or the free place where it belongs. */
static struct plan_build_piece *find_piece(struct plan_build *b, uint64_t hash, const void *bytes,
					   size_t length)
{
	size_t at = (size_t)hash & (b->piece_room - 1);

	while (b->pieces[at].offset) {
		const struct plan_build_piece *piece = &b->pieces[at];

		if (piece->hash == hash && piece->length == length &&
		    (!bytes || memcmp(b->blob.data + piece->offset, bytes, length) == 0))
			break;
		at = (at + 1) & (b->piece_room - 1);
	}
	return &b->pieces[at];
}

/* Keeps at least half of the table free. */
static bool make_piece_room(struct plan_build *b)
{
	struct plan_build_piece *old = b->pieces;
	size_t old_room = b->piece_room;

	if (2 * (b->piece_count + 1) <= old_room)
		return true;
	b->piece_room = old_room ? 2 * old_room : FIRST_PIECES;
	b->pieces = calloc(b->piece_room, sizeof(*b->pieces));
	if (!b->pieces) {
		b->pieces = old;
		b->piece_room = old_room;
		note_problem(b, -ENOMEM);
		return false;
	}
	for (size_t i = 0; i < old_room; i++) {
		size_t at = (size_t)old[i].hash & (b->piece_room - 1);

		if (!old[i].offset)
			continue;
		while (b->pieces[at].offset)
			at = (at + 1) & (b->piece_room - 1);
		b->pieces[at] = old[i];
	}
	free(old);
	return true;
}

/*
 * The offset of a piece that consists of these bytes, aligned as its kind asks. The alignment is
 * part of the hash: a text must not be taken for a list that happens to hold the same bytes.
 */
static uint32_t add_piece(struct plan_build *b, const void *bytes, size_t length, size_t alignment)
{
	struct plan_build_piece *piece;
	uint64_t hash;

	if (b->problem != 0 || !make_piece_room(b))
		return 0;
	if (length > PLAN_SIZE_MAX || b->blob.len + length + alignment > PLAN_SIZE_MAX) {
		note_problem(b, -EFBIG);
		return 0;
	}
	hash = hash_add(hash_add(HASH_START, &alignment, sizeof(alignment)), bytes, length);
	piece = find_piece(b, hash, bytes, length);
	if (piece->offset)
		return piece->offset;

	str_add_bytes(&b->blob, padding, (alignment - b->blob.len % alignment) % alignment);
	*piece = (struct plan_build_piece){hash, (uint32_t)b->blob.len, (uint32_t)length};
	b->piece_count++;
	str_add_bytes(&b->blob, bytes, length);
	if (str_failed(&b->blob)) {
		piece->offset = 0;
		note_problem(b, -ENOMEM);
		return 0;
	}
	return piece->offset;
}

uint32_t plan_build_text(struct plan_build *b, const char *text)
{
	return text && *text ? add_piece(b, text, strlen(text) + 1, sizeof(char)) : 0;
}

uint32_t plan_build_textf(struct plan_build *b, const char *fmt, ...)
{
	autostr text = {};
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	if (str_failed(&text)) {
		note_problem(b, -ENOMEM);
		return 0;
	}
	return plan_build_text(b, str_text(&text));
}

uint32_t plan_build_list(struct plan_build *b, const char *const *items)
{
	autostr list = {};
	uint32_t count = 0;

	while (items && items[count])
		count++;
	str_add_bytes(&list, &count, sizeof(count));
	for (uint32_t i = 0; i < count; i++)
		str_add_bytes(&list, items[i], strlen(items[i]) + 1);
	if (str_failed(&list)) {
		note_problem(b, -ENOMEM);
		return 0;
	}
	return add_piece(b, list.data, list.len, sizeof(count));
}

uint32_t plan_build_bytes(struct plan_build *b, const void *bytes, size_t length)
{
	const uint32_t head[2] = {(uint32_t)length, 0};
	autostr piece = {};

	if (length > PLAN_SIZE_MAX) {
		note_problem(b, -EFBIG);
		return 0;
	}
	str_add_bytes(&piece, head, sizeof(head));
	str_add_bytes(&piece, bytes, length);
	if (str_failed(&piece)) {
		note_problem(b, -ENOMEM);
		return 0;
	}
	return add_piece(b, piece.data, piece.len, BLOB_ALIGNMENT);
}

uint16_t plan_build_register(struct plan_build *b, enum register_kind kind, const char *name)
{
	struct plan_register *r;

	if (b->registers.count == PLAN_REGISTERS_MAX) {
		note_problem(b, -ENOSPC);
		return PLAN_NO_REGISTER;
	}
	r = vec_push(&b->registers);
	if (!r) {
		note_problem(b, -ENOMEM);
		return PLAN_NO_REGISTER;
	}
	r->kind = (uint8_t)kind;
	r->name = plan_build_text(b, name);
	return (uint16_t)(b->registers.count - 1);
}

static void add_reference(struct str *text, unsigned number)
{
	const unsigned char reference[] = {
		PLAN_REFERENCE,
		(unsigned char)(1 + number / 128),
		(unsigned char)(1 + number % 128),
	};

	str_add_bytes(text, reference, sizeof(reference));
}

void plan_add_reference(struct str *text, uint16_t register_number)
{
	assert(register_number < PLAN_REGISTERS_MAX);
	add_reference(text, register_number);
}

void plan_add_literal(struct str *text, const char *literal)
{
	for (; *literal; literal++) {
		if (*literal == PLAN_REFERENCE)
			add_reference(text, PLAN_LITERAL);
		else
			str_add_char(text, *literal);
	}
}

/* A text for people: visible as it is, or made so; the end of what nobody would read is cut off. */
static uint32_t add_visible(struct plan_build *b, const char *text)
{
	char buf[VISIBLE_ON_STACK];
	autofree char *heap = NULL;
	char *visible = buf;
	size_t room;

	if (!text || !*text)
		return 0;
	room = strlen(text) + 1;
	if (room <= PLAN_VISIBLE_MAX && utf8_is_visible(text, room - 1))
		return plan_build_text(b, text);
	room = VISIBLE_LARGEST * (room - 1) + 1;
	if (room > PLAN_VISIBLE_MAX)
		room = PLAN_VISIBLE_MAX;
	if (room > sizeof(buf)) {
		heap = malloc(room);
		if (!heap) {
			note_problem(b, -ENOMEM);
			return 0;
		}
		visible = heap;
	}
	utf8_copy_visible(visible, room, text);
	return plan_build_text(b, visible);
}

struct plan_step *plan_build_step(struct plan_build *b, enum plan_section section, enum plan_op op,
				  const char *object, const char *origin)
{
	const struct plan_op_row *row = &plan_op_rows[op];
	struct plan_step *step = vec_push(&b->steps[section]);

	if (!step) {
		note_problem(b, -ENOMEM);
		step = &b->spare;
		memset(step, 0, sizeof(*step));
	}
	step->op = (uint16_t)op;
	step->lane = (uint8_t)row->lane;
	step->in = PLAN_NO_REGISTER;
	step->out = PLAN_NO_REGISTER;
	for (size_t i = 0; i < PLAN_ARGUMENTS && row->arguments[i].name; i++)
		if (row->arguments[i].kind == ARGUMENT_REGISTER)
			step->arg[i] = PLAN_NO_REGISTER;
	step->object = add_visible(b, object);
	step->origin = add_visible(b, origin);
	return step;
}

static void move_offset(uint32_t *offset, uint32_t by)
{
	if (*offset)
		*offset += by;
}

static void move_step(struct plan_step *step, uint32_t by)
{
	const struct plan_op_row *row = &plan_op_rows[step->op];

	move_offset(&step->object, by);
	move_offset(&step->origin, by);
	for (size_t i = 0; i < PLAN_ARGUMENTS && row->arguments[i].name; i++) {
		uint8_t kind = row->arguments[i].kind;

		if (kind == ARGUMENT_NUMBER || kind == ARGUMENT_REGISTER)
			continue;
		if (step->arg[i])
			step->arg[i] += by;
	}
}

/* Offsets of the parts behind the header. False when there is not enough room for all. */
static bool lay_out(struct plan_build *b, struct plan *p)
{
	size_t at = sizeof(*p);

	for (size_t i = 0; i < SECTION_COUNT; i++) {
		p->sections[i].offset = (uint32_t)at;
		p->sections[i].count = (uint32_t)b->steps[i].count;
		at += b->steps[i].count * sizeof(struct plan_step);
	}
	p->registers.offset = (uint32_t)at;
	p->registers.count = (uint32_t)b->registers.count;
	at += b->registers.count * sizeof(struct plan_register);
	p->hierarchies.offset = (uint32_t)at;
	p->hierarchies.count = (uint32_t)b->hierarchies.count;
	at += b->hierarchies.count * sizeof(struct plan_hierarchy);
	p->overlays.offset = (uint32_t)at;
	p->overlays.count = (uint32_t)b->overlays.count;
	at += b->overlays.count * sizeof(struct plan_overlay);
	p->blob = (uint32_t)at;
	at += (b->blob.len + BLOB_ALIGNMENT - 1) / BLOB_ALIGNMENT * BLOB_ALIGNMENT;
	p->size = (uint32_t)at;
	return at <= PLAN_SIZE_MAX;
}

static void move_all(struct plan_build *b, struct plan *p)
{
	for (size_t i = 0; i < SECTION_COUNT; i++)
		for (size_t s = 0; s < b->steps[i].count; s++)
			move_step(&b->steps[i].items[s], p->blob);
	for (size_t i = 0; i < b->registers.count; i++)
		move_offset(&b->registers.items[i].name, p->blob);
	for (size_t i = 0; i < b->hierarchies.count; i++) {
		struct plan_hierarchy *h = &b->hierarchies.items[i];

		move_offset(&h->mount, p->blob);
		move_offset(&h->base, p->blob);
		move_offset(&h->controllers, p->blob);
	}
	for (size_t i = 0; i < b->overlays.count; i++) {
		move_offset(&b->overlays.items[i].key, p->blob);
		move_offset(&b->overlays.items[i].value, p->blob);
	}
	move_offset(&p->hook_environment, p->blob);
	move_offset(&p->devices, p->blob);
}

static int explain(const struct plan_build *b, int problem, struct err *e)
{
	if (problem == -ENOMEM)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the plan of a container");
	if (b->registers.count == PLAN_REGISTERS_MAX)
		err_set(e, ERR_PLAN_INVALID, -problem,
			"The plan needs more than %d descriptors and names", PLAN_REGISTERS_MAX);
	else if (b->hierarchies.count > PLAN_HIERARCHIES_MAX)
		err_set(e, ERR_PLAN_INVALID, -problem,
			"The plan needs more than %d cgroup hierarchies", PLAN_HIERARCHIES_MAX);
	else
		err_set(e, ERR_PLAN_INVALID, -problem, "The plan is larger than %d bytes",
			PLAN_SIZE_MAX);
	err_hint(e, "the configuration asks for too much at once: fewer network interfaces,"
		    " mount entries or hooks");
	return problem;
}

int plan_build_finish(struct plan_build *b, struct str *ret, struct err *e)
{
	struct plan p;
	size_t before = ret->len;

	/* Padding, too: the same input makes the same bytes. */
	memcpy(&p, &b->plan, sizeof(p));
	memcpy(p.magic, PLAN_MAGIC, sizeof(p.magic));
	p.format = PLAN_FORMAT;
	if (b->hierarchies.count > PLAN_HIERARCHIES_MAX)
		note_problem(b, -ENOSPC);
	if (str_failed(&b->blob))
		note_problem(b, -ENOMEM);
	if (!lay_out(b, &p))
		note_problem(b, -EFBIG);
	if (b->problem != 0)
		return explain(b, b->problem, e);

	move_all(b, &p);
	str_add_bytes(ret, &p, sizeof(p));
	for (size_t i = 0; i < SECTION_COUNT; i++)
		str_add_bytes(ret, b->steps[i].items, b->steps[i].count * sizeof(struct plan_step));
	str_add_bytes(ret, b->registers.items, b->registers.count * sizeof(struct plan_register));
	str_add_bytes(ret, b->hierarchies.items,
		      b->hierarchies.count * sizeof(struct plan_hierarchy));
	str_add_bytes(ret, b->overlays.items, b->overlays.count * sizeof(struct plan_overlay));
	str_add_bytes(ret, b->blob.data, b->blob.len);
	str_add_bytes(ret, padding, p.size - p.blob - b->blob.len);
	if (str_failed(ret)) {
		str_truncate(ret, before);
		return explain(b, -ENOMEM, e);
	}
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Building a plan: steps, registers and texts are added in any order, plan_build_finish() lays them
 * out. The same text is stored once. Used by the compiler only.
 *
 * Running out of memory and of room (PLAN_REGISTERS_MAX, PLAN_SIZE_MAX) is remembered and reported
 * by plan_build_finish(); until then every function may be called without checks.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "plan/ops.h"
#include "plan/plan.h"

struct plan_build_steps {
	VEC_OF(struct plan_step)
};
struct plan_build_registers {
	VEC_OF(struct plan_register)
};
struct plan_build_hierarchies {
	VEC_OF(struct plan_hierarchy)
};
struct plan_build_overlays {
	VEC_OF(struct plan_overlay)
};
/* Everything in the blob is a piece: a text, a list or bytes, with what stands before them. */
struct plan_build_piece {
	uint64_t hash;   /* of kind and content */
	uint32_t offset; /* in the blob; 0 = a free place of the table */
	uint32_t length; /* bytes */
};

struct plan_build {
	struct plan plan; /* flags, signals, roles and the like: set by the compiler */
	struct plan_build_steps steps[SECTION_COUNT];
	struct plan_build_registers registers;
	struct plan_build_hierarchies hierarchies;
	struct plan_build_overlays overlays;
	struct str blob; /* offsets into it are made offsets into the plan by finish() */
	struct plan_build_piece *pieces; /* hash table, open addressing, a power of two of places */
	size_t piece_count, piece_room;
	struct plan_step spare; /* what plan_build_step() hands out when memory is out */
	int problem;            /* 0, or the first negative errno */
};

void plan_build_init(struct plan_build *b);
void plan_build_free(struct plan_build *b);

/* Offsets for steps and tables: opaque until finish(). NULL and "" are 0. */
uint32_t plan_build_text(struct plan_build *b, const char *text);
uint32_t plan_build_textf(struct plan_build *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* `items` ends in NULL; an empty list is an offset other than 0. */
uint32_t plan_build_list(struct plan_build *b, const char *const *items);
uint32_t plan_build_bytes(struct plan_build *b, const void *bytes, size_t length);

/* A new register; its number. */
uint16_t plan_build_register(struct plan_build *b, enum register_kind kind, const char *name);

/* Append PLAN_REFERENCE to a text under construction. */
void plan_add_reference(struct str *text, uint16_t register_number);

/* Append a text that is none of ours to one that may hold references: nothing in it counts as one.
 */
void plan_add_literal(struct str *text, const char *literal);

/*
 * Append a step: lane and everything not given are the op's. The pointer is valid until the next
 * step is added to the section; never NULL. in, out and all register arguments are
 * PLAN_NO_REGISTER. Object and origin become visible texts: escapes take the place of control
 * characters and of bytes that are not UTF-8.
 */
struct plan_step *plan_build_step(struct plan_build *b, enum plan_section section, enum plan_op op,
				  const char *object, const char *origin);

/* Lay out and append to `ret`. 0, or negative with e set. The builder is to be freed as before. */
int plan_build_finish(struct plan_build *b, struct str *ret, struct err *e);

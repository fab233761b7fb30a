/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The error chain: building, checking and showing it. Nothing here allocates but the rendering,
 * which grows the caller's string.
 *
 * Texts are made visible (one line, UTF-8, no control characters) when they enter the chain, so
 * that nothing that shows them later has to. A chain that had to drop something is sealed: its
 * text area counts as full, and all that would complete the dropped frame is dropped too instead
 * of landing on another one.
 */

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/names.h"
#include "base/str.h"
#include "base/utf8.h"

enum {
	ERRNO_LARGEST = 4095, /* MAX_ERRNO of the kernel */
	TEXT_USEFUL = 16,     /* less room than this is no room */
	RAW_MAX = ERR_TEXT_LONGEST + 1,
};

#define ERR_ID_NAME(id, name) [id] = (name),
static const char *const id_names[ERR_ID_COUNT] = {ERR_IDS(ERR_ID_NAME)};
#undef ERR_ID_NAME

const char *err_name(unsigned id)
{
	return id < ERR_ID_COUNT ? id_names[id] : "unknown";
}

void err_clear(struct err *e)
{
	if (e)
		memset(e, 0, sizeof(*e));
}

static void seal(struct err *e)
{
	memset(e->text + e->text_used, 0, ERR_TEXT_MAX - (size_t)e->text_used);
	e->text_used = ERR_TEXT_MAX;
	if (e->dropped < UINT16_MAX)
		e->dropped++;
}

/* Adds a text to the chain and returns its offset: 0 when it is empty or found no room. */
static uint16_t add_text(struct err *e, const char *raw)
{
	uint16_t offset = e->text_used ? e->text_used : 1;
	size_t room = (size_t)ERR_TEXT_MAX - offset;

	if (raw[0] == '\0')
		return 0;
	if (room < TEXT_USEFUL) {
		seal(e);
		return 0;
	}
	if (room > ERR_TEXT_LONGEST)
		room = ERR_TEXT_LONGEST;
	e->text_used = (uint16_t)(offset + 1 + utf8_copy_visible(e->text + offset, room, raw));
	return offset;
}

/* What is cut here is longer than a text may be: it is cut again, visibly. */
static void format_raw(char raw[RAW_MAX], const char *fmt, va_list ap)
{
	if (vsnprintf(raw, RAW_MAX, fmt, ap) < 0)
		raw[0] = '\0';
}

static void start(struct err *e, enum err_id id, int errnum, const char *raw)
{
	err_clear(e);
	e->id = (uint16_t)id;
	e->code = errnum ? -errnum : -EINVAL;
	e->frame_count = 1;
	e->frames[0].errnum = errnum;
	e->frames[0].what = add_text(e, raw);
}

int err_set(struct err *e, enum err_id id, int errnum, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list ap;

	if (errnum < 0 || errnum > ERRNO_LARGEST)
		errnum = EINVAL;
	if (!e)
		return errnum ? -errnum : -EINVAL;

	/* Formatted before the chain is emptied: the arguments may be texts of this very chain. */
	va_start(ap, fmt);
	format_raw(raw, fmt, ap);
	va_end(ap);
	start(e, id, errnum, raw);
	return e->code;
}

int err_wrap(struct err *e, int code, const char *fmt, ...)
{
	char raw[RAW_MAX];
	uint16_t what;
	va_list ap;

	if (code >= 0 || code < -ERRNO_LARGEST)
		code = -EIO;
	if (!e)
		return code;

	va_start(ap, fmt);
	format_raw(raw, fmt, ap);
	va_end(ap);

	if (e->frame_count == 0) {
		start(e, ERR_SYSTEM, -code, raw);
		return e->code;
	}
	if (e->frame_count == ERR_FRAMES_MAX) {
		seal(e);
		return e->code;
	}
	what = add_text(e, raw);
	if (what != 0)
		e->frames[e->frame_count++] = (struct err_frame){.what = what};
	return e->code;
}

/* The frame that was added last, or NULL: there is none, or the last one was dropped. */
static struct err_frame *last_frame(struct err *e)
{
	if (!err_is_set(e))
		return NULL;
	if (e->text_used == ERR_TEXT_MAX) {
		seal(e);
		return NULL;
	}
	return &e->frames[e->frame_count - 1];
}

void err_object(struct err *e, const char *object)
{
	struct err_frame *frame = last_frame(e);

	if (frame)
		frame->object = add_text(e, object);
}

void err_origin(struct err *e, const char *fmt, ...)
{
	struct err_frame *frame = last_frame(e);
	char raw[RAW_MAX];
	va_list ap;

	if (!frame)
		return;
	va_start(ap, fmt);
	format_raw(raw, fmt, ap);
	va_end(ap);
	frame->origin = add_text(e, raw);
}

void err_hint(struct err *e, const char *fmt, ...)
{
	struct err_frame *frame = last_frame(e);
	char raw[RAW_MAX];
	va_list ap;

	if (!frame)
		return;
	va_start(ap, fmt);
	format_raw(raw, fmt, ap);
	va_end(ap);
	frame->hint = add_text(e, raw);
}

void err_step(struct err *e, int step)
{
	struct err_frame *frame = last_frame(e);

	if (frame)
		frame->step = step;
}

const char *err_text_at(const struct err *e, uint16_t offset)
{
	return e && offset < e->text_used ? e->text + offset : "";
}

const char *err_cause(const struct err *e)
{
	return err_is_set(e) ? err_text_at(e, e->frames[0].what) : "";
}

const char *err_advice(const struct err *e)
{
	return err_is_set(e) ? err_text_at(e, e->frames[0].hint) : "";
}

/* Whether the cause's own words end in those of its errno: "open_tree: No such file or directory".
 */
static bool tells_errno(const struct err *e)
{
	char room[ERRNO_TEXT_MAX];

	return text_ends(err_text_at(e, e->frames[0].what), errno_text(e->frames[0].errnum, room));
}

/* Without the line's end: "step 21: bind x on y: object      (config:31 lxc.mount.entry)". */
static void render_frame(const struct err *e, const struct err_frame *frame, struct str *out)
{
	/* Lanes say "step 21 of 36" themselves. */
	if (frame->step > 0 && !text_after(err_text_at(e, frame->what), "step "))
		str_addf(out, "step %d: ", frame->step);
	str_add(out, err_text_at(e, frame->what));
	if (frame->object != 0)
		str_addf(out, ": %s", err_text_at(e, frame->object));
	if (frame->origin != 0)
		str_addf(out, "      (%s)", err_text_at(e, frame->origin));
}

void err_render_text(const struct err *e, struct str *out)
{
	char room[ERRNO_TEXT_MAX];

	if (!err_is_set(e))
		return;

	for (unsigned i = e->frame_count; i-- > 0;) {
		render_frame(e, &e->frames[i], out);
		if (i > 0)
			str_add(out, "\n  ");
	}
	if (e->frames[0].errnum > 0 && !tells_errno(e))
		str_addf(out, "\n  %s", errno_text(e->frames[0].errnum, room));
	if (e->dropped > 0)
		str_addf(out, "\n  (%u further details found no room)", e->dropped);
	for (unsigned i = 0; i < e->frame_count; i++) {
		if (e->frames[i].hint != 0)
			str_addf(out, "\n  hint: %s", err_text_at(e, e->frames[i].hint));
	}
}

static void add_member(struct json *j, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	json_name(j, name);
	json_add_string(j, text);
}

static void add_number(struct json *j, const char *name, int number)
{
	if (number == 0)
		return;
	json_name(j, name);
	json_add_int(j, number);
}

void err_add_json(const struct err *e, struct json *j)
{
	json_open_object(j);
	add_member(j, "name", err_name(e ? e->id : ERR_NONE));
	json_name(j, "errno");
	json_add_int(j, err_is_set(e) ? e->frames[0].errnum : 0);
	json_name(j, "frames");
	json_open_array(j);
	for (unsigned i = e ? e->frame_count : 0; i-- > 0;) {
		const struct err_frame *frame = &e->frames[i];

		json_open_object(j);
		json_name(j, "what");
		json_add_string(j, err_text_at(e, frame->what));
		add_member(j, "object", err_text_at(e, frame->object));
		add_member(j, "origin", err_text_at(e, frame->origin));
		add_member(j, "hint", err_text_at(e, frame->hint));
		add_number(j, "step", frame->step);
		add_number(j, "errno", frame->errnum);
		json_close_object(j);
	}
	json_close_array(j);
	add_number(j, "dropped", e ? e->dropped : 0);
	json_close_object(j);
}

void err_render_json(const struct err *e, struct str *out)
{
	struct json j;

	json_init(&j, out, 0);
	err_add_json(e, &j);
	json_finish(&j);
}

static bool is_frame_valid(const struct err *e, const struct err_frame *frame)
{
	return frame->errnum >= 0 && frame->errnum <= ERRNO_LARGEST && frame->step >= 0 &&
	       (frame->what == 0 || frame->what < e->text_used) &&
	       (frame->object == 0 || frame->object < e->text_used) &&
	       (frame->origin == 0 || frame->origin < e->text_used) &&
	       (frame->hint == 0 || frame->hint < e->text_used);
}

/* Every text is terminated and visible. An offset into the middle of a character is let through. */
static bool is_text_valid(const struct err *e)
{
	size_t at = 0;

	if (e->text_used > ERR_TEXT_MAX)
		return false;
	if (e->text_used == 0)
		return true;
	if (e->text[0] != '\0' || e->text[e->text_used - 1] != '\0')
		return false;
	while (at < e->text_used) {
		size_t len = strlen(e->text + at);

		if (!utf8_is_visible(e->text + at, len))
			return false;
		at += len + 1;
	}
	return true;
}

bool err_is_valid(const struct err *e)
{
	if (e->frame_count > ERR_FRAMES_MAX || !is_text_valid(e))
		return false;
	if (e->frame_count == 0 ? e->code != 0 : e->code >= 0 || e->code < -ERRNO_LARGEST)
		return false;
	for (unsigned i = 0; i < e->frame_count; i++) {
		if (!is_frame_valid(e, &e->frames[i]))
			return false;
	}
	return true;
}

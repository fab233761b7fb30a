/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The error chain: how a failure explains itself.
 *
 * A function that explains takes a last parameter `struct err *e` (which may be NULL: nobody wants
 * to know). The place that fails calls err_set(); callers that know more about the intent add an
 * outer frame with err_wrap() and hand the same negative number on. What is shown at the end reads
 * from the outermost intent to the innermost cause.
 *
 * struct err holds no pointers and owns nothing: it may be copied, sent through a socket and thrown
 * away. A chain that grows beyond its room drops outer detail, never the cause, and says so; a text
 * that is longer than its share, or than the room left, ends in "…". Texts become visible ones as
 * they enter: control characters and bytes that are not UTF-8 turn into escapes, so that each is
 * one line and can be shown anywhere.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;
struct str;

/*
 * Stable names: programs may compare them, so they are never renamed. One row each:
 * constant, name.
 */
#define ERR_IDS(X)                                                \
	X(ERR_NONE, "none")                                       \
	X(ERR_NO_MEMORY, "out-of-memory")                         \
	X(ERR_SYSTEM, "system-call-failed")                       \
	X(ERR_FILE_OPEN, "file-open-failed")                      \
	X(ERR_FILE_READ, "file-read-failed")                      \
	X(ERR_FILE_WRITE, "file-write-failed")                    \
	X(ERR_FILE_TOO_LARGE, "file-too-large")                   \
	X(ERR_USAGE, "usage")                                     \
	X(ERR_CONFIG_SYNTAX, "config-syntax")                     \
	X(ERR_CONFIG_KEY_UNKNOWN, "config-key-unknown")           \
	X(ERR_CONFIG_KEY_MALFORMED, "config-key-malformed")       \
	X(ERR_CONFIG_KEY_UNSUITED, "config-key-unsuited")         \
	X(ERR_CONFIG_VALUE_INVALID, "config-value-invalid")       \
	X(ERR_CONFIG_VALUE_TOO_LONG, "config-value-too-long")     \
	X(ERR_CONFIG_VALUE_UNWRITABLE, "config-value-unwritable") \
	X(ERR_CONFIG_CONFLICT, "config-conflict")                 \
	X(ERR_CONFIG_INCOMPLETE, "config-incomplete")             \
	X(ERR_CONFIG_DEPRECATED, "config-deprecated")             \
	X(ERR_CONFIG_NO_COUNTERPART, "config-no-counterpart")     \
	X(ERR_CONFIG_IGNORED, "config-ignored")                   \
	X(ERR_CONFIG_INCLUDE_LOOP, "config-include-loop")         \
	X(ERR_CONFIG_INCLUDE_DEPTH, "config-include-depth")       \
	X(ERR_CONFIG_ENVIRONMENT, "config-environment-missing")   \
	X(ERR_MOUNT_ENTRY, "mount-entry-invalid")                 \
	X(ERR_SECCOMP_POLICY, "seccomp-policy-invalid")           \
	X(ERR_DEVICE_RULE, "device-rule-invalid")                 \
	X(ERR_ID_MAP, "id-map-invalid")                           \
	X(ERR_SYSTEM_CONFIG, "system-config-invalid")             \
	X(ERR_CONFIG_UNSUPPORTED, "config-unsupported")           \
	X(ERR_PLAN_INVALID, "plan-invalid")                       \
	X(ERR_STEP_FAILED, "step-failed")                         \
	X(ERR_MOUNT_SOURCE_MISSING, "mount-source-missing")       \
	X(ERR_MOUNT_TARGET_MISSING, "mount-target-missing")       \
	X(ERR_MOUNT_FAILED, "mount-failed")                       \
	X(ERR_CGROUP_FAILED, "cgroup-failed")                     \
	X(ERR_NETWORK_FAILED, "network-failed")                   \
	X(ERR_HOOK_FAILED, "hook-failed")                         \
	X(ERR_EXEC_FAILED, "exec-failed")                         \
	X(ERR_CLONE_FAILED, "clone-failed")                       \
	X(ERR_ID_MAP_REFUSED, "id-map-refused")                   \
	X(ERR_SECCOMP_FAILED, "seccomp-failed")                   \
	X(ERR_CHILD_DIED, "child-died")                           \
	X(ERR_ROOTFS, "rootfs-unusable")                          \
	X(ERR_NOT_RUNNING, "not-running")                         \
	X(ERR_ALREADY_RUNNING, "already-running")                 \
	X(ERR_NOT_DEFINED, "not-defined")                         \
	X(ERR_ALREADY_DEFINED, "already-defined")                 \
	X(ERR_CREATING, "creation-in-progress")                   \
	X(ERR_PERMISSION, "not-permitted")                        \
	X(ERR_NO_ANSWER, "no-answer")                             \
	X(ERR_PROTOCOL, "protocol-violation")                     \
	X(ERR_TEMPLATE_FAILED, "template-failed")                 \
	X(ERR_STORAGE, "storage-failed")                          \
	X(ERR_RECORD, "run-record-invalid")                       \
	X(ERR_UNSUPPORTED, "not-supported")                       \
	X(ERR_TTY_DENIED, "tty-denied")

#define ERR_ID_CONSTANT(id, name) id,
enum err_id {
	ERR_IDS(ERR_ID_CONSTANT) ERR_ID_COUNT,
};
#undef ERR_ID_CONSTANT

enum {
	ERR_FRAMES_MAX = 8,
	ERR_TEXT_MAX = 3072, /* bytes for all texts of a chain, terminators included */
	ERR_TEXT_LONGEST = ERR_TEXT_MAX / 4, /* of one text: what, object, origin and hint fit */
};

/* One level of the explanation. Texts are offsets into err.text; offset 0 is the empty text. */
struct err_frame {
	int32_t errnum;  /* errno value of the failing call, positive; 0 = no call failed */
	int32_t step;    /* number of the plan step, from 1; 0 = none */
	uint16_t what;   /* what was attempted or found */
	uint16_t object; /* the object it is about, when `what` does not name it already */
	uint16_t origin; /* "FILE:LINE" or "FILE:LINE KEY": who asked for it */
	uint16_t hint;   /* what the reader can do about it */
};

/* All zero is the empty chain. frames[0] is the innermost: the cause. */
struct err {
	uint16_t id;          /* enum err_id of the cause */
	uint16_t frame_count; /* frames in use */
	uint16_t text_used;   /* bytes of text in use */
	uint16_t dropped;     /* frames and texts that found no room */
	int32_t code;         /* the negative number that travels up the call chain */
	struct err_frame frames[ERR_FRAMES_MAX];
	char text[ERR_TEXT_MAX];
};

/* The stable name of an id; "unknown" for a number outside the table (a newer peer's record). */
const char *err_name(unsigned id);

static inline bool err_is_set(const struct err *e)
{
	return e && e->frame_count > 0;
}

/* Empty the chain. */
void err_clear(struct err *e);

/*
 * Start a chain: the cause, in words that name the object. `errnum` is a positive errno value, or 0
 * when no system call failed. Whatever the chain held is gone. Returns -errnum, or -EINVAL for 0:
 * the caller returns this number.
 */
int err_set(struct err *e, enum err_id id, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Add an outer frame that tells what the caller was doing. Returns the chain's number. On an empty
 * chain (a plain function failed and nobody explained it) this frame becomes the cause, of id
 * ERR_SYSTEM and errno -`code`. There, and when e is NULL, `code` is returned, or -EIO for a `code`
 * that is not negative.
 */
int err_wrap(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* These complete the frame added last. On an empty chain they do nothing. */
void err_object(struct err *e, const char *object);
void err_origin(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_step(struct err *e, int step);

/* The text at an offset, "" for any offset that is not inside the chain's own text. */
const char *err_text_at(const struct err *e, uint16_t offset);

/* The cause in one line without its errno: for places that print one line. "" when empty. */
const char *err_cause(const struct err *e);
/* Its hint; "" when there is none. */
const char *err_advice(const struct err *e);

/*
 * The whole chain as text: the outermost frame first, each on its own line and, below the first,
 * indented by two blanks; an origin in parentheses behind its frame; the text of the cause's errno
 * on a line of its own, unless the cause's words end in it; hints last. No newline at the end;
 * nothing for an empty chain.
 */
void err_render_text(const struct err *e, struct str *out);

/*
 * The whole chain as one JSON object: {"name", "errno", "frames": [{"what", ...}]}, the outermost
 * frame first. Members of a frame but "what" ("object", "origin", "hint", "step", "errno"), and
 * "dropped" of the chain, are left out when there is nothing to say. err_add_json() adds the object
 * as the next value of a document.
 */
void err_render_json(const struct err *e, struct str *out);
void err_add_json(const struct err *e, struct json *j);

/*
 * True when the bytes are a well-formed chain (counts, offsets and terminators inside their
 * bounds, texts visible): to be asked of every chain that arrives from another process.
 */
bool err_is_valid(const struct err *e);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control socket's server: the bytes are a script of what up to four clients do at the same
 * time: connect, send some bytes (with descriptors, as somebody else), read, hang up in either
 * way, let time pass; and of states that the container enters meanwhile. Whatever happens, nothing
 * is left open, the count of connections is right, and an honest client is answered at the end.
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "supervisor/supervisor_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = 4, DESCRIPTORS_LOOKED_AT = 128 };

enum action {
	ACTION_SEND,
	ACTION_SEND_DESCRIPTOR,
	ACTION_SEND_AS,
	ACTION_CONNECT,
	ACTION_CLOSE,
	ACTION_SHUT,
	ACTION_READ,
	ACTION_EXPIRE,
	ACTION_STATE,
	ACTION_SERVE,
	ACTION_COUNT,
};

struct script {
	const uint8_t *at, *end;
};

static uint8_t take(struct script *script)
{
	return script->at < script->end ? *script->at++ : 0;
}

static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS_LOOKED_AT; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A length, and so many bytes. */
static size_t take_piece(struct script *script, char *ret)
{
	size_t left = (size_t)(script->end - script->at) - (script->at < script->end);
	size_t length = take(script);

	if (length > left)
		length = left;
	memcpy(ret, script->at, length);
	script->at += length;
	return length;
}

static void send_with(int fd, struct script *script, int type, const void *extra, size_t extra_size)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(64)];
	} ancillary = {0};
	struct msghdr message = {0};
	char bytes[UINT8_MAX];
	struct iovec from = {.iov_base = bytes};

	from.iov_len = take_piece(script, bytes);
	if (from.iov_len == 0)
		return;
	message.msg_iov = &from;
	message.msg_iovlen = 1;
	if (extra) {
		ancillary.header.cmsg_level = SOL_SOCKET;
		ancillary.header.cmsg_type = type;
		ancillary.header.cmsg_len = CMSG_LEN(extra_size);
		memcpy(CMSG_DATA(&ancillary.header), extra, extra_size);
		message.msg_control = ancillary.bytes;
		message.msg_controllen = CMSG_SPACE(extra_size);
	}
	sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Whatever came, with what descriptors. */
static void read_all(int fd)
{
	char bytes[16384];
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} ancillary;

	for (;;) {
		struct iovec into = {.iov_base = bytes, .iov_len = sizeof(bytes)};
		struct msghdr message = {.msg_iov = &into,
					 .msg_iovlen = 1,
					 .msg_control = ancillary.bytes,
					 .msg_controllen = sizeof(ancillary.bytes)};

		if (recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
			return;
		for (struct cmsghdr *m = CMSG_FIRSTHDR(&message); m; m = CMSG_NXTHDR(&message, m)) {
			size_t count = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);

			for (size_t i = 0; m->cmsg_type == SCM_RIGHTS && i < count; i++) {
				int got;

				memcpy(&got, CMSG_DATA(m) + i * sizeof(got), sizeof(got));
				close(got);
			}
		}
	}
}

static void make_late(struct supervisor *s, struct connection *c, void *context)
{
	if (c->deadline != USEC_INFINITY)
		c->deadline = 1;
}

static void enter_state(struct fixture *f, unsigned state)
{
	if (state_may_follow(atomic_load(&f->record->state), state))
		state_enter(&f->s, state);
	/* Only while the container runs is anything answered. */
	if (!state_may_follow(atomic_load(&f->record->state), STATE_STOPPING))
		atomic_store(&f->record->state, STATE_RUNNING);
}

static void act(struct fixture *f, int *fd, unsigned action, struct script *script)
{
	const struct ucred stranger = {.pid = getpid(), .uid = getuid() ? getuid() : 1234};
	int descriptors[] = {STDIN_FILENO, STDIN_FILENO, STDIN_FILENO};

	if (*fd < 0 && action != ACTION_EXPIRE && action != ACTION_STATE)
		*fd = fixture_connect(f);
	switch ((enum action)action) {
	case ACTION_SEND:
		send_with(*fd, script, 0, NULL, 0);
		break;
	case ACTION_SEND_DESCRIPTOR:
		send_with(*fd, script, SCM_RIGHTS, descriptors, sizeof(descriptors));
		break;
	case ACTION_SEND_AS:
		send_with(*fd, script, SCM_CREDENTIALS, &stranger, sizeof(stranger));
		break;
	case ACTION_CLOSE:
		close(*fd);
		*fd = -1;
		break;
	case ACTION_SHUT:
		shutdown(*fd, take(script) & 1 ? SHUT_WR : SHUT_RD);
		break;
	case ACTION_READ:
		read_all(*fd);
		break;
	case ACTION_EXPIRE:
		control_each(&f->s, make_late, NULL);
		control_expire(&f->s);
		break;
	case ACTION_STATE:
		enter_state(f, take(script) % STATE_COUNT);
		break;
	case ACTION_SERVE:
		control_serve(&f->s, take(script) & 1);
		break;
	case ACTION_CONNECT:
	case ACTION_COUNT:
		break;
	}
}

static void ask_honestly(struct fixture *f)
{
	const struct wire_request request = {.command = WIRE_GET_NAME};
	char answer[sizeof(struct wire_answer) + 8];
	int fd = fixture_connect(f);

	control_serve(&f->s, true);
	assert(send(fd, &request, sizeof(request), MSG_NOSIGNAL) == sizeof(request));
	fixture_pump(f);
	assert(recv(fd, answer, sizeof(answer), MSG_DONTWAIT) == sizeof(struct wire_answer) + 3);
	assert(memcmp(answer + sizeof(struct wire_answer), "w1", 3) == 0);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {.at = data, .end = data + size};
	int before = count_descriptors();
	int fds[CLIENTS] = {-1, -1, -1, -1};
	struct fixture f;

	fixture_open(&f, "/nonexistent/v1", "/nonexistent/v2");
	f.s.run.target = TARGET_REBOOT;
	log_set_quiet(true);
	fixture_set_fd(&f, FIXTURE_TTY1, open("/dev/null", O_RDWR | O_CLOEXEC));
	fixture_set_fd(&f, FIXTURE_DEVPTS, open("/dev", O_RDONLY | O_CLOEXEC));
	console_ring_open(&f.s.console.ring, 4096);
	console_ring_add(&f.s.console.ring, "what the container said", 23);
	while (script.at < script.end) {
		uint8_t what = take(&script);

		act(&f, &fds[what % CLIENTS], what / CLIENTS % ACTION_COUNT, &script);
		fixture_pump(&f);
	}
	ask_honestly(&f);
	for (int i = 0; i < CLIENTS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	fixture_pump(&f);
	assert(f.s.control.count == 0 && f.s.control.stranger_count == 0);
	console_ring_close(&f.s.console.ring);
	fixture_close(&f);
	assert(count_descriptors() == before);
	return 0;
}

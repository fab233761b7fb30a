/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * State clients (wire.md §7): a connection on which the supervisor tells one change of state, and
 * whose end means that the container is gone.
 */

#include "container/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"

int control_watch(const struct container *c, const int32_t interest[WIRE_STATES], usec_t deadline,
		  int *ret_fd, unsigned *ret_state, struct err *e)
{
	autoclose int fd = -EBADF;
	const struct control_request q = {.command = WIRE_ADD_STATE_CLIENT,
					  .payload = interest,
					  .length = WIRE_STATES * sizeof(interest[0]),
					  .deadline = deadline == USEC_INFINITY ? 0 : deadline,
					  .ret_fd = &fd};
	struct client_answer answer;
	int r = control_call(c, &q, &answer, e);

	if (r == CLIENT_UNSUPPORTED)
		return CLIENT_STOPPED; /* every server knows this command: it went away */
	if (r != 0)
		return r;
	client_answer_finish(&answer);
	if (answer.ret == -EPERM)
		return control_denied(c, e);
	if (answer.ret < 0)
		return err_set(e, ERR_PROTOCOL, -answer.ret,
			       "container \"%s\" refuses to tell of its state", c->name);
	if (answer.ret > STATE_COUNT)
		return err_set(e, ERR_PROTOCOL, EPROTO,
			       "container \"%s\" answered with a state that does not exist: %d",
			       c->name, answer.ret);
	*ret_fd = take_fd(fd);
	*ret_state = (unsigned)answer.ret;
	return 0;
}

static int poll_until(int fd, usec_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		usec_t left = time_left(deadline);
		usec_t msec = left / USEC_PER_MSEC + (left % USEC_PER_MSEC != 0);
		int n = poll(&p, 1,
			     left == USEC_INFINITY ? -1
						   : (int)(msec > INT32_MAX ? INT32_MAX : msec));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (time_left(deadline) == 0)
			return -ETIMEDOUT;
	}
}

int control_watch_wait(const struct container *c, int fd, usec_t deadline, struct err *e)
{
	struct wire_message message = {0};
	char *at = (char *)&message;
	size_t got = 0;

	while (got < sizeof(message)) {
		ssize_t n;
		int r = poll_until(fd, deadline);

		if (r == -ETIMEDOUT)
			return r;
		if (r < 0)
			return err_set(e, ERR_SYSTEM, -r, "cannot wait for container \"%s\"",
				       c->name);
		n = recv(fd, at + got, sizeof(message) - got, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && (errno == ECONNRESET || errno == EPIPE)))
			return STATE_STOPPED;
		if (n > 0)
			got += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return err_set(e, ERR_SYSTEM, errno,
				       "cannot wait for container \"%s\" to change its state",
				       c->name);
	}
	if (message.type != WIRE_MESSAGE_STATE || message.value < 0 || message.value >= STATE_COUNT)
		return err_set(e, ERR_PROTOCOL, EPROTO,
			       "container \"%s\" told of a state that does not exist: %d", c->name,
			       message.value);
	return message.value;
}

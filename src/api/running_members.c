/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members that ask a running container (spec/api.md §7, spec/runtime.md §19).
 */

#include "api/object.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const char *state(struct lxc_container *c)
{
	enum container_state now = STATE_STOPPED;
	struct err e = {0};

	if (!c)
		return NULL;
	if (container_state(object_container(c), c->rcv_timeout, &now, &e) < 0) {
		object_explain(c, &e, "the container does not answer");
		return "INVALID STATE";
	}
	return container_state_name(now);
}

int lxc_get_wait_states(const char **states)
{
	for (unsigned i = 0; states && i < STATE_COUNT; i++)
		states[i] = container_state_name(i);
	return STATE_COUNT;
}

static bool is_running(struct lxc_container *c)
{
	const char *word = state(c);

	return word && strcmp(word, container_state_name(STATE_STOPPED)) != 0;
}

static pid_t init_pid(struct lxc_container *c)
{
	struct err e = {0};
	pid_t pid = 0;

	if (!c)
		return -1;
	if (container_init_pid(object_container(c), &pid, &e) == 0 && pid <= 0)
		err_set(&e, ERR_NOT_RUNNING, 0, "container \"%s\" is not running", c->name);
	if (pid > 0)
		return pid;
	object_explain(c, &e, "cannot ask for the pid of init");
	return -1;
}

typedef int (*descriptor_fn)(struct container *container, struct err *e);

/* A descriptor that the supervisor hands out, or the negative errno. */
static int ask_descriptor(struct lxc_container *c, descriptor_fn ask)
{
	struct err e = {0};
	int fd;

	if (!c)
		return -EBADF;
	fd = ask(object_container(c), &e);
	if (fd < 0)
		object_explain(c, &e, "the container has no such descriptor");
	return fd;
}

static int init_pidfd(struct lxc_container *c)
{
	return ask_descriptor(c, container_init_pidfd);
}

static int devpts_fd(struct lxc_container *c)
{
	return ask_descriptor(c, container_devpts_fd);
}

static int seccomp_notify_fd_active(struct lxc_container *c)
{
	return ask_descriptor(c, container_seccomp_fd);
}

/* The listener of this object's own start: the supervisor has it, never we. */
static int seccomp_notify_fd(struct lxc_container *c)
{
	if (c)
		object_explain_usage(c,
				     "this object holds no seccomp listener: the supervisor does "
				     "(seccomp_notify_fd_active)");
	return -EBADF;
}

static bool wait_for(struct lxc_container *c, const char *states, int timeout)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	if (!states) {
		object_explain_usage(c, "waiting needs a state to wait for");
		return false;
	}
	r = container_wait(object_container(c), states, timeout, &e);
	if (r == 1)
		err_set(&e, ERR_NO_ANSWER, 0, "%s did not reach %s within %d second%s", c->name,
			states, timeout, timeout == 1 ? "" : "s");
	if (r != 0)
		object_explain(c, &e, "cannot wait for a state");
	return r == 0;
}

static bool may_control(struct lxc_container *c)
{
	struct err e = {0};

	if (!c)
		return false;
	if (container_may_control(object_container(c), &e) >= 0)
		return true;
	object_explain(c, &e, "not allowed to control the container");
	return false;
}

static char *get_running_config_item(struct lxc_container *c, const char *key)
{
	autostr value = {0};
	struct err e = {0};
	int r;

	if (!c)
		return NULL;
	if (!key) {
		object_explain_usage(c, "a configuration item needs a key");
		return NULL;
	}
	if (!object_has_config(c))
		return NULL;
	r = container_running_item(object_container(c), key, &value, &e);
	if (r == 0 && !str_failed(&value) && value.len > 0)
		return str_take(&value);
	if (r >= 0)
		err_set(&e, ERR_NOT_RUNNING, 0,
			"container \"%s\" does not run, or has no value of \"%s\"", c->name, key);
	object_explain(c, &e, "");
	return NULL;
}

static int get_cgroup_item(struct lxc_container *c, const char *subsys, char *retv, int inlen)
{
	autostr value = {0};
	struct err e = {0};
	int r;

	if (!c)
		return -1;
	if (!subsys || inlen < 0) {
		object_explain_usage(c, "a cgroup item needs a name and a length of 0 or more");
		return -1;
	}
	r = container_get_cgroup_item(object_container(c), subsys, &value, &e);
	if (r >= 0)
		r = object_copy_out(&value, retv, inlen);
	if (r < 0)
		object_explain(c, &e, "cannot read the cgroup file");
	return r == -ESRCH ? -1 : r;
}

static bool set_cgroup_item(struct lxc_container *c, const char *subsys, const char *value)
{
	struct err e = {0};

	if (!c)
		return false;
	if (!subsys || !value) {
		object_explain_usage(c, "a cgroup item needs a name and a value");
		return false;
	}
	if (container_set_cgroup_item(object_container(c), subsys, value, &e) >= 0)
		return true;
	object_explain(c, &e, "cannot write the cgroup file");
	return false;
}

/* A list of malloced strings that ends in NULL. */
struct texts {
	VEC_OF(char *)
};

static void free_texts(struct texts *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	vec_finish(list);
}

/* One more string, unless it is in the list; false when memory is out. */
static bool add_text(struct texts *list, const char *text)
{
	char **slot;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	slot = (char **)vec_push(list);
	if (!slot)
		return false;
	*slot = strdup(text);
	return *slot != NULL;
}

static void explain_stopped(struct lxc_container *c, struct err *e)
{
	if (!err_is_set(e))
		err_set(e, ERR_NOT_RUNNING, 0, "container \"%s\" is not running", c->name);
	object_explain(c, e, "");
}

/* The list as the caller gets it; NULL when it is empty. */
static char **hand_out(struct lxc_container *c, struct texts *list)
{
	char **slot = list->count > 0 ? (char **)vec_push(list) : NULL;

	if (!slot) {
		object_explain(c, NULL, list->count > 0 ? "out of memory" : "there are none");
		free_texts(list);
		return NULL;
	}
	*slot = NULL;
	return list->items;
}

static char **get_interfaces(struct lxc_container *c)
{
	struct container_names names = {0};
	struct texts list = {0};
	struct err e = {0};

	if (!c)
		return NULL;
	if (container_interfaces(object_container(c), &names, &e) != 0) {
		explain_stopped(c, &e);
		return NULL;
	}
	for (size_t i = 0; i < names.count; i++) {
		if (!add_text(&list, names.items[i])) {
			free_texts(&list);
			break;
		}
	}
	container_names_finish(&names);
	return hand_out(c, &list);
}

/* As sin6_scope_id has it (ipv6(7)): link-local addresses name their interface. */
static int scope_id(const struct record_address *address)
{
	struct in6_addr in6;

	memcpy(&in6, address->address, sizeof(in6));
	return address->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&in6) ? (int)address->ifindex
									  : 0;
}

/* Whether get_ips() was asked for this address. */
static bool is_wanted(const struct record_address *address, const char *interface,
		      const char *family, int scope)
{
	if (interface && strcmp(address->interface, interface) != 0)
		return false;
	if (!interface && strcmp(address->interface, "lo") == 0)
		return false;
	if (family && strcmp(family, "inet") == 0 && address->family != AF_INET)
		return false;
	if (family && strcmp(family, "inet6") == 0 && address->family != AF_INET6)
		return false;
	return address->family == AF_INET || scope_id(address) == scope;
}

static char **get_ips(struct lxc_container *c, const char *interface, const char *family, int scope)
{
	char text[INET6_ADDRSTRLEN];
	struct container_run run;
	struct texts list = {0};
	struct err e = {0};

	if (!c)
		return NULL;
	if (container_look(object_container(c), &run, &e) != 0) {
		explain_stopped(c, &e);
		return NULL;
	}
	for (size_t i = 0; i < run.address_count; i++) {
		const struct record_address *address = &run.addresses[i];

		if (!is_wanted(address, interface, family, scope) ||
		    !inet_ntop(address->family, address->address, text, sizeof(text)))
			continue;
		if (!add_text(&list, text)) {
			object_explain(c, NULL, "out of memory");
			free_texts(&list);
			return NULL;
		}
	}
	return hand_out(c, &list);
}

static bool set_timeout(struct lxc_container *c, int timeout)
{
	if (!c)
		return false;
	if (timeout < 1 && timeout != -1) {
		object_explain_usage(c, "a timeout is a number of seconds, or -1 for none");
		return false;
	}
	c->rcv_timeout = timeout == -1 ? 0 : timeout;
	return true;
}

void object_set_running_members(struct lxc_container *c)
{
	c->state = state;
	c->is_running = is_running;
	c->init_pid = init_pid;
	c->init_pidfd = init_pidfd;
	c->devpts_fd = devpts_fd;
	c->seccomp_notify_fd = seccomp_notify_fd;
	c->seccomp_notify_fd_active = seccomp_notify_fd_active;
	c->wait = wait_for;
	c->may_control = may_control;
	c->get_running_config_item = get_running_config_item;
	c->get_cgroup_item = get_cgroup_item;
	c->set_cgroup_item = set_cgroup_item;
	c->get_interfaces = get_interfaces;
	c->get_ips = get_ips;
	c->set_timeout = set_timeout;
}

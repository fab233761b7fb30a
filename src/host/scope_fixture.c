/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A libsystemd.so.0 of the tests' own, with the functions that library.h names: systemd's side of
 * StartTransientUnit and AttachProcessesToUnit as TEST_SYSTEMD in the environment says:
 *	taken=N     the first N names exist already
 *	result=WORD how the job ends ("never": it doesn't)
 *	delegated   GetUnitByPID finds a unit with Delegate = true
 *	deny        every call is refused
 * What was asked for is appended to the file TEST_SYSTEMD_LOG, a line for each call.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "host/library.h"

#define EXPORT __attribute__((visibility("default")))

struct sd_bus_message {
	char member[64];
	char words[256];
	bool is_signal;
};

struct sd_bus {
	char address[1024];
	sd_bus_message_handler_t callback;
	void *context;
	uint32_t calls;
	bool is_signal_due;
};

static const char *setting(const char *name)
{
	const char *all = getenv("TEST_SYSTEMD");
	const char *at = all ? strstr(all, name) : NULL;

	return at ? at + strlen(name) : NULL;
}

static void note(const char *text)
{
	const char *path = getenv("TEST_SYSTEMD_LOG");
	FILE *file = path ? fopen(path, "ae") : NULL;

	if (!file)
		return;
	fprintf(file, "%s\n", text);
	fclose(file);
}

EXPORT int sd_bus_new(sd_bus **ret);
EXPORT int sd_bus_set_address(sd_bus *bus, const char *address);
EXPORT int sd_bus_set_bus_client(sd_bus *bus, int on);
EXPORT int sd_bus_start(sd_bus *bus);
EXPORT sd_bus *sd_bus_flush_close_unref(sd_bus *bus);
EXPORT int sd_bus_call(sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *error,
		       sd_bus_message **reply);
EXPORT int sd_bus_process(sd_bus *bus, sd_bus_message **m);
EXPORT int sd_bus_wait(sd_bus *bus, uint64_t usec);
EXPORT int sd_bus_match_signal(sd_bus *bus, sd_bus_slot **slot, const char *sender,
			       const char *path, const char *interface, const char *member,
			       sd_bus_message_handler_t callback, void *context);
EXPORT int sd_bus_get_property_trivial(sd_bus *bus, const char *destination, const char *path,
				       const char *interface, const char *member,
				       sd_bus_error *error, char type, void *ret);
EXPORT int sd_bus_message_new_method_call(sd_bus *bus, sd_bus_message **m, const char *destination,
					  const char *path, const char *interface,
					  const char *member);
EXPORT int sd_bus_message_append(sd_bus_message *m, const char *types, ...);
EXPORT int sd_bus_message_read(sd_bus_message *m, const char *types, ...);
EXPORT sd_bus_message *sd_bus_message_unref(sd_bus_message *m);
EXPORT void sd_bus_error_free(sd_bus_error *error);

int sd_bus_new(sd_bus **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

int sd_bus_set_address(sd_bus *bus, const char *address)
{
	snprintf(bus->address, sizeof(bus->address), "%s", address);
	return 0;
}

int sd_bus_set_bus_client(sd_bus *bus, int on)
{
	return on ? 0 : -EINVAL;
}

int sd_bus_start(sd_bus *bus)
{
	note(bus->address);
	return strstr(bus->address, "nowhere") ? -ENOENT : 0;
}

sd_bus *sd_bus_flush_close_unref(sd_bus *bus)
{
	free(bus);
	return NULL;
}

static int refuse(sd_bus_error *error, const char *name, const char *message, int errnum)
{
	error->name = name;
	error->message = message;
	return -errnum;
}

int sd_bus_call(sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *error,
		sd_bus_message **reply)
{
	char line[384];
	const char *taken = setting("taken=");
	uint32_t limit = 0;

	(void)usec;
	snprintf(line, sizeof(line), "%s%s", m->member, m->words);
	note(line);
	if (taken)
		(void)num_parse_u32(taken, 10, &limit);
	if (setting("deny"))
		return refuse(error, "org.freedesktop.DBus.Error.AccessDenied", "no way", EACCES);
	if (strcmp(m->member, "GetUnitByPID") == 0 && !setting("delegated"))
		return refuse(error, "org.freedesktop.systemd1.NoUnitForPID", "no unit", ENXIO);
	if (strcmp(m->member, "StartTransientUnit") == 0 && bus->calls++ < limit)
		return refuse(error, "org.freedesktop.systemd1.UnitExists", "exists", EEXIST);
	*reply = calloc(1, sizeof(**reply));
	bus->is_signal_due = strcmp(m->member, "StartTransientUnit") == 0;
	return *reply ? 0 : -ENOMEM;
}

int sd_bus_process(sd_bus *bus, sd_bus_message **m)
{
	const char *result = setting("result=");
	sd_bus_message signal = {.is_signal = true};

	(void)m;
	if (!bus->is_signal_due || (result && strncmp(result, "never", 5) == 0))
		return 0;
	bus->is_signal_due = false;
	snprintf(signal.words, sizeof(signal.words), "%.*s", result ? (int)strcspn(result, " ") : 4,
		 result ? result : "done");
	bus->callback(&signal, bus->context, NULL);
	return 1;
}

/* Somebody who waits for long has waited. */
int sd_bus_wait(sd_bus *bus, uint64_t usec)
{
	(void)bus;
	return usec > 0 ? -ETIMEDOUT : 0;
}

int sd_bus_match_signal(sd_bus *bus, sd_bus_slot **slot, const char *sender, const char *path,
			const char *interface, const char *member,
			sd_bus_message_handler_t callback, void *context)
{
	(void)slot;
	(void)sender;
	(void)path;
	(void)interface;
	bus->callback = callback;
	bus->context = context;
	return strcmp(member, "JobRemoved") == 0 ? 0 : -EINVAL;
}

int sd_bus_get_property_trivial(sd_bus *bus, const char *destination, const char *path,
				const char *interface, const char *member, sd_bus_error *error,
				char type, void *ret)
{
	(void)bus;
	(void)destination;
	(void)path;
	(void)error;
	if (!strstr(interface, "Service") || strcmp(member, "Delegate") != 0 || type != 'b')
		return -EINVAL;
	*(int *)ret = 1;
	return 0;
}

int sd_bus_message_new_method_call(sd_bus *bus, sd_bus_message **m, const char *destination,
				   const char *path, const char *interface, const char *member)
{
	(void)bus;
	(void)destination;
	(void)path;
	(void)interface;
	*m = calloc(1, sizeof(**m));
	if (!*m)
		return -ENOMEM;
	snprintf((*m)->member, sizeof((*m)->member), "%s", member);
	return 0;
}

/* The words before the properties, which are systemd's to check. */
int sd_bus_message_append(sd_bus_message *m, const char *types, ...)
{
	size_t used = strlen(m->words);
	va_list ap;

	va_start(ap, types);
	for (; *types == 's' && used < sizeof(m->words); types++)
		used += (size_t)snprintf(m->words + used, sizeof(m->words) - used, " %s",
					 va_arg(ap, const char *));
	va_end(ap);
	return 0;
}

int sd_bus_message_read(sd_bus_message *m, const char *types, ...)
{
	static const char job[] = "/job/1";
	va_list ap;

	va_start(ap, types);
	if (m->is_signal) {
		*va_arg(ap, uint32_t *) = 1;
		*va_arg(ap, const char **) = job;
		*va_arg(ap, const char **) = "x.scope";
		*va_arg(ap, const char **) = m->words;
	} else {
		*va_arg(ap, const char **) = job;
	}
	va_end(ap);
	return 1;
}

sd_bus_message *sd_bus_message_unref(sd_bus_message *m)
{
	free(m);
	return NULL;
}

void sd_bus_error_free(sd_bus_error *error)
{
	*error = (sd_bus_error){0};
}

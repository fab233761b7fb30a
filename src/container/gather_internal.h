/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parts of gather.c. Each fills its part of the facts: 0, or negative with e set. What is
 * wrong with the host is a fact, not a failure: the compiler decides whether it matters.
 */

#include "container/gather.h"

struct gathering {
	const struct plan_request *request;
	const struct config *config;
	const struct config_values *values;
	struct facts *facts;
};

int gather_root(struct gathering *g, struct err *e);    /* gather_storage.c */
int gather_mounts(struct gathering *g, struct err *e);  /* gather_storage.c */
int gather_nets(struct gathering *g, struct err *e);    /* gather_host.c */
int gather_devices(struct gathering *g, struct err *e); /* gather_host.c */
int gather_shares(struct gathering *g, struct err *e);  /* gather_share.c */
int gather_seccomp(struct gathering *g, struct err *e); /* gather_host.c */

/* "FILE:LINE KEY" for an error; "" for a default. */
const char *gather_origin(struct gathering *g, struct origin origin, const char *key);
const char *gather_key_origin(struct gathering *g, const char *key);

int gather_no_memory(struct err *e);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A container's control address (spec/wire.md §1), held by somebody else than its supervisor: as
 * long as it is, the container can't be started.
 */

#include "base/err.h"
#include "container/container.h"

/* 0 with a descriptor that holds it, ADDRESS_IS_USED, or negative. */
enum { ADDRESS_IS_USED = 1 };
int address_hold(const struct container *c, int *ret_fd, struct err *e);

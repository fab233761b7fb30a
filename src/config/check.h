/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What no single line shows: keys that contradict each other, that need another one, that will have
 * no effect; lines whose content LXC reads only at the start. All problems are reported, each with
 * the line it comes from.
 */

#include "config/config.h"

enum config_check_flags {
	CONFIG_CHECK_FILES = 1 << 0, /* read the seccomp policy and the fstab file, too */
};

typedef void (*config_report_fn)(void *context, enum config_severity severity,
				 const struct err *problem);

/* Returns the number of errors (a start would fail); 0 = none, whatever else was reported. */
unsigned config_check(const struct config *c, unsigned flags, config_report_fn report,
		      void *context);

/* For the parts of the check: where problems go. Private to config/. */
struct config_checker {
	const struct config *config;
	config_report_fn report;
	void *context;
	unsigned errors;
};

/* Report what `e` says with an origin, or without one for origin.source 0. */
void config_checker_report(struct config_checker *checker, enum config_severity severity,
			   struct origin origin, struct err *e);

/* check_net.c */
void config_check_nets(struct config_checker *checker);

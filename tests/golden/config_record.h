/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a golden file holds: everything that can be seen of one configuration, as readable text.
 *
 * The configuration may ask for more in comment lines of its own, in their order:
 *
 *	#golden: keep-going          read on behind errors, as a checker does
 *	#golden: check-files         the check reads the files that keys name
 *	#golden: also FILE           load a second file into the same configuration
 *	#golden: get KEY             print what the key holds
 *	#golden: buffer SIZE KEY     the same through a buffer of SIZE bytes
 *	#golden: set KEY [VALUE]     change it as the API does; \n in VALUE is a line break
 *	#golden: clear KEY
 *	#golden: keys [PREFIX]       list key names
 *	#golden: supported KEY
 *	#golden: save FILE MODE      save to a new file under umask MODE, print what it holds
 *	#golden: reload              save, load again: is the result the same?
 *	#golden: whole-table         is about all rows: says nothing about the lack of one
 *	#golden: first-file          the name that hooks get as LXC_CONFIG_FILE
 */

#include "base/str.h"
#include "config/config.h"

/*
 * Load the file (of the working directory) and describe it. `out` gets the text of the golden file.
 * Returns the loaded configuration's result of config_load(); *c is for the caller to finish.
 */
int config_record(struct config *c, const char *path, struct str *out);

/* The dump without the places in parentheses: what two configurations must share to be the same. */
void config_record_values(const struct config *c, struct str *out);

/* Bytes that are the same in every run, and unlike those of the other function. */
int config_record_random(void *buf, size_t len);
int config_record_other_random(void *buf, size_t len);

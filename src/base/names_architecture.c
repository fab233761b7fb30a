/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words for architectures and what they mean to personality(2): whether uname(2) shows a 32-bit
 * machine. Words beyond LXC's table: riscv32 (Proxmox VE), armv6l and armv8l (Incus). Whether the
 * host can run the architecture is not asked here.
 */

#include "base/names.h"

#include <errno.h>
#include <sys/personality.h>

#include "base/macros.h"
#include "base/words.h"

#define ARCHITECTURES(X)            \
	X("arm", PER_LINUX32)       \
	X("armel", PER_LINUX32)     \
	X("armhf", PER_LINUX32)     \
	X("armv6l", PER_LINUX32)    \
	X("armv7l", PER_LINUX32)    \
	X("armv8l", PER_LINUX32)    \
	X("athlon", PER_LINUX32)    \
	X("i386", PER_LINUX32)      \
	X("i486", PER_LINUX32)      \
	X("i586", PER_LINUX32)      \
	X("i686", PER_LINUX32)      \
	X("linux32", PER_LINUX32)   \
	X("mips", PER_LINUX32)      \
	X("mipsel", PER_LINUX32)    \
	X("powerpc", PER_LINUX32)   \
	X("ppc", PER_LINUX32)       \
	X("riscv32", PER_LINUX32)   \
	X("x32", PER_LINUX32)       \
	X("x86", PER_LINUX32)       \
	X("aarch64", PER_LINUX)     \
	X("amd64", PER_LINUX)       \
	X("arm64", PER_LINUX)       \
	X("linux64", PER_LINUX)     \
	X("loong64", PER_LINUX)     \
	X("loongarch64", PER_LINUX) \
	X("mips64", PER_LINUX)      \
	X("mips64el", PER_LINUX)    \
	X("powerpc64", PER_LINUX)   \
	X("ppc64", PER_LINUX)       \
	X("ppc64el", PER_LINUX)     \
	X("ppc64le", PER_LINUX)     \
	X("riscv64", PER_LINUX)     \
	X("s390x", PER_LINUX)       \
	X("x86_64", PER_LINUX)

#define ARCHITECTURE_NAME(name, personality)  name,
#define ARCHITECTURE_VALUE(name, personality) personality,
static const char *const names[] = {ARCHITECTURES(ARCHITECTURE_NAME)};
static const int personalities[] = {ARCHITECTURES(ARCHITECTURE_VALUE)};
#undef ARCHITECTURE_NAME
#undef ARCHITECTURE_VALUE

int architecture_parse(const char *name)
{
	int i = words_find(names, ARRAY_LENGTH(names), name, false);

	return i >= 0 ? personalities[i] : -EINVAL;
}

const char *architecture_name(int personality)
{
	switch (personality) {
	case PER_LINUX32:
		return "i686";
	case PER_LINUX:
		return "x86_64";
	default:
		return NULL;
	}
}

const char *const *architecture_words(size_t *count)
{
	*count = ARRAY_LENGTH(names);
	return names;
}

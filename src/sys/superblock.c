/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables of magic numbers. The order counts: two bytes alone, and what boot loaders write in front
 * of everything, come last. Of ext2, ext3 and ext4, which share their magic, the features tell
 * which one it is.
 */

#include "sys/superblock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

enum {
	WINDOW = 4608,      /* bytes that are read at once */
	WINDOW_COUNT = 3,   /* of them, at 0, 32 KiB and 64 KiB */
	LIST_ROOM = 8192,   /* of /proc/filesystems */
	EXT_AT = 1024,      /* the superblock of ext2 and its heirs */
	BOOT_MARK_AT = 510, /* 55 aa */
};

static const off_t window_starts[WINDOW_COUNT] = {0, 32768, 65536};

struct device {
	unsigned char bytes[WINDOW_COUNT][WINDOW];
	size_t length[WINDOW_COUNT];
};

/* Texts and not pointers to them: these would have to be relocated. */
struct magic {
	char name[48];
	unsigned at;
	unsigned length;
	char bytes[16];
};

#define MAGIC(name, at, text)                    \
	{                                        \
		name, at, sizeof(text) - 1, text \
	}

static const struct magic file_systems[] = {
	MAGIC("xfs", 0, "XFSB"),
	MAGIC("squashfs", 0, "hsqs"),
	MAGIC("erofs", 1024, "\xe2\xe1\xf5\xe0"),
	MAGIC("f2fs", 1024, "\x10\x20\xf5\xf2"),
	MAGIC("btrfs", 65536 + 64, "_BHRfS_M"),
	MAGIC("bcachefs", 4096 + 24,
	      "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"),
	MAGIC("jfs", 32768, "JFS1"),
	MAGIC("reiserfs", 65536 + 52, "ReIsErFs"),
	MAGIC("reiserfs", 65536 + 52, "ReIsEr2Fs"),
	MAGIC("reiserfs", 65536 + 52, "ReIsEr3Fs"),
	MAGIC("gfs2", 65536, "\x01\x16\x19\x70"),
	MAGIC("cramfs", 0, "\x45\x3d\xcd\x28"),
	MAGIC("romfs", 0, "-rom1fs-"),
	MAGIC("iso9660", 32768 + 1, "CD001"),
	MAGIC("udf", 32768 + 1, "BEA01"),
	MAGIC("exfat", 3, "EXFAT   "),
	MAGIC("ntfs3", 3, "NTFS    "),
	MAGIC("vfat", 82, "FAT32   "),
	MAGIC("vfat", 54, "FAT12   "),
	MAGIC("vfat", 54, "FAT16   "),
	MAGIC("nilfs2", 1024 + 6, "\x34\x34"),
	MAGIC("hfsplus", 1024, "H+"),
	MAGIC("hfsplus", 1024, "HX"),
	MAGIC("minix", 1024 + 16, "\x7f\x13"),
	MAGIC("minix", 1024 + 16, "\x8f\x13"),
	MAGIC("minix", 1024 + 16, "\x68\x24"),
	MAGIC("minix", 1024 + 16, "\x78\x24"),
	MAGIC("minix", 1024 + 24, "\x5a\x4d"),
};

static const struct magic others[] = {
	MAGIC("an encrypted volume (LUKS)", 0, "LUKS\xba\xbe"),
	MAGIC("a physical volume of LVM", 512 + 24, "LVM2 001"),
	MAGIC("swap space", 4086, "SWAPSPACE2"),
	MAGIC("an image in QEMU's format qcow2", 0, "QFI\xfb"),
	MAGIC("an image in VMware's format vmdk", 0, "KDMV"),
	MAGIC("an image in VirtualBox's format vdi", 64, "\x7f\x10\xda\xbe"),
	MAGIC("an image in Hyper-V's format vhdx", 0, "vhdxfile"),
	MAGIC("a compressed file (gzip)", 0, "\x1f\x8b\x08"),
	MAGIC("a compressed file (xz)", 0, "\xfd\x37zXZ"),
	MAGIC("a compressed file (zstd)", 0, "\x28\xb5\x2f\xfd"),
	MAGIC("a tar archive", 257, "ustar"),
	MAGIC("a disk with partitions (GPT)", 512, "EFI PART"),
	MAGIC("a disk with partitions, or a boot loader", BOOT_MARK_AT, "\x55\xaa"),
};

/* Read what is there of each window. */
static int read_windows(int fd, struct device *ret)
{
	for (size_t i = 0; i < WINDOW_COUNT; i++) {
		ret->length[i] = 0;
		while (ret->length[i] < WINDOW) {
			ssize_t got = pread(fd, ret->bytes[i] + ret->length[i],
					    WINDOW - ret->length[i],
					    window_starts[i] + (off_t)ret->length[i]);

			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0)
				return -errno;
			if (got == 0)
				break;
			ret->length[i] += (size_t)got;
		}
	}
	return 0;
}

/* The bytes at a place, or NULL when the device ends before. */
static const unsigned char *bytes_at(const struct device *device, unsigned at, size_t length)
{
	for (size_t i = 0; i < WINDOW_COUNT; i++) {
		const size_t from = at - (size_t)window_starts[i];

		if (at >= (unsigned)window_starts[i] && from + length <= device->length[i])
			return device->bytes[i] + from;
	}
	return NULL;
}

static uint32_t little_endian(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Documentation/filesystems/ext4/super.rst. */
static bool find_ext(const struct device *device, struct superblock *ret)
{
	enum {
		MAGIC_AT = 0x38,
		COMPATIBLE_AT = 0x5c,
		INCOMPATIBLE_AT = 0x60,
		READ_ONLY_AT = 0x64,
		HAS_JOURNAL = 0x4,
		JOURNAL_DEVICE = 0x8,
		INCOMPATIBLE_EXT2 = 0x2 | 0x10,     /* file types, meta block groups */
		INCOMPATIBLE_EXT3 = 0x2 | 0x10 | 4, /* … and a journal to be replayed */
		READ_ONLY_EXT2 = 0x1 | 0x2 | 0x4,   /* sparse, large files, trees */
	};
	const unsigned char *block = bytes_at(device, EXT_AT, 0x70);
	uint32_t incompatible;

	if (!block || block[MAGIC_AT] != 0x53 || block[MAGIC_AT + 1] != 0xef)
		return false;
	incompatible = little_endian(block + INCOMPATIBLE_AT);
	if (incompatible & JOURNAL_DEVICE)
		ret->other = "the journal of an ext4 file system";
	else if ((little_endian(block + READ_ONLY_AT) & ~(uint32_t)READ_ONLY_EXT2) ||
		 (incompatible & ~(uint32_t)INCOMPATIBLE_EXT3))
		ret->fstype = "ext4";
	else if (little_endian(block + COMPATIBLE_AT) & HAS_JOURNAL)
		ret->fstype = "ext3";
	else
		ret->fstype = incompatible & ~(uint32_t)INCOMPATIBLE_EXT2 ? "ext4" : "ext2";
	return true;
}

static const char *find(const struct device *device, const struct magic *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const unsigned char *bytes = bytes_at(device, rows[i].at, rows[i].length);

		if (bytes && memcmp(bytes, rows[i].bytes, rows[i].length) == 0)
			return rows[i].name;
	}
	return NULL;
}

static bool is_blank(const struct device *device)
{
	for (size_t i = 0; i < WINDOW_COUNT; i++)
		for (size_t k = 0; k < device->length[i]; k++)
			if (device->bytes[i][k])
				return false;
	return true;
}

int superblock_probe(int fd, struct superblock *ret)
{
	struct device device;
	int r = read_windows(fd, &device);

	if (r < 0)
		return r;
	*ret = (struct superblock){};
	if (find_ext(&device, ret))
		return 0;
	ret->fstype = find(&device, file_systems, ARRAY_LENGTH(file_systems));
	if (ret->fstype)
		return 0;
	ret->other = find(&device, others, ARRAY_LENGTH(others));
	ret->is_blank = !ret->other && is_blank(&device);
	return 0;
}

/* -- file systems without a magic number of ours */

static size_t read_list(const char *path, char *ret, size_t room)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	while (fd >= 0 && length < room - 1) {
		got = read(fd, ret + length, room - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	ret[length] = '\0';
	return length;
}

static bool is_known(const char *name, size_t length)
{
	static const char *const same[] = {"ext2", "ext3", "ext4", "msdos", "fuseblk"};

	for (size_t i = 0; i < ARRAY_LENGTH(same); i++)
		if (strlen(same[i]) == length && memcmp(same[i], name, length) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LENGTH(file_systems); i++)
		if (strlen(file_systems[i].name) == length &&
		    memcmp(file_systems[i].name, name, length) == 0)
			return true;
	return false;
}

/* The name in a line, if one is there and it may be tried: its length. */
static size_t name_in_line(const char **line)
{
	size_t length;

	if (strncmp(*line, "nodev", 5) == 0 && (*line)[5 + strspn(*line + 5, " \t")] != '\n' &&
	    strspn(*line + 5, " \t") > 0)
		return 0;
	*line += strspn(*line, " \t");
	length = strcspn(*line, " \t\n");
	if (length == 0 || length >= FILE_SYSTEM_NAME_ROOM || **line == '#' || **line == '*')
		return 0;
	return is_known(*line, length) ? 0 : length;
}

int superblock_candidate(size_t index, char name[FILE_SYSTEM_NAME_ROOM])
{
	char list[LIST_ROOM];

	if (read_list("/etc/filesystems", list, sizeof(list)) == 0)
		read_list("/proc/filesystems", list, sizeof(list));
	for (const char *line = list; *line; line += *line == '\n') {
		const size_t length = name_in_line(&line);

		if (length > 0 && index-- == 0) {
			memcpy(name, line, length);
			name[length] = '\0';
			return 1;
		}
		line += strcspn(line, "\n");
	}
	return 0;
}

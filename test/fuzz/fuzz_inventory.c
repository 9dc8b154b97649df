/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inventory.c on any bytes: the input is the whole inventory.img.
 */
#include "inventory.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define FILE_NAME "inventory.img"
#define HEADER	  8u /* the magic number, and the length of what follows */
#define PLUGIN	  "cuda_plugin"
#define OTHER	  "amdgpu_plugin"
#define UNTOUCHED ((enum inventory_need)77)

/* A file as it was found. */
struct bytes {
	size_t size;
	uint8_t *at; /* owned */
};

static struct {
	char path[64];
	int fd;
} dir = { .fd = -1 };

static void remove_dir(void)
{
	unlinkat(dir.fd, FILE_NAME, 0);
	rmdir(dir.path);
}

static void make_dir(void)
{
	const char *parent = getenv("TMPDIR");

	if (dir.fd >= 0)
		return;

	snprintf(dir.path, sizeof(dir.path), "%s/fuzz_inventory.XXXXXX",
		 parent ? parent : "/tmp");
	fuzz_check(mkdtemp(dir.path));
	dir.fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(dir.fd >= 0);
	atexit(remove_dir);
}

static void put(const uint8_t *data, size_t size)
{
	int fd autoclose =
		openat(dir.fd, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	fuzz_check(fd >= 0);
	fuzz_check(write(fd, data, size) == (ssize_t)size);
}

static struct bytes get(void)
{
	int fd autoclose = openat(dir.fd, FILE_NAME, O_RDONLY | O_CLOEXEC);
	struct bytes found;

	fuzz_check(fd >= 0);
	found.size = (size_t)lseek(fd, 0, SEEK_END);
	found.at = malloc(found.size + 1);
	fuzz_check(found.at);
	fuzz_check(pread(fd, found.at, found.size, 0) == (ssize_t)found.size);
	return found;
}

static void check_is(const uint8_t *data, size_t size)
{
	struct bytes now = get();

	fuzz_check(now.size == size);
	fuzz_check(size == 0 || memcmp(now.at, data, size) == 0);
	free(now.at);
}

/* An inventory is there and nothing else. */
static void check_alone(void)
{
	int fd = openat(dir.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream autoclosedir = fdopendir(fd);
	const struct dirent *entry;

	fuzz_check(stream);
	while ((entry = readdir(stream)))
		fuzz_check(entry->d_name[0] == '.' ||
			   strcmp(entry->d_name, FILE_NAME) == 0);
}

/* What a whole file says of @plugin; -EBADMSG is the only way not to say it. */
static int need(const char *plugin, enum inventory_need *ret_need)
{
	int ret;

	*ret_need = UNTOUCHED;
	ret = inventory_read(dir.fd, plugin, ret_need);

	fuzz_check(ret == 0 || ret == -EBADMSG);
	fuzz_check((ret == 0) == (*ret_need != UNTOUCHED));
	return ret;
}

static uint32_t length_said(const uint8_t *header)
{
	uint32_t length;

	memcpy(&length, header + 4, sizeof(length));
	return le32toh(length);
}

static bool has_good_header(const uint8_t *data, size_t size)
{
	return size >= HEADER && memcmp(data, "\x16\x31\x31\x58", 4) == 0 &&
	       length_said(data) == size - HEADER;
}

/* The plugin was added to the @size bytes of @data: they are all there, before more. */
static void check_amended(const uint8_t *data, size_t size)
{
	struct bytes now = get();

	fuzz_check(now.size > size);
	fuzz_check(memcmp(now.at, data, 4) == 0);
	fuzz_check(length_said(now.at) == now.size - HEADER);
	fuzz_check(memcmp(now.at + HEADER, data + HEADER, size - HEADER) == 0);

	fuzz_check(inventory_add_plugin(dir.fd, PLUGIN) == 0);
	check_is(now.at, now.size);
	free(now.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum inventory_need before, after, other_before, other_after;
	int ret;

	make_dir();
	put(data, size);
	ret = need(PLUGIN, &before);
	fuzz_check(ret || has_good_header(data, size));
	fuzz_check(need(OTHER, &other_before) == ret);
	check_is(data, size);

	fuzz_check(inventory_add_plugin(dir.fd, PLUGIN) == ret);

	check_alone();
	if (ret || before == INVENTORY_NEEDED) {
		check_is(data, size);
		return 0;
	}
	check_amended(data, size);
	fuzz_check(need(PLUGIN, &after) == 0 && after == INVENTORY_NEEDED);
	fuzz_check(need(OTHER, &other_after) == 0);
	fuzz_check(other_after == (other_before == INVENTORY_UNSET ? INVENTORY_NOT_NEEDED
								   : other_before));
	return 0;
}

/* Most inputs get a header that fits: else none would get past it. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	uint32_t header[2];

	if (size < HEADER || max <= HEADER || seed % 16 == 0)
		return LLVMFuzzerMutate(data, size, max);

	size = HEADER + LLVMFuzzerMutate(data + HEADER, size - HEADER, max - HEADER);
	header[0] = htole32(0x58313116u);
	header[1] = htole32((uint32_t)(size - HEADER));
	memcpy(data, header, sizeof(header));
	return size;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "inventory_image.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 0x58313116u

/* img_version 2, fdinfo_per_id, dump_uptime 1000, and field 15, of a later CRIU. */
static const unsigned char message[] = "\x08\x02\x10\x01\x40\xe8\x07\x7a\x03new";
static const unsigned char empty_list[] = "\x62";
static const unsigned char list[] = "\x62\x0d\x62\x0b"
				    "cuda_plugin";

static size_t append(unsigned char *bytes, size_t size, const void *more, size_t length)
{
	memcpy(bytes + size, more, length);
	return size + length;
}

void inventory_image_write(int dirfd, bool has_list, size_t plugins)
{
	unsigned char bytes[INVENTORY_IMAGE_MAX];
	uint32_t header[2] = { MAGIC, 0 };
	size_t size = sizeof(header);
	int fd;

	size = append(bytes, size, message, sizeof(message) - 1);
	for (size_t i = 0; i < plugins && has_list; i++)
		size = append(bytes, size, list, sizeof(list) - 1);
	if (!plugins && has_list)
		size = append(bytes, size, empty_list, sizeof(empty_list)); /* 62 00 */
	header[1] = (uint32_t)(size - sizeof(header));
	memcpy(bytes, header, sizeof(header));

	fd = openat(dirfd, "inventory.img", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void path_of(const char *folder, char *path, size_t size)
{
	snprintf(path, size, "%s/inventory.img", folder);
}

void inventory_image_damage(const char *folder)
{
	unsigned char bytes[INVENTORY_IMAGE_MAX];
	char path[PATH_MAX];

	path_of(folder, path, sizeof(path));
	if (truncate(path, (off_t)inventory_image_read(folder, bytes) - 1) < 0)
		abort();
}

size_t inventory_image_read(const char *folder, unsigned char *bytes)
{
	char path[PATH_MAX];
	size_t size;
	FILE *file;

	path_of(folder, path, sizeof(path));
	file = fopen(path, "re");
	if (!file)
		return 0;

	size = fread(bytes, 1, INVENTORY_IMAGE_MAX, file);
	fclose(file);
	return size;
}

size_t inventory_image_message(const unsigned char **ret_bytes)
{
	*ret_bytes = message;
	return sizeof(message) - 1;
}

size_t inventory_image_list(const unsigned char **ret_bytes)
{
	*ret_bytes = list;
	return sizeof(list) - 1;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "inventory.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/inventory.pb-c.h"

#define FILE_NAME   "inventory.img"
#define MAGIC	    0x58313116u
#define PAYLOAD_MAX (16u * 1024 * 1024)
#define NAME_TRIES  100

/* Opens every image file; both little-endian. */
struct header {
	uint32_t magic;
	uint32_t length; /* of the payload, which is the rest of the file */
};

/* An inventory in memory. */
struct image {
	struct stat stat;
	size_t size;	/* header and payload */
	uint8_t *bytes; /* owned */
};

static void image_release(struct image *image)
{
	free(image->bytes);
}

#define autoimage __attribute__((cleanup(image_release)))

/* ENOTSUP has a meaning of its own to CRIU, which no file system may take. */
static int last_error(void)
{
	return errno == ENOTSUP ? -EIO : -errno;
}

static int read_bytes(int fd, uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = TEMP_FAILURE_RETRY(
			pread(fd, bytes + done, size - done, (off_t)done));
		if (n < 0)
			return last_error();
		if (n == 0)
			return -EBADMSG;

		done += (size_t)n;
	}

	return 0;
}

static int write_bytes(int fd, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = TEMP_FAILURE_RETRY(write(fd, bytes + done, size - done));
		if (n < 0)
			return last_error();

		done += (size_t)n;
	}

	return 0;
}

/* @image is released by the caller also after an error. */
static int image_load(struct image *image, int fd)
{
	if (fstat(fd, &image->stat) < 0)
		return last_error();
	if (!S_ISREG(image->stat.st_mode) ||
	    image->stat.st_size < (off_t)sizeof(struct header) ||
	    image->stat.st_size > (off_t)(sizeof(struct header) + PAYLOAD_MAX))
		return -EBADMSG;

	image->size = (size_t)image->stat.st_size;
	image->bytes = malloc(image->size);
	if (!image->bytes)
		return -ENOMEM;

	return read_bytes(fd, image->bytes, image->size);
}

/* O_NONBLOCK: a FIFO of that name is not to be waited for. */
static int image_open(struct image *image, int dirfd)
{
	int fd autoclose = TEMP_FAILURE_RETRY(
		openat(dirfd, FILE_NAME, O_RDONLY | O_NONBLOCK | O_CLOEXEC));

	if (fd < 0)
		return last_error();

	return image_load(image, fd);
}

static bool header_fits(const struct image *image)
{
	struct header header;

	/* The analyzer takes it that last_error() may be 0, and nothing was loaded. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	memcpy(&header, image->bytes, sizeof(header));
	return le32toh(header.magic) == MAGIC &&
	       le32toh(header.length) == image->size - sizeof(header);
}

static enum inventory_need need_of(const InventoryPlugins *list, const char *plugin)
{
	if (!list)
		return INVENTORY_UNSET;

	for (size_t i = 0; i < list->n_names; i++) {
		if (strcmp(list->names[i], plugin) == 0)
			return INVENTORY_NEEDED;
	}

	return INVENTORY_NOT_NEEDED;
}

static int image_need(const struct image *image, const char *plugin,
		      enum inventory_need *ret_need)
{
	InventoryImage *inventory;

	if (!header_fits(image))
		return -EBADMSG;

	inventory = inventory_image__unpack(NULL, image->size - sizeof(struct header),
					    image->bytes + sizeof(struct header));
	if (!inventory)
		return -EBADMSG;

	*ret_need = need_of(inventory->plugins, plugin);
	inventory_image__free_unpacked(inventory, NULL);
	return 0;
}

/*
 * Make @new out of @old. The amendment goes behind all the bytes that are there: as
 * a message, an inventory with two lists is one with a longer list.
 */
static int image_amend(struct image *new, const struct image *old, const char *plugin)
{
	InventoryPlugins list = INVENTORY_PLUGINS__INIT;
	InventoryAmendment amendment = INVENTORY_AMENDMENT__INIT;
	struct header header = { .magic = htole32(MAGIC) };
	char *name = (char *)plugin; /* protobuf-c has no const, and only reads it */

	list.n_names = 1;
	list.names = &name;
	amendment.plugins = &list;

	new->size = old->size + inventory_amendment__get_packed_size(&amendment);
	if (new->size - sizeof(header) > PAYLOAD_MAX)
		return -EFBIG;
	new->bytes = malloc(new->size);
	if (!new->bytes)
		return -ENOMEM;

	header.length = htole32((uint32_t)(new->size - sizeof(header)));
	memcpy(new->bytes, old->bytes, old->size);
	memcpy(new->bytes, &header, sizeof(header));
	inventory_amendment__pack(&amendment, new->bytes + old->size);
	new->stat = old->stat;
	return 0;
}

/* @fd holds @image, byte for byte, and that is an inventory that needs @plugin. */
static int check_written(int fd, const struct image *image, const char *plugin)
{
	struct image written autoimage = { .bytes = NULL };
	enum inventory_need need;
	int ret;

	ret = image_load(&written, fd);
	if (ret < 0)
		return ret == -EBADMSG ? -EIO : ret;
	if (written.size != image->size ||
	    memcmp(written.bytes, image->bytes, image->size) != 0)
		return -EIO;

	ret = image_need(&written, plugin, &need);
	return ret < 0 || need != INVENTORY_NEEDED ? -EIO : 0;
}

static int fill(int fd, const struct image *image, const char *plugin)
{
	int ret;

	ret = write_bytes(fd, image->bytes, image->size);
	if (ret < 0)
		return ret;

	/* In this order: a change of owner takes mode bits away. */
	if (fchown(fd, image->stat.st_uid, image->stat.st_gid) < 0)
		return last_error();
	if (fchmod(fd, image->stat.st_mode & ALLPERMS) < 0)
		return last_error();
	if (TEMP_FAILURE_RETRY(fsync(fd)) < 0)
		return last_error();

	return check_written(fd, image, plugin);
}

/* Another file of a name not yet taken, also not by what a killed CRIU has left. */
static int create_beside(int dirfd, char *ret_name, size_t size)
{
	int fd = -EEXIST;

	for (int i = 0; i < NAME_TRIES && fd == -EEXIST; i++) {
		snprintf(ret_name, size, "%s.%d-%d", FILE_NAME, (int)getpid(), i);
		fd = TEMP_FAILURE_RETRY(openat(
			dirfd, ret_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
		if (fd < 0)
			fd = last_error();
	}

	return fd;
}

static int replace(int dirfd, const struct image *image, const char *plugin)
{
	char name[sizeof(FILE_NAME "..") + 2 * 3 * sizeof(int)];
	int fd autoclose = create_beside(dirfd, name, sizeof(name));
	int ret;

	if (fd < 0)
		return fd;

	ret = fill(fd, image, plugin);
	if (ret == 0 && renameat(dirfd, name, dirfd, FILE_NAME) < 0)
		ret = last_error();
	if (ret < 0) {
		unlinkat(dirfd, name, 0);
		return ret;
	}

	/* EINVAL: a file system that knows no such thing for directories. */
	if (TEMP_FAILURE_RETRY(fsync(dirfd)) < 0 && errno != EINVAL)
		return last_error();

	return 0;
}

int inventory_read(int dirfd, const char *plugin, enum inventory_need *ret_need)
{
	struct image image autoimage = { .bytes = NULL };
	int ret;

	ret = image_open(&image, dirfd);
	if (ret)
		return ret;

	return image_need(&image, plugin, ret_need);
}

int inventory_add_plugin(int dirfd, const char *plugin)
{
	struct image old autoimage = { .bytes = NULL };
	struct image new autoimage = { .bytes = NULL };
	enum inventory_need need;
	int ret;

	if (plugin[0] == '\0')
		return -EINVAL;

	ret = image_open(&old, dirfd);
	if (ret)
		return ret;
	ret = image_need(&old, plugin, &need);
	if (ret < 0 || need == INVENTORY_NEEDED)
		return ret;

	ret = image_amend(&new, &old, plugin);
	if (ret < 0)
		return ret;

	return replace(dirfd, &new, plugin);
}

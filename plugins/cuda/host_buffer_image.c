/* SPDX-License-Identifier: GPL-2.0-only */
#include "host_buffer_image.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "memory_image.h"

_Static_assert(BUFFER_MARKER_ID_SIZE == MEMORY_IMAGE_ID_SIZE, "one id for both");

static bool is_same(const struct memory_image *image, const struct host_buffer *buffer)
{
	const struct memory_image_header *header = memory_image_header(image);

	return header->address == buffer->address && header->length == buffer->bytes &&
	       memcmp(header->id, buffer->id, sizeof(header->id)) == 0;
}

int host_buffer_image_check(pid_t pid, struct memory_image *image,
			    const struct host_buffer *buffer)
{
	if (is_same(image, buffer))
		return 0;

	pr_err("pid %d: cuda-memory-%d.img is of another dump: the image directory is "
	       "mixed up\n",
	       pid, buffer->image_pid);
	memory_image_close(image);
	return -EBADMSG;
}

int host_buffer_image_open(pid_t pid, const struct host_buffer_images *images, int fd,
			   const struct host_buffer *buffer,
			   struct memory_image **ret_image)
{
	struct memory_image *image;
	char reason[REASON_MAX];
	int ret;

	ret = fd >= 0 ? memory_image_open_fd(fd, buffer->image_pid, &image, reason)
		      : memory_image_open(images->dirfd, buffer->image_pid, &image,
					  reason);
	if (ret) {
		pr_err("pid %d: the image of its GPU memory cannot be read: %s%s\n", pid,
		       reason,
		       ret == -ENOENT ? "; it belongs to the image directory" : "");
		return ret;
	}

	ret = host_buffer_image_check(pid, image, buffer);
	if (!ret)
		*ret_image = image;

	return ret;
}

void host_buffer_image_close(struct memory_image *image)
{
	memory_image_close(image);
}

int host_buffer_image_fd(const struct memory_image *image)
{
	return memory_image_fd(image);
}

/* Another dump into the directory may have put its own in the place of ours. */
static bool is_of_another(const struct host_buffer_images *images,
			  const struct host_buffer *buffer)
{
	struct memory_image *image;
	char reason[REASON_MAX];
	bool is;

	if (memory_image_open(images->dirfd, buffer->image_pid, &image, reason))
		return false;

	is = !is_same(image, buffer);
	memory_image_close(image);
	return is;
}

void host_buffer_image_discard(pid_t pid, const struct host_buffer_images *images,
			       const struct host_buffer *buffer)
{
	char reason[REASON_MAX];

	if (is_of_another(images, buffer))
		return;
	if (memory_image_remove(images->dirfd, buffer->image_pid, reason))
		pr_warn("pid %d: %s; it is not needed\n", pid, reason);
}

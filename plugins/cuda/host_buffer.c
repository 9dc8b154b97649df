/* SPDX-License-Identifier: GPL-2.0-only */
#include "host_buffer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "driver_version.h"
#include "log.h"
#include "memory_image.h"
#include "memory_map.h"
#include "proc.h"
#include "progress.h"
#include "remedy.h"
#include "remote_memory.h"

/* The memory of a process, for the threads that copy it. */
struct place {
	pid_t pid;
	uint64_t address;
	uint64_t marker; /* its place, from the address on */
	struct progress *progress;
};

static uint64_t mib(uint64_t bytes)
{
	return bytes >> 20;
}

static struct place place_of(pid_t pid, const struct host_buffer *buffer,
			     struct progress *progress)
{
	return (struct place){
		.pid = pid,
		.address = buffer->address,
		.marker = buffer_marker_place(buffer->address, buffer->bytes) -
			  buffer->address,
		.progress = progress,
	};
}

/* Is @buffer all there? Return: 0; -EFAULT, logged, and other -errno. */
static int check_mapped(pid_t pid, const struct host_buffer *buffer)
{
	struct memory_map map;
	int ret;

	ret = memory_map_read(pid, &map);
	if (ret) {
		pr_err("pid %d: cannot see its mappings: %s\n", pid, remedy_of_proc(ret));
		return ret;
	}

	if (!memory_map_has(&map, buffer->address, buffer->bytes)) {
		pr_err("pid %d: it has no memory for its GPU memory, %" PRIu64
		       " MiB at %#" PRIx64 "\n",
		       pid, mib(buffer->bytes), buffer->address);
		ret = -EFAULT;
	}
	memory_map_release(&map);
	return ret;
}

/* Its name in the images. */
static int find_name(pid_t pid, struct host_buffer *buffer)
{
	int ret = proc_inner_pid(pid, &buffer->image_pid);

	if (ret)
		pr_err("pid %d: cannot see its pid in its own namespace: %s\n", pid,
		       remedy_of_proc(ret));

	return ret;
}

/* --- out ---------------------------------------------------------------------------- */

static int read_memory(void *subject, uint64_t offset, void *buffer, size_t size)
{
	const struct place *place = subject;
	int ret = remote_memory_read(place->pid, place->address + offset, buffer, size);

	if (!ret)
		progress_add(place->progress, size);

	return ret;
}

static int give_id(pid_t pid, struct host_buffer *buffer)
{
	const ssize_t size = sizeof(buffer->id);

	if (getrandom(buffer->id, sizeof(buffer->id), 0) != size) {
		pr_perror("pid %d: cannot name its image", pid);
		return -EIO;
	}

	return 0;
}

static void describe(const struct host_buffer *buffer,
		     const struct host_buffer_images *images,
		     struct memory_image_header *header)
{
	char version[DRIVER_VERSION_SIZE];

	*header = (struct memory_image_header){
		.pid = buffer->image_pid,
		.address = buffer->address,
		.length = buffer->bytes,
		.chunk_size = MEMORY_IMAGE_CHUNK,
		.compression = images->compress ? MEMORY_IMAGE_ZSTD : MEMORY_IMAGE_PLAIN,
	};
	memcpy(header->id, buffer->id, sizeof(header->id));
	if (driver_version_read(DRIVER_VERSION_FILE, version))
		snprintf(header->driver, sizeof(header->driver), "NVIDIA %s", version);
}

static int write_image(pid_t pid, const struct host_buffer_images *images,
		       const struct host_buffer *buffer)
{
	struct progress progress;
	struct place place = place_of(pid, buffer, &progress);
	const struct memory_image_source source = { .read = read_memory,
						    .subject = &place };
	const struct memory_image_manner manner = { .threads = images->threads,
						    .page_cache = images->page_cache };
	const int64_t began_ms = clock_ms();
	struct memory_image_summary summary;
	struct memory_image_header header;
	char reason[REASON_MAX];
	int ret;

	describe(buffer, images, &header);
	progress_begin(&progress, pid, "written", buffer->bytes);
	ret = memory_image_write(images->dirfd, &header, &source, &manner, &summary,
				 reason);
	if (ret) {
		pr_err("pid %d: its GPU memory cannot be written: %s; nothing is lost\n",
		       pid, reason);
		return ret;
	}

	pr_info("pid %d: %" PRIu64 " MiB of GPU memory written, as %" PRIu64
		" MiB, in %" PRId64 " ms\n",
		pid, mib(buffer->bytes), mib(summary.file_size), clock_ms() - began_ms);
	return 0;
}

int host_buffer_write(pid_t pid, const struct host_buffer_images *images,
		      struct host_buffer *buffer, struct memory_image **ret_image)
{
	int ret;

	ret = check_mapped(pid, buffer);
	if (!ret)
		ret = find_name(pid, buffer);
	if (!ret)
		ret = give_id(pid, buffer);
	if (!ret)
		ret = write_image(pid, images, buffer);
	if (ret)
		return ret;

	ret = host_buffer_image_open(pid, images, -1, buffer, ret_image);
	if (ret)
		host_buffer_image_discard(pid, images, buffer);

	return ret;
}

int host_buffer_mark(pid_t pid, const struct host_buffer *buffer)
{
	struct buffer_marker marker = { .address = buffer->address,
					.bytes = buffer->bytes };
	int ret;

	memcpy(marker.id, buffer->id, sizeof(marker.id));
	ret = buffer_marker_put(pid, &marker);
	if (ret)
		pr_err("pid %d: its empty buffer cannot be marked: %s\n", pid,
		       strerror(-ret));

	return ret;
}

/* --- back --------------------------------------------------------------------------- */

static int put_chunk(const struct place *place, uint64_t offset, const void *bytes,
		     size_t size)
{
	static const char zeros[BUFFER_MARKER_SIZE];

	if (bytes)
		return remote_memory_write(place->pid, place->address + offset, bytes,
					   size);

	/* Nothing is there but zeros, and the marker. */
	if (place->marker < offset || place->marker >= offset + size)
		return 0;

	return remote_memory_write(place->pid, place->address + place->marker, zeros,
				   sizeof(zeros));
}

static int write_memory(void *subject, uint64_t offset, const void *bytes, size_t size)
{
	const struct place *place = subject;
	int ret = put_chunk(place, offset, bytes, size);

	if (!ret)
		progress_add(place->progress, size);

	return ret;
}

int host_buffer_fill(pid_t pid, const struct memory_image *image, unsigned int threads,
		     const struct host_buffer *buffer)
{
	struct progress progress;
	struct place place = place_of(pid, buffer, &progress);
	const struct memory_image_target target = { .write = write_memory,
						    .subject = &place };
	const int64_t began_ms = clock_ms();
	char reason[REASON_MAX];
	int ret;

	ret = check_mapped(pid, buffer);
	if (ret)
		return ret;

	progress_begin(&progress, pid, "put back", buffer->bytes);
	ret = memory_image_fill(image, &target, threads, reason);
	if (ret) {
		pr_err("pid %d: its GPU memory cannot be put back: %s\n", pid, reason);
		return ret;
	}

	pr_info("pid %d: %" PRIu64 " MiB of GPU memory put back in %" PRId64 " ms\n", pid,
		mib(buffer->bytes), clock_ms() - began_ms);
	return 0;
}

/* --- is there one ------------------------------------------------------------------- */

/*
 * Where the image of that name says that its buffer is, with that image, and if there is
 * none everywhere. Return: 0; -ENOENT and another -errno without an image.
 */
static int find_marker(pid_t pid, int dirfd, pid_t image_pid,
		       struct buffer_marker *marker, struct memory_image **ret_image)
{
	const struct memory_image_header *header;
	struct memory_image *image;
	char reason[REASON_MAX];
	int ret;

	if (memory_image_open(dirfd, image_pid, &image, reason) == 0) {
		header = memory_image_header(image);
		ret = buffer_marker_read(pid, header->address, header->length, marker);
		if (!ret)
			*ret_image = image;
		else
			memory_image_close(image);
		if (ret != -ENOENT)
			return ret;
	}

	return buffer_marker_find(pid, marker);
}

/* The image of @buffer, if @image, which is open or NULL, is not that. */
static int find_image(pid_t pid, const struct host_buffer_images *images,
		      const struct host_buffer *buffer, struct memory_image **image)
{
	if (*image)
		return host_buffer_image_check(pid, *image, buffer);

	return host_buffer_image_open(pid, images, -1, buffer, image);
}

int host_buffer_find(pid_t pid, const struct host_buffer_images *images,
		     struct host_buffer *ret_buffer, struct memory_image **ret_image)
{
	struct host_buffer buffer = { .bytes = 0 };
	struct memory_image *image = NULL;
	struct buffer_marker marker;
	int ret;

	ret = find_name(pid, &buffer);
	if (ret)
		return ret;

	ret = find_marker(pid, images->dirfd, buffer.image_pid, &marker, &image);
	if (ret == -ENOENT) {
		*ret_buffer = (struct host_buffer){ .bytes = 0 };
		*ret_image = NULL;
		return 0;
	}
	if (ret) {
		pr_err("pid %d: cannot see whether its GPU memory is in an image: %s\n",
		       pid, remedy_of_proc(ret));
		return ret;
	}

	buffer.address = marker.address;
	buffer.bytes = marker.bytes;
	memcpy(buffer.id, marker.id, sizeof(buffer.id));
	ret = find_image(pid, images, &buffer, &image);
	if (ret)
		return ret;

	*ret_buffer = buffer;
	*ret_image = image;
	return 0;
}

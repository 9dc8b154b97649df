/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * criu dump|restore|guard DIR PID CHUNKS [LINE]
 *
 * Under the name "criu": be one at work on DIR, with a log there, of which LINE is the
 * plugin's. A dump writes the GPU memory image of PID, of CHUNKS chunks of 64 KiB, every
 * other one zeros; a restore reads it again; the guardian of either does nothing. Before
 * each chunk, and before the end, a line on stdin is waited for: "fail" makes it fail,
 * and the end of stdin ends all at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "memory_image.h"

#define CHUNK 65536u

static int wait_for_word(void)
{
	char word[16];

	if (!fgets(word, sizeof(word), stdin))
		_exit(1);

	return strcmp(word, "fail\n") == 0 ? -EIO : 0;
}

static int read_slowly(void *subject, uint64_t offset, void *buffer, size_t size)
{
	(void)subject;
	memset(buffer, offset / CHUNK % 2 ? 0 : 7, size);
	return wait_for_word();
}

static int write_slowly(void *subject, uint64_t offset, const void *bytes, size_t size)
{
	(void)subject;
	(void)offset;
	(void)bytes;
	(void)size;
	return wait_for_word();
}

static int dump(int dirfd, pid_t pid, unsigned long chunks, char reason[REASON_MAX])
{
	const struct memory_image_source source = { .read = read_slowly };
	const struct memory_image_manner manner = { .threads = 1 };
	const struct memory_image_header header = {
		.pid = pid,
		.address = 0x7f1234560000,
		.length = chunks * CHUNK,
		.chunk_size = CHUNK,
	};
	struct memory_image_summary summary;

	return memory_image_write(dirfd, &header, &source, &manner, &summary, reason);
}

static int restore(int dirfd, pid_t pid, char reason[REASON_MAX])
{
	const struct memory_image_target target = { .write = write_slowly };
	struct memory_image *image;
	int ret;

	ret = memory_image_open(dirfd, pid, &image, reason);
	if (ret)
		return ret;

	ret = memory_image_fill(image, &target, 1, reason);
	memory_image_close(image);
	return ret;
}

int main(int argc, char *argv[])
{
	const bool dumps = argc > 1 && strcmp(argv[1], "dump") == 0;
	const pid_t pid = argc > 3 ? (pid_t)strtol(argv[3], NULL, 10) : 0;
	char reason[REASON_MAX] = "";
	int dirfd, log, ret;

	if (argc < 5)
		return 2;
	dirfd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	log = openat(dirfd, dumps ? "dump.log" : "restore.log",
		     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return 2;
	if (strcmp(argv[1], "guard") == 0) {
		prctl(PR_SET_NAME, "cuda-guardian");
		return wait_for_word() != 0;
	}

	if (argc > 5)
		dprintf(log, "(00.000001) cuda_plugin: %s\n", argv[5]);
	ret = dumps ? dump(dirfd, pid, strtoul(argv[4], NULL, 10), reason)
		    : restore(dirfd, pid, reason);
	if (!ret)
		ret = wait_for_word();
	if (ret)
		dprintf(log, "(00.000002) Error (%s): %s FAILED.\n", reason,
			dumps ? "Dumping" : "Restoring");
	else
		dprintf(log, "(00.000002) %s finished successfully%s\n",
			dumps ? "Dumping" : "Restore", dumps ? "" : ". Tasks resumed.");
	return ret != 0;
}

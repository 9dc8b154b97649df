/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proc.c, life.c and at_work.c on any text in /proc. One page each: the names in a
 * directory, then maps, status, stat, comm, cmdline, children, the comm of a child and
 * statm. A page whose last byte is below 7 has a read at its end that fails with that
 * errno; of one that is nothing else, the open fails.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "at_work.h"
#include "cuda-checkpoint/contract.h"
#include "fuzz.h"
#include "life.h"
#include "memory_map.h"
#include "proc.h"

#define PID	  4711
#define PROGRAM	  "cuda-checkpoint"
#define ERRNO_END 7
#define UNTOUCHED (-77)

enum {
	PAGE_NAMES,
	PAGE_MAPS,
	PAGE_STATUS,
	PAGE_STAT,
	PAGE_COMM,
	PAGE_CMDLINE,
	PAGE_CHILDREN,
	PAGE_CHILD_COMM,
	PAGE_STATM,
};

/* A file or directory that is being read; there is one at a time of each. */
struct reading {
	const char *at;
	size_t left;
	int error; /* of the read after the last byte; 0: the end */
};

static const struct fuzz_pages *input; /* NULL: it is libFuzzer that reads */
static struct reading names;
static bool is_of_child; /* the next comm: its children have been asked for */

/* ---- /proc, as the input has it ---- */

static int begin(unsigned int page, struct reading *ret_reading)
{
	struct reading reading = { 0 };

	if (page < input->count)
		reading = (struct reading){ .at = input->at[page].text,
					    .left = input->at[page].size };
	if (!reading.left)
		return ENOENT;

	reading.error = (unsigned char)reading.at[reading.left - 1];
	if (reading.error > 0 && reading.error < ERRNO_END)
		reading.left--;
	else
		reading.error = 0;

	*ret_reading = reading;
	return reading.left ? 0 : reading.error;
}

static ssize_t read_page(void *cookie, char *buffer, size_t size)
{
	struct reading *reading = cookie;

	if (!reading->left && reading->error) {
		errno = reading->error;
		return -1;
	}
	if (size > reading->left)
		size = reading->left;

	memcpy(buffer, reading->at, size);
	reading->at += size;
	reading->left -= size;
	return (ssize_t)size;
}

static int close_page(void *cookie)
{
	free(cookie);
	return 0;
}

static unsigned int page_of(const char *path)
{
	/* clang-format off */
	static const char *const files[] = {
		[PAGE_MAPS] = "maps",
		[PAGE_STATUS] = "status",
		[PAGE_STAT] = "stat",
		[PAGE_COMM] = "comm",
		[PAGE_CMDLINE] = "cmdline",
		[PAGE_CHILDREN] = "children",
		[PAGE_CHILD_COMM] = "", /* a comm as any */
		[PAGE_STATM] = "statm",
	};
	/* clang-format on */
	unsigned int page = PAGE_MAPS;

	while (strcmp(strrchr(path, '/') + 1, files[page]) != 0)
		fuzz_check(++page <= PAGE_STATM);

	if (page != PAGE_COMM)
		is_of_child = page == PAGE_CHILDREN;

	return is_of_child && page == PAGE_COMM ? PAGE_CHILD_COMM : page;
}

/* The sanitizers, when they report, read of themselves, but not their name. */
static bool is_played(const char *path)
{
	return input && strncmp(path, "/proc", 5) == 0 &&
	       (strncmp(path, "/proc/self/", 11) != 0 ||
		strcmp(strrchr(path, '/'), "/comm") == 0);
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	const cookie_io_functions_t io = { .read = read_page, .close = close_page };
	struct reading reading, *cookie;

	if (!is_played(path))
		return __real_fopen(path, mode);

	errno = begin(page_of(path), &reading);
	if (errno)
		return NULL;

	cookie = malloc(sizeof(*cookie));
	fuzz_check(cookie);
	*cookie = reading;
	return fopencookie(cookie, "r", io);
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
	if (!is_played(path))
		return __real_opendir(path);

	errno = begin(PAGE_NAMES, &names);
	return errno ? NULL : (DIR *)&names;
}

struct dirent *__real_readdir(DIR *stream);
struct dirent *__wrap_readdir(DIR *stream);
struct dirent *__wrap_readdir(DIR *stream)
{
	static struct dirent entry;
	size_t length;

	if (stream != (DIR *)&names)
		return __real_readdir(stream);
	if (!names.left) {
		if (names.error)
			errno = names.error;
		return NULL;
	}

	length = strcspn(names.at, "\n");
	if (length > names.left)
		length = names.left;
	snprintf(entry.d_name, sizeof(entry.d_name), "%.*s", (int)length, names.at);
	length += length < names.left;
	names.at += length;
	names.left -= length;
	return &entry;
}

int __real_closedir(DIR *stream);
int __wrap_closedir(DIR *stream);
int __wrap_closedir(DIR *stream)
{
	return stream == (DIR *)&names ? 0 : __real_closedir(stream);
}

int __real_stat(const char *path, struct stat *stat);
int __wrap_stat(const char *path, struct stat *stat);
int __wrap_stat(const char *path, struct stat *stat)
{
	struct reading folder;

	if (!is_played(path))
		return __real_stat(path, stat);

	errno = begin(PAGE_NAMES, &folder);
	if (errno)
		return -1;

	memset(stat, 0, sizeof(*stat));
	stat->st_nlink = 2 + folder.left;
	return 0;
}

/* ---- what holds of any text ---- */

/* The errors of reading a page, as the headers have them. */
static bool is_documented(int ret, unsigned int page)
{
	struct reading reading = { 0 };
	int error = begin(page, &reading);

	if (!error)
		error = reading.error;
	if (error == ENOENT || error == ESRCH)
		error = ESRCH;

	return ret == 0 || ret == -EBADMSG || (error && ret == -error);
}

/* Can @text be in what @page says? */
static bool page_has(unsigned int page, const char *text)
{
	return page < input->count &&
	       memmem(input->at[page].text, input->at[page].size, text, strlen(text));
}

static void check_maps(void)
{
	bool maps = false;
	int ret = proc_maps_libcuda(PID, &maps);

	fuzz_check(is_documented(ret, PAGE_MAPS) && ret != -EBADMSG);
	fuzz_check(!maps || ret == 0);
	fuzz_check(!maps || page_has(PAGE_MAPS, "/libcuda.so."));
}

static void check_memory_map(void)
{
	struct memory_map map = { .count = 0 };
	int ret = memory_map_read(PID, &map);

	fuzz_check(is_documented(ret, PAGE_MAPS));
	fuzz_check(ret == 0 || map.count == 0);
	for (size_t i = 0; i < map.count; i++) {
		const struct memory_range *range = &map.ranges[i];

		fuzz_check(range->begin < range->end);
		fuzz_check(memory_map_has(&map, range->begin, range->end - range->begin));
	}
	memory_map_release(&map);
}

/* As it maps libcuda; but one with a single thread need not be looked into. */
static void check_may_be_cuda(void)
{
	struct reading folder;
	const bool is_single = begin(PAGE_NAMES, &folder) == 0 && folder.left == 1;
	bool may = false, maps = false;
	int ret = proc_may_be_cuda(PID, &may);

	fuzz_check(is_documented(ret, PAGE_NAMES) || is_documented(ret, PAGE_MAPS));
	fuzz_check(!may || (ret == 0 && !is_single));
	if (ret == 0 && !is_single)
		fuzz_check(proc_maps_libcuda(PID, &maps) == 0 && maps == may);
}

static void check_status(void)
{
	bool stopped = false, gone = proc_is_gone(PID);
	pid_t tracer = UNTOUCHED, inner = UNTOUCHED;
	uint64_t mask;
	int ret = proc_tracer(PID, &tracer);

	fuzz_check(is_documented(ret, PAGE_STATUS));
	fuzz_check(ret == 0 ? tracer >= 0 : tracer == UNTOUCHED);
	fuzz_check(ret != 0 || page_has(PAGE_STATUS, "TracerPid:"));

	ret = proc_inner_pid(PID, &inner);
	fuzz_check(is_documented(ret, PAGE_STATUS));
	fuzz_check(ret == 0 ? inner >= 0 : inner == UNTOUCHED);

	ret = proc_is_stopped(PID, &stopped);
	fuzz_check(is_documented(ret, PAGE_STATUS));
	fuzz_check(!stopped || (ret == 0 && !gone));
	fuzz_check(gone || ret != -ESRCH);

	ret = proc_signals(PID, PROC_BLOCKED, &mask);
	fuzz_check(is_documented(ret, PAGE_STATUS));
	fuzz_check(ret != 0 || page_has(PAGE_STATUS, "SigBlk:"));
}

static void check_statm(void)
{
	uint64_t bytes = 1;
	int ret = proc_resident(PID, &bytes);

	fuzz_check(is_documented(ret, PAGE_STATM));
	fuzz_check(ret == 0 ? bytes % 4096 == 0 : bytes == 1);
}

static void check_directories(void)
{
	bool has = false;
	int ret = proc_has_restore_thread(PID, &has);

	fuzz_check(is_documented(ret, PAGE_NAMES) || is_documented(ret, PAGE_COMM));
	fuzz_check(ret != -EBADMSG);
	fuzz_check(!has || (ret == 0 && page_has(PAGE_COMM, "cuda")));

	fuzz_check(proc_sole_restore_thread(PID) == 0 || has);
}

static bool page_begins_with(unsigned int page, const char *text)
{
	return strncmp(fuzz_pages_text(input, page), text, strlen(text)) == 0;
}

static void check_at_work(void)
{
	struct reading folder;

	/* Without a list of processes that cannot be seen. */
	if (!at_work_on(PID, PROGRAM) || begin(PAGE_NAMES, &folder))
		return;

	fuzz_check(page_has(PAGE_CMDLINE, PROGRAM));
	fuzz_check(page_has(PAGE_CMDLINE, "--pid"));
	fuzz_check(page_has(PAGE_CMDLINE, "4711"));

	/* By its own name, or that of a child, if it is one that tells the pid. */
	fuzz_check(!page_begins_with(PAGE_COMM, CONTRACT_NAME_PREFIX) ||
		   !page_has(PAGE_COMM, "\n") /* may not have been read */ ||
		   page_begins_with(PAGE_COMM, CONTRACT_NAME_PREFIX "4711") ||
		   page_begins_with(PAGE_CHILD_COMM, CONTRACT_NAME_PREFIX "4711") ||
		   (PAGE_CHILD_COMM < input->count &&
		    !page_begins_with(PAGE_CHILD_COMM, CONTRACT_NAME_PREFIX)));
}

/* Is what follows the name in stat, which is of one line, the state of a zombie? */
static bool stat_has_zombie(void)
{
	const char *text = fuzz_pages_text(input, PAGE_STAT);
	const char *end = text + strcspn(text, "\n");

	while (end > text && *end != ')')
		end--;

	return strncmp(end, ") Z ", 4) == 0;
}

static void check_life(void)
{
	uint64_t start = 0;
	int ret = life_start(PID, &start);
	bool ending = life_is_ending(PID);

	fuzz_check(is_documented(ret, PAGE_STAT) || ret == -ESRCH);
	if (ret == 0) {
		fuzz_check(!life_goes_on(PID, start + 1));
		fuzz_check(life_goes_on(PID, start) || ending);
		fuzz_check(!stat_has_zombie() || (ending && !life_goes_on(PID, start)));
		return;
	}

	/* What cannot be read is no proof of an end. */
	fuzz_check(start == 0);
	fuzz_check(life_goes_on(PID, 1) == (ret != -ESRCH));
	fuzz_check(ending == (ret == -ESRCH));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_pages pages;

	fuzz_pages_cut(&pages, data, size);
	input = &pages;

	check_maps();
	check_memory_map();
	check_may_be_cuda();
	check_status();
	check_statm();
	check_directories();
	check_at_work();
	check_life();

	input = NULL;
	fuzz_pages_release(&pages);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "collectives.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "driver/clock.h"

struct collective {
	struct collective *next;
	char name[GPU_NAME_MAX];
	uint64_t handle;
	unsigned int members;
	uint32_t ranks;
	uint32_t launched[GPU_RANKS_MAX];
	uint32_t us;  /* what the latest launch said */
	uint64_t due; /* when the step that runs ends; CLOCK_NEVER: none runs */
	int fd;
	struct gpu_board *board;
};

/* Steps are compared by their distance, for they may wrap. */
static bool is_after(uint32_t step, uint32_t other)
{
	return (int32_t)(step - other) > 0;
}

static bool has_name(const struct collective *collective, const char *name)
{
	return strncmp(collective->name, name, GPU_NAME_MAX) == 0;
}

static struct collective *find(const struct collectives *collectives, uint64_t handle)
{
	struct collective *at = collectives->first;

	while (at && at->handle != handle)
		at = at->next;
	return at;
}

static int make_board(struct collective *collective)
{
	void *board;
	int fd = memfd_create("simulated-collective", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	board = MAP_FAILED;
	if (ftruncate(fd, sizeof(struct gpu_board)) == 0)
		board = mmap(NULL, sizeof(struct gpu_board), PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, 0);
	if (board == MAP_FAILED) {
		close(fd);
		return -1;
	}
	collective->fd = fd;
	collective->board = board;
	return 0;
}

/* All ranks begin where the first one that joins is: none has anything in flight. */
static struct collective *make(struct collectives *collectives,
			       const struct gpu_request *request)
{
	struct collective *made = calloc(1, sizeof(*made));

	if (!made || make_board(made) < 0) {
		free(made);
		return NULL;
	}
	memcpy(made->name, request->name, GPU_NAME_MAX);
	made->ranks = request->ranks;
	made->due = CLOCK_NEVER;
	made->handle = ++collectives->last_handle;
	made->board->completed = request->step;
	for (uint32_t i = 0; i < made->ranks; i++)
		made->launched[i] = request->step;
	made->next = collectives->first;
	collectives->first = made;
	return made;
}

static void wake(struct collective *collective, uint32_t bits)
{
	syscall(SYS_futex, &collective->board->completed, FUTEX_WAKE_BITSET, INT_MAX,
		NULL, NULL, bits);
}

/* Begin the next step at @now if none runs and all have launched it. */
static void begin(struct collective *collective, uint64_t now)
{
	uint32_t completed = collective->board->completed;

	if (collective->due != CLOCK_NEVER)
		return;
	for (uint32_t i = 0; i < collective->ranks; i++)
		if (!is_after(collective->launched[i], completed))
			return;
	collective->due = now + collective->us * 1000ULL;
}

/* *@ret_collective may be one that is there, or a new one without members. */
static enum gpu_result find_or_make(struct collectives *collectives,
				    const struct gpu_request *request,
				    struct collective **ret_collective)
{
	struct collective *collective = collectives->first;

	if (request->ranks > GPU_RANKS_MAX || request->rank >= request->ranks ||
	    request->name[GPU_NAME_MAX - 1])
		return GPU_INVALID;
	while (collective && !has_name(collective, request->name))
		collective = collective->next;
	if (collective && collective->ranks != request->ranks)
		return GPU_INVALID;
	if (!collective)
		collective = make(collectives, request);
	if (!collective)
		return GPU_OUT_OF_MEMORY;
	*ret_collective = collective;
	return GPU_OK;
}

/* What a rank had launched before it joined has ended. */
static void catch_up(struct collective *collective, uint32_t step)
{
	if (!is_after(step, collective->board->completed))
		return;
	collective->board->completed = step;
	collective->due = CLOCK_NEVER;
	wake(collective, FUTEX_BITSET_MATCH_ANY);
	begin(collective, clock_now());
}

enum gpu_result collectives_join(struct collectives *collectives,
				 const struct gpu_request *request, uint64_t *ret_handle,
				 int *ret_fd)
{
	struct collective *collective;
	enum gpu_result ret = find_or_make(collectives, request, &collective);
	int fd;

	if (ret != GPU_OK)
		return ret;
	collective->members++;
	fd = fcntl(collective->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		collectives_leave(collectives, collective->handle);
		return GPU_OUT_OF_MEMORY;
	}
	collective->launched[request->rank] = request->step;
	catch_up(collective, request->step);
	*ret_handle = collective->handle;
	*ret_fd = fd;
	return GPU_OK;
}

void collectives_leave(struct collectives *collectives, uint64_t handle)
{
	struct collective *collective = find(collectives, handle);
	struct collective **at = &collectives->first;

	if (!collective || --collective->members)
		return;
	while (*at != collective)
		at = &(*at)->next;
	*at = collective->next;
	munmap(collective->board, sizeof(*collective->board));
	close(collective->fd);
	free(collective);
}

enum gpu_result collectives_launch(struct collectives *collectives,
				   const struct gpu_request *request)
{
	struct collective *collective = find(collectives, request->handle);

	if (!collective || request->rank >= collective->ranks ||
	    request->step != collective->launched[request->rank] + 1)
		return GPU_INVALID;
	collective->launched[request->rank] = request->step;
	collective->us = request->us;
	begin(collective, clock_now());
	return GPU_OK;
}

uint64_t collectives_advance(struct collectives *collectives)
{
	uint64_t next = CLOCK_NEVER, now = clock_now();

	for (struct collective *at = collectives->first; at; at = at->next) {
		while (at->due <= now) {
			uint64_t ended = at->due;
			uint32_t step = ++at->board->completed;

			wake(at, 1U << step % 32);
			at->due = CLOCK_NEVER;
			begin(at, ended);
		}
		if (at->due < next)
			next = at->due;
	}
	return next;
}

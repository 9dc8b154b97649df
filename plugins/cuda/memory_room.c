/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_room.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "memory_cgroup.h"
#include "memory_file.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

/* How many pids are named in a reason. */
#define NAMED_MAX 8

struct check {
	const struct memory_demand *demands;
	size_t count;
	uint64_t available;		/* in the machine */
	struct memory_cgroups *cgroups; /* of each demand; none where nothing is asked */
};

/* What bounds some or all of the processes. */
struct bound {
	const char *path; /* of a cgroup, borrowed; NULL: the machine, which bounds all */
	uint64_t room;
	uint64_t needed;
};

/* --- what there is ------------------------------------------------------------------ */

static int read_machine(struct check *check, char *ret_reason, size_t size)
{
	int ret;

	ret = memory_file_read("/proc", "meminfo", "MemAvailable", &check->available);
	if (ret)
		snprintf(ret_reason, size,
			 "cannot read MemAvailable of /proc/meminfo: %s", strerror(-ret));

	return ret;
}

static int read_cgroups(struct check *check, char *ret_reason, size_t size)
{
	for (size_t i = 0; i < check->count; i++) {
		const struct memory_demand *demand = &check->demands[i];
		int ret = demand->bytes
				  ? memory_cgroups_of(demand->pid, &check->cgroups[i])
				  : 0;

		if (ret) {
			snprintf(ret_reason, size,
				 "pid %d: cannot find the room in its memory cgroup: %s",
				 demand->pid, strerror(-ret));
			return ret;
		}
	}

	return 0;
}

static int look(struct check *check, char *ret_reason, size_t size)
{
	int ret;

	check->cgroups = calloc(check->count, sizeof(*check->cgroups));
	if (!check->cgroups) {
		snprintf(ret_reason, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}

	ret = read_machine(check, ret_reason, size);
	return ret ? ret : read_cgroups(check, ret_reason, size);
}

/* Accepts what a failed look() leaves. */
static void forget(struct check *check)
{
	for (size_t i = 0; check->cgroups && i < check->count; i++)
		memory_cgroups_release(&check->cgroups[i]);
	free(check->cgroups);
}

/* --- what is lacking ---------------------------------------------------------------- */

static bool is_bound_by(const struct check *check, size_t which, const char *path)
{
	const struct memory_cgroups *cgroups = &check->cgroups[which];

	if (!path)
		return check->demands[which].bytes != 0;

	for (size_t i = 0; i < cgroups->count; i++)
		if (strcmp(cgroups->list[i].path, path) == 0)
			return true;

	return false;
}

/* What all that share a bound need; no sum wraps. */
static uint64_t needed_in(const struct check *check, const char *path)
{
	uint64_t needed = 0;

	for (size_t i = 0; i < check->count; i++) {
		const uint64_t bytes = check->demands[i].bytes;

		if (is_bound_by(check, i, path))
			needed =
				bytes > UINT64_MAX - needed ? UINT64_MAX : needed + bytes;
	}

	return needed;
}

static void keep_worse(const struct check *check, const char *path, uint64_t room,
		       struct bound *worst)
{
	const uint64_t needed = needed_in(check, path);

	if (needed > room && needed - room > worst->needed - worst->room)
		*worst = (struct bound){ .path = path, .room = room, .needed = needed };
}

/* The bound that most is lacking in. False: there is room everywhere. */
static bool find_worst(const struct check *check, struct bound *ret_worst)
{
	struct bound worst = { .path = NULL };

	keep_worse(check, NULL, check->available, &worst);
	for (size_t i = 0; i < check->count; i++)
		for (size_t k = 0; k < check->cgroups[i].count; k++)
			keep_worse(check, check->cgroups[i].list[k].path,
				   check->cgroups[i].list[k].room, &worst);

	*ret_worst = worst;
	return worst.needed > worst.room;
}

/* --- the reason --------------------------------------------------------------------- */

struct size_text {
	char text[32];
};

/* One decimal; what is needed is rounded up and what is there is rounded down. */
static struct size_text size_text(uint64_t bytes, bool up)
{
	const uint64_t unit = bytes >= GIB ? GIB : MIB;
	uint64_t tenths =
		bytes / unit * 10 + (bytes % unit * 10 + (up ? unit - 1 : 0)) / unit;
	struct size_text size;

	snprintf(size.text, sizeof(size.text), "%" PRIu64 ".%" PRIu64 " %s", tenths / 10,
		 tenths % 10, unit == GIB ? "GiB" : "MiB");
	return size;
}

/* What does not fit into @text is cut. */
static void append(char *text, size_t size, const char *format, ...) printf_format(3, 4);

static void append(char *text, size_t size, const char *format, ...)
{
	const size_t used = strlen(text);
	va_list values;

	va_start(values, format);
	vsnprintf(text + used, size - used, format, values);
	va_end(values);
}

/* "pid 7", "pids 7, 8", "pids 1, 2, 3, 4, 5, 6, 7, 8 and 12 more". Return: how many. */
static size_t append_pids(const struct check *check, const char *path, char *text,
			  size_t size)
{
	size_t all = 0, named = 0;

	for (size_t i = 0; i < check->count; i++)
		all += is_bound_by(check, i, path);

	append(text, size, all > 1 ? "pids" : "pid");
	for (size_t i = 0; i < check->count && named < NAMED_MAX; i++)
		if (is_bound_by(check, i, path))
			append(text, size, "%s %d", named++ ? "," : "",
			       check->demands[i].pid);
	if (all > named)
		append(text, size, " and %zu more", all - named);

	return all;
}

static void explain(const struct check *check, const struct bound *bound,
		    char *ret_reason, size_t size)
{
	const struct size_text needed = size_text(bound->needed, true);
	const struct size_text room = size_text(bound->room, false);
	size_t count;

	ret_reason[0] = '\0';
	count = append_pids(check, bound->path, ret_reason, size);
	append(ret_reason, size,
	       ": %s GPU memory needs %s of host memory, and there is room for %s in ",
	       count > 1 ? "their" : "its", needed.text, room.text);
	if (bound->path)
		append(ret_reason, size,
		       "the memory cgroup %s; raise its limit or make room", bound->path);
	else
		append(ret_reason, size, "the machine; make room");
}

/* --- the answer --------------------------------------------------------------------- */

static bool is_anything_needed(const struct memory_demand *demands, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (demands[i].bytes)
			return true;

	return false;
}

int memory_room_check(const struct memory_demand *demands, size_t count, char *ret_reason,
		      size_t size)
{
	struct check check = { .demands = demands, .count = count };
	struct bound worst;
	int ret;

	if (!is_anything_needed(demands, count))
		return 0;

	ret = look(&check, ret_reason, size);
	if (!ret && find_worst(&check, &worst)) {
		explain(&check, &worst, ret_reason, size);
		ret = -ENOSPC;
	}

	forget(&check);
	return ret;
}

/* --- how many ----------------------------------------------------------------------- */

static void leave_reserve(struct check *check, uint64_t host_memory)
{
	if (!host_memory)
		check->available -= check->available / MEMORY_ROOM_RESERVE;
	else if (host_memory < check->available)
		check->available = host_memory;

	for (size_t i = 0; i < check->count; i++) {
		for (size_t k = 0; k < check->cgroups[i].count; k++) {
			uint64_t *room = &check->cgroups[i].list[k].room;

			*room -= *room / MEMORY_ROOM_RESERVE;
		}
	}
}

/* One more never makes room for another: so the middle tells about one half. */
static size_t count_fitting(const struct check *check)
{
	size_t fitting = 0, most = check->count;

	while (fitting < most) {
		struct check first = *check;
		struct bound worst;

		first.count = most - (most - fitting) / 2;
		if (find_worst(&first, &worst))
			most = first.count - 1;
		else
			fitting = first.count;
	}

	return fitting;
}

int memory_room_count(const struct memory_demand *demands, size_t count,
		      uint64_t host_memory, size_t *ret_count, char *ret_reason,
		      size_t size)
{
	struct check check = { .demands = demands, .count = count };
	int ret;

	if (!is_anything_needed(demands, count)) {
		*ret_count = count;
		return 0;
	}

	ret = look(&check, ret_reason, size);
	if (!ret) {
		leave_reserve(&check, host_memory);
		*ret_count = count_fitting(&check);
	}

	forget(&check);
	return ret;
}

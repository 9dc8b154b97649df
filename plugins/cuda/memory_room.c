/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_room.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "memory_cgroup.h"
#include "memory_file.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

/* How many pids are named in a reason. */
#define NAMED_MAX 8

/* What bounds some or all of the processes. */
struct bound {
	const char *path; /* of a cgroup, borrowed; NULL: the machine, which bounds all */
	uint64_t room;
	uint64_t needed;
};

struct check {
	const struct memory_demand *demands;
	size_t count;
	struct memory_cgroups *cgroups; /* of each demand */
	struct bound *bounds;
	size_t bound_count;
};

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* --- what bounds whom ------------------------------------------------------------ */

/* NULL: no memory. The room of one that is known stays as it was seen first. */
static struct bound *find_or_add(struct check *check, const char *path, uint64_t room)
{
	struct bound *bounds;

	for (size_t i = 0; i < check->bound_count; i++)
		if (check->bounds[i].path && strcmp(check->bounds[i].path, path) == 0)
			return &check->bounds[i];

	bounds = reallocarray(check->bounds, check->bound_count + 1, sizeof(*bounds));
	if (!bounds)
		return NULL;

	check->bounds = bounds;
	bounds[check->bound_count] = (struct bound){ .path = path, .room = room };
	return &bounds[check->bound_count++];
}

static int add_machine(struct check *check, char *ret_reason, size_t size)
{
	struct bound *machine;
	uint64_t available;
	int ret;

	ret = memory_file_read("/proc", "meminfo", "MemAvailable", &available);
	if (ret) {
		snprintf(ret_reason, size,
			 "cannot read MemAvailable of /proc/meminfo: %s", strerror(-ret));
		return ret;
	}

	machine = reallocarray(NULL, 1, sizeof(*machine));
	if (!machine) {
		snprintf(ret_reason, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}

	*machine = (struct bound){ .path = NULL, .room = available };
	for (size_t i = 0; i < check->count; i++)
		machine->needed = add(machine->needed, check->demands[i].bytes);
	check->bounds = machine;
	check->bound_count = 1;
	return 0;
}

static int add_cgroups(struct check *check, size_t which)
{
	const struct memory_demand *demand = &check->demands[which];
	struct memory_cgroups *cgroups = &check->cgroups[which];
	int ret;

	ret = memory_cgroups_of(demand->pid, cgroups);
	if (ret)
		return ret;

	for (size_t i = 0; i < cgroups->count; i++) {
		struct bound *bound =
			find_or_add(check, cgroups->list[i].path, cgroups->list[i].room);

		if (!bound)
			return -ENOMEM;

		bound->needed = add(bound->needed, demand->bytes);
	}

	return 0;
}

static int add_all(struct check *check, char *ret_reason, size_t size)
{
	int ret;

	ret = add_machine(check, ret_reason, size);
	if (ret)
		return ret;

	for (size_t i = 0; i < check->count; i++) {
		if (!check->demands[i].bytes)
			continue;

		ret = add_cgroups(check, i);
		if (ret) {
			snprintf(ret_reason, size,
				 "pid %d: cannot find the room in its memory cgroup: %s",
				 check->demands[i].pid, strerror(-ret));
			return ret;
		}
	}

	return 0;
}

/* The bound that most is lacking in; NULL: there is room everywhere. */
static const struct bound *find_worst(const struct check *check)
{
	const struct bound *worst = NULL;

	for (size_t i = 0; i < check->bound_count; i++) {
		const struct bound *bound = &check->bounds[i];

		if (bound->needed > bound->room &&
		    (!worst || bound->needed - bound->room > worst->needed - worst->room))
			worst = bound;
	}

	return worst;
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

static bool is_bound_by(const struct check *check, size_t which,
			const struct bound *bound)
{
	const struct memory_cgroups *cgroups = &check->cgroups[which];

	if (!check->demands[which].bytes)
		return false;
	if (!bound->path)
		return true;

	for (size_t i = 0; i < cgroups->count; i++)
		if (strcmp(cgroups->list[i].path, bound->path) == 0)
			return true;

	return false;
}

struct pids_text {
	char text[NAMED_MAX * sizeof(", 2147483647") +
		  sizeof("pids  and 18446744073709551615 more")];
	size_t count;
};

/* "pid 7", "pids 7, 8", "pids 1, 2, 3, 4, 5, 6, 7, 8 and 12 more" */
static struct pids_text pids_text(const struct check *check, const struct bound *bound)
{
	char list[NAMED_MAX * sizeof(", 2147483647") + 1] = "";
	struct pids_text pids = { .count = 0 };
	size_t used = 0, more;

	for (size_t i = 0; i < check->count; i++) {
		if (!is_bound_by(check, i, bound) || ++pids.count > NAMED_MAX)
			continue;

		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%d",
					 used ? ", " : "", check->demands[i].pid);
	}

	more = pids.count > NAMED_MAX ? pids.count - NAMED_MAX : 0;
	snprintf(pids.text, sizeof(pids.text), "pid%s %s", pids.count > 1 ? "s" : "",
		 list);
	if (more)
		snprintf(pids.text + strlen(pids.text),
			 sizeof(pids.text) - strlen(pids.text), " and %zu more", more);
	return pids;
}

static void explain(const struct check *check, const struct bound *bound,
		    char *ret_reason, size_t size)
{
	struct size_text needed = size_text(bound->needed, true);
	struct size_text room = size_text(bound->room, false);
	struct pids_text pids = pids_text(check, bound);
	const char *whose = pids.count > 1 ? "their" : "its";

	if (bound->path)
		snprintf(ret_reason, size,
			 "%s: %s GPU memory needs %s of host memory, and there is room "
			 "for %s in the memory cgroup %s; raise its limit or make room",
			 pids.text, whose, needed.text, room.text, bound->path);
	else
		snprintf(ret_reason, size,
			 "%s: %s GPU memory needs %s of host memory, and there is room "
			 "for %s in the machine; make room",
			 pids.text, whose, needed.text, room.text);
}

static bool is_anything_needed(const struct memory_demand *demands, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (demands[i].bytes)
			return true;

	return false;
}

static void release(struct check *check)
{
	for (size_t i = 0; i < check->count; i++)
		memory_cgroups_release(&check->cgroups[i]);
	free(check->cgroups);
	free(check->bounds);
}

int memory_room_check(const struct memory_demand *demands, size_t count, char *ret_reason,
		      size_t size)
{
	struct check check = { .demands = demands, .count = count };
	const struct bound *worst;
	int ret;

	if (!is_anything_needed(demands, count))
		return 0;

	check.cgroups = calloc(count, sizeof(*check.cgroups));
	if (!check.cgroups) {
		snprintf(ret_reason, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}

	ret = add_all(&check, ret_reason, size);
	worst = ret ? NULL : find_worst(&check);
	if (worst) {
		explain(&check, worst, ret_reason, size);
		ret = -ENOSPC;
	}

	release(&check);
	return ret;
}

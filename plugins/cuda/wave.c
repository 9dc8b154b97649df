/* SPDX-License-Identifier: GPL-2.0-only */
#include "wave.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memory_answer.h"

static bool is_unknown(const struct memory_demand *demand)
{
	return demand->bytes == MEMORY_UNKNOWN;
}

/* Those before the first that is not known. */
static size_t count_known(const struct memory_demand *demands, size_t count)
{
	size_t known = 0;

	while (known < count && !is_unknown(&demands[known]))
		known++;

	return known;
}

/* As memory_room_count(), to which what is not known is nothing. */
static int count_with_room(const struct memory_demand *demands, size_t count,
			   uint64_t host_memory, size_t *ret_count, char *ret_reason)
{
	struct memory_demand *asked autofree = calloc(count, sizeof(*asked));

	if (!asked)
		return reason_set(ret_reason, -ENOMEM,
				  "out of memory for %zu CUDA processes", count);

	for (size_t i = 0; i < count; i++) {
		asked[i] = demands[i];
		if (is_unknown(&demands[i]))
			asked[i].bytes = 0;
	}

	return memory_room_count(asked, count, host_memory, ret_count, ret_reason,
				 REASON_MAX);
}

int wave_choose(const struct memory_demand *demands, size_t count, uint64_t host_memory,
		size_t *ret_count, char ret_reason[REASON_MAX])
{
	const size_t known = host_memory ? count_known(demands, count) : count;
	size_t with_room = 0;
	int ret = 0;

	if (known)
		ret = count_with_room(demands, known, host_memory, &with_room,
				      ret_reason);
	/* Reserve and host memory say how much at once; alone, a process may take all
	 * there is. */
	if (!ret && known && !with_room)
		ret = memory_room_check(demands, 1, ret_reason, REASON_MAX);
	if (ret)
		return ret;

	if (count && !with_room)
		with_room = 1;
	*ret_count = with_room;
	return 0;
}

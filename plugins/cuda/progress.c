/* SPDX-License-Identifier: GPL-2.0-only */
#include "progress.h"

#include <inttypes.h>

#include "clock.h"
#include "log.h"

void progress_begin(struct progress *progress, pid_t pid, const char *done_word,
		    uint64_t bytes)
{
	const int64_t now_ms = clock_ms();

	progress->pid = pid;
	progress->done_word = done_word;
	progress->bytes = bytes;
	progress->began_ms = now_ms;
	atomic_init(&progress->done, 0);
	atomic_init(&progress->next_ms, now_ms + PROGRESS_INTERVAL_MS);
}

static void say(const struct progress *progress, uint64_t done, int64_t now_ms)
{
	const uint64_t mib = done >> 20, all_mib = progress->bytes >> 20;
	const uint64_t took_ms = (uint64_t)(now_ms - progress->began_ms);

	pr_info("pid %d: %" PRIu64 " %% of %" PRIu64 " MiB of GPU memory %s, %" PRIu64
		" MiB/s\n",
		progress->pid, all_mib ? mib * 100 / all_mib : 100, all_mib,
		progress->done_word, mib * 1000 / took_ms);
}

void progress_add(struct progress *progress, uint64_t bytes)
{
	const uint64_t done = atomic_fetch_add(&progress->done, bytes) + bytes;
	const int64_t now_ms = clock_ms();
	int64_t next_ms = atomic_load(&progress->next_ms);

	/* Of several threads that see that it is due one says it. */
	if (now_ms >= next_ms &&
	    atomic_compare_exchange_strong(&progress->next_ms, &next_ms,
					   now_ms + PROGRESS_INTERVAL_MS))
		say(progress, done, now_ms);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "stats.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"

#define FORMAT 1

void stats_init(struct stats *stats)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*stats = (struct stats){
		.began_us = clock_us(),
		.began_unix_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000,
	};
}

void stats_begin(struct stats *stats, enum stats_phase phase)
{
	if (!stats->phases[phase].begin_us)
		stats->phases[phase].begin_us = clock_us();
}

void stats_end(struct stats *stats, enum stats_phase phase)
{
	stats->phases[phase].end_us = clock_us();
}

/* Microseconds as milliseconds with three decimals, without the locale's point. */
static void print_ms(FILE *file, const char *key, int64_t us)
{
	us = us > 0 ? us : 0;
	fprintf(file, "\"%s\":%" PRId64 ".%03" PRId64, key, us / 1000, us % 1000);
}

static void print_phases(FILE *file, const struct stats *stats)
{
	static const char *const names[] = {
		[STATS_FIND] = "find",
		[STATS_LOCK] = "lock",
		[STATS_CHECKPOINT] = "checkpoint",
		[STATS_RESTORE] = "restore",
	};
	const char *separator = "";

	fprintf(file, ",\"phases\":{");
	for (int i = 0; i < STATS_PHASES; i++) {
		const int64_t begin_us = stats->phases[i].begin_us;

		if (!stats->phases[i].end_us)
			continue;
		fprintf(file, "%s\"%s\":{", separator, names[i]);
		print_ms(file, "begin_ms", begin_us - stats->began_us);
		fprintf(file, ",");
		print_ms(file, "ms", stats->phases[i].end_us - begin_us);
		fprintf(file, "}");
		separator = ",";
	}
	fprintf(file, "}");
}

/* An object that is still to be closed. */
static void begin_step(FILE *file, const struct stats *stats, const char *name,
		       const struct cuda_step *step)
{
	fprintf(file, ",\"%s\":{", name);
	print_ms(file, "begin_ms", step->began_ms * 1000 - stats->began_us);
	fprintf(file, ",\"ms\":%u", step->took_ms);
}

static void print_copy(FILE *file, const struct stats *stats, const char *name,
		       const struct cuda_step *step)
{
	if (!step->is_done)
		return;

	begin_step(file, stats, name, step);
	fprintf(file, "}");
}

static void print_process(FILE *file, const struct stats *stats,
			  const struct cuda_process *process)
{
	fprintf(file, "{\"pid\":%d,\"found\":\"%s\",\"bytes\":", process->pid,
		cuda_state_name(process->is_expendable ? CUDA_CHECKPOINTED
						       : process->found));
	if (process->bytes == MEMORY_UNKNOWN)
		fprintf(file, "null");
	else
		fprintf(file, "%" PRIu64, process->bytes);

	for (int action = CUDA_LOCK; action < CUDA_ACTION_COUNT; action++) {
		const struct cuda_step *step = &process->steps[action];

		if (!step->is_done)
			continue;
		begin_step(file, stats, cuda_action_name((enum cuda_action)action), step);
		if (action == CUDA_LOCK)
			fprintf(file, ",\"tries\":%u", process->lock_tries);
		fprintf(file, "}");
	}
	print_copy(file, stats, "write", &process->written);
	print_copy(file, stats, "fill", &process->filled);
	fprintf(file, "}");
}

static void print(FILE *file, const struct stats *stats,
		  const struct stats_summary *summary,
		  struct cuda_process *const processes[], size_t count)
{
	fprintf(file,
		"{\"format\":%d,\"operation\":\"%s\",\"succeeded\":%s,\"began\":%" PRId64
		".%03" PRId64 ",\"parallel\":%zu,\"others\":%zu,\"runs\":%u",
		FORMAT, summary->operation, summary->succeeded ? "true" : "false",
		stats->began_unix_ms / 1000, stats->began_unix_ms % 1000,
		summary->parallel, summary->others, summary->runs);
	print_phases(file, stats);
	fprintf(file, ",\"processes\":[");
	for (size_t i = 0; i < count; i++) {
		fprintf(file, "%s", i ? "," : "");
		print_process(file, stats, processes[i]);
	}
	fprintf(file, "]}\n");
}

/*
 * One write, so that the lines of two CRIUs do not mix; and a pipe that nobody reads is
 * not waited for.
 */
static int append(const char *path, const char *line, size_t length)
{
	int fd autoclose =
		open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0644);
	ssize_t written;

	if (fd < 0)
		return -errno;

	written = write(fd, line, length);
	if (written < 0)
		return -errno;

	return (size_t)written == length ? 0 : -ENOSPC;
}

int stats_write(const struct stats *stats, const char *path,
		const struct stats_summary *summary,
		struct cuda_process *const processes[], size_t count)
{
	char *line autofree = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&line, &length);

	if (!file)
		return -errno;

	print(file, stats, summary, processes, count);
	if (fclose(file))
		return -ENOMEM;

	return append(path, line, length);
}

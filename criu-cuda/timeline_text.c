/* SPDX-License-Identifier: GPL-2.0-only */
#include "timeline_print.h"

#include <inttypes.h>
#include <time.h>

#include "quantity.h"

/* A begin and a duration. */
#define CELL	   32
#define CELL_WIDTH 16

void timeline_date(const struct timeline *timeline, char ret_text[TIMELINE_DATE_SIZE])
{
	const time_t began = (time_t)timeline->began;
	struct tm tm;

	gmtime_r(&began, &tm);
	strftime(ret_text, TIMELINE_DATE_SIZE, "%F %T UTC", &tm);
}

static void print_head(FILE *stream, const struct timeline *timeline)
{
	char date[TIMELINE_DATE_SIZE];

	timeline_date(timeline, date);
	fprintf(stream, "%-10s %s, %s, %.1f ms\n",
		timeline->is_restore ? "restore" : "dump",
		timeline->succeeded ? "succeeded" : "failed", date,
		timeline_end_ms(timeline));
	fprintf(stream,
		"processes  %zu with CUDA, others: %" PRIu64 "; at once: up to %" PRIu64
		"; runs of cuda-checkpoint: %" PRIu64 "\n",
		timeline->process_count, timeline->others, timeline->parallel,
		timeline->runs);
}

static void print_phases(FILE *stream, const struct timeline *timeline)
{
	fprintf(stream, "\n%-10s %12s %12s  (ms)\n", "all", "begin", "took");
	for (int i = 0; i < PHASE_COUNT; i++) {
		const struct timeline_span *span = &timeline->phases[i];

		if (span->took_place)
			fprintf(stream, "%-10s %12.1f %12.1f\n",
				timeline_phase_name((enum timeline_phase)i),
				span->begin_ms, span->ms);
	}
}

static void print_step(FILE *stream, const struct timeline_span *span)
{
	char cell[CELL] = "-";

	if (span->took_place)
		snprintf(cell, sizeof(cell), "%.0f +%.0f", span->begin_ms, span->ms);
	fprintf(stream, " %*s", CELL_WIDTH, cell);
}

static void print_process(FILE *stream, const struct timeline_process *process,
			  const bool is_used[STEP_COUNT])
{
	char bytes[QUANTITY_SIZE] = "?";

	if (process->is_bytes_known)
		quantity_bytes(process->bytes, bytes);
	fprintf(stream, "%10d %11s  %-12s", process->pid, bytes,
		timeline_found_name(process->found));
	for (int i = 0; i < STEP_COUNT; i++) {
		if (is_used[i])
			print_step(stream, &process->steps[i]);
	}
	if (process->lock_tries > 1)
		fprintf(stream, "  (lock: %" PRIu64 " tries)", process->lock_tries);
	fputc('\n', stream);
}

/* Steps that no process took have no column. */
static void find_used(const struct timeline *timeline, bool ret_is_used[STEP_COUNT])
{
	for (int i = 0; i < STEP_COUNT; i++) {
		ret_is_used[i] = false;
		for (size_t k = 0; k < timeline->process_count; k++)
			ret_is_used[i] |= timeline->processes[k].steps[i].took_place;
	}
}

void timeline_text(FILE *stream, const struct timeline *timeline)
{
	bool is_used[STEP_COUNT];

	find_used(timeline, is_used);
	print_head(stream, timeline);
	print_phases(stream, timeline);
	if (!timeline->process_count)
		return;

	fprintf(stream, "\n%10s %11s  %-12s", "pid", "memory", "found");
	for (int i = 0; i < STEP_COUNT; i++) {
		if (is_used[i])
			fprintf(stream, " %*s", CELL_WIDTH,
				timeline_step_name((enum timeline_step)i));
	}
	fputs("  (begin +took, ms)\n", stream);
	for (size_t i = 0; i < timeline->process_count; i++)
		print_process(stream, &timeline->processes[i], is_used);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.c on any line: it is refused with a reason, or what is made of it is within
 * its bounds, and its table and picture can be printed. There is nothing of the line in
 * the picture but numbers.
 */
#include "timeline.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "timeline_print.h"

static void check_spans(const struct timeline_span spans[], int count)
{
	for (int i = 0; i < count; i++) {
		fuzz_check(spans[i].begin_ms >= 0 &&
			   spans[i].begin_ms <= TIMELINE_MS_MAX);
		fuzz_check(spans[i].ms >= 0 && spans[i].ms <= TIMELINE_MS_MAX);
	}
}

static void check_bounds(const struct timeline *timeline)
{
	check_spans(timeline->phases, PHASE_COUNT);
	for (size_t i = 0; i < timeline->process_count; i++) {
		fuzz_check(timeline->processes[i].pid > 0);
		fuzz_check(timeline->processes[i].found < FOUND_COUNT);
		check_spans(timeline->processes[i].steps, STEP_COUNT);
	}
}

static char *print(void (*print_timeline)(FILE *, const struct timeline *),
		   const struct timeline *timeline)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	fuzz_check(stream);
	print_timeline(stream, timeline);
	fuzz_check(fclose(stream) == 0);
	fuzz_check(strlen(text) == size);
	for (const char *p = text; *p; p++)
		fuzz_check(*p == '\n' || (*p >= ' ' && *p <= '~'));
	return text;
}

/* The tags are one within another, as far as that can be seen in counts. */
static void check_picture(const char *text)
{
	unsigned int opened = 0, closed = 0;

	for (const char *p = text; (p = strchr(p, '<')); p++) {
		const char *end = strchr(p, '>');

		fuzz_check(end);
		fuzz_check(!memchr(p + 1, '<', (size_t)(end - p - 1)));
		if (p[1] == '/')
			closed++;
		else if (end[-1] != '/')
			opened++;
		fuzz_check(closed <= opened);
	}

	fuzz_check(opened == closed);
	fuzz_check(!strchr(text, '&'));
	fuzz_check(!strstr(text, "nan") && !strstr(text, "inf"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char reason[REASON_MAX] = "";
	struct timeline timeline;
	int ret;

	ret = timeline_parse((const char *)data, size, &timeline, reason);
	fuzz_check(ret == 0 || ret == -EBADMSG);
	fuzz_check((ret == 0) == !reason[0]);
	fuzz_check(!fuzz_has_control(reason));
	if (ret == 0) {
		char *text = print(timeline_text, &timeline);
		char *picture = print(timeline_svg, &timeline);

		check_bounds(&timeline);
		check_picture(picture);
		free(picture);
		free(text);
		timeline_release(&timeline);
	}

	return 0;
}

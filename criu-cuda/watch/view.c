/* SPDX-License-Identifier: GPL-2.0-only */
#include "view.h"

#include <inttypes.h>
#include <string.h>

#include "foreign_text.h"
#include "quantity.h"

#define BAR_WIDTH 20

static void print_who(FILE *line, const struct scene *scene)
{
	static const char *const words[] = {
		[CRIU_WORK_UNKNOWN] = "",
		[CRIU_DUMPS] = "dump, ",
		[CRIU_RESTORES] = "restore, ",
	};

	if (scene->criu)
		fprintf(line, "%sCRIU %d: ", words[scene->work], (int)scene->criu);
	else
		fprintf(line,
			"%sCRIU has ended, its guardian %d has not: ", words[scene->work],
			(int)scene->guardian);
}

static void print_bar(FILE *line, uint64_t done, uint64_t bytes)
{
	const unsigned int full =
		bytes ? (unsigned int)((double)done / (double)bytes * BAR_WIDTH)
		      : BAR_WIDTH;

	fputc('[', line);
	for (unsigned int i = 0; i < BAR_WIDTH; i++)
		fputc(i < full ? '#' : '-', line);
	fputs("] ", line);
}

static void print_speed(FILE *line, const struct pace *pace)
{
	char text[QUANTITY_SIZE];
	uint64_t speed;

	if (!pace_speed(pace, &speed))
		return;

	quantity_bytes(speed, text);
	fprintf(line, ", %s/s", text);
}

static void print_image(FILE *line, const struct view *view)
{
	const struct scene *scene = view->scene;
	char share[QUANTITY_SIZE], whole[QUANTITY_SIZE];
	uint64_t left;

	quantity_share(scene->done, scene->bytes, share);
	quantity_bytes(scene->bytes, whole);
	if (view->has_bar) {
		fprintf(line, "pid %d: ", (int)scene->image_pid);
		print_bar(line, scene->done, scene->bytes);
		fprintf(line, "%s of %s", share, whole);
	} else {
		print_who(line, scene);
		fprintf(line, "%s: %s of %s of GPU memory %s", scene->image, share, whole,
			scene->is_written ? "written" : "put back");
	}
	print_speed(line, view->pace);
	if (pace_left(view->pace, scene->bytes, &left))
		fprintf(line, ", %" PRIu64 ":%02" PRIu64 " left", left / 60, left % 60);
}

/* How much is to come of anything else nobody knows. */
static void print_rest(FILE *line, const struct view *view)
{
	char pages[QUANTITY_SIZE];
	uint64_t speed;

	print_who(line, view->scene);
	fprintf(line, "%" PRIu64 " s", view->seconds);
	if (view->scene->pages_bytes && pace_speed(view->pace, &speed) && speed) {
		quantity_bytes(view->scene->pages_bytes, pages);
		fprintf(line, ", %s in CRIU's own images of memory", pages);
		print_speed(line, view->pace);
	}
	if (view->log_line[0]) {
		fputs("; the log: ", line);
		foreign_text_print(line, view->log_line);
	}
}

void view_describe(const struct view *view, char ret_line[VIEW_SIZE])
{
	FILE *line autofclose = NULL;

	/* The last byte stays what it is, also of a line that is too long. */
	memset(ret_line, 0, VIEW_SIZE);
	line = fmemopen(ret_line, VIEW_SIZE - 1, "w");
	if (!line)
		return;

	if (view->scene->image[0])
		print_image(line, view);
	else
		print_rest(line, view);
}

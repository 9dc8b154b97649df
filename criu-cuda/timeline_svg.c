/* SPDX-License-Identifier: GPL-2.0-only */
#include "timeline_print.h"

#include <inttypes.h>

#include "quantity.h"

/* In units of the picture, which are pixels unless it is scaled. */
#define WIDTH	   900
#define LEFT	   150 /* of the bars: beside them is the name of the row */
#define SPAN	   730 /* from 0 ms to the end */
#define TOP	   76  /* of the rows: above them are title, legend and scale */
#define ROW	   20
#define BAR	   14
#define BOTTOM	   14
#define LETTER	   6.5 /* more than one is wide on average */
#define BAR_LEAST  1   /* what takes no time is seen too */
#define TICKS_MOST 8
#define LEGEND_GAP 104

static const char style[] =
	"<style>\n"
	"text{font:12px "
	"sans-serif;fill:#1b1b1b}.paper{fill:#ffffff}.tick{stroke:#d0d0d0}\n"
	".title{font-weight:bold}.end{text-anchor:end}.middle{text-anchor:middle}\n"
	".bar{stroke:#1b1b1b;stroke-width:.5}\n"
	"@media(prefers-color-scheme:dark){\n"
	"text{fill:#e8e8e8}.paper{fill:#15181c}.tick{stroke:#454545}.bar{stroke:#e8e8e8}}"
	"\n"
	"text.black{fill:#000000}text.white{fill:#ffffff}\n"
	".find{fill:#999999}.lock{fill:#e69f00}.checkpoint{fill:#0072b2}.write{fill:#"
	"56b4e9}\n"
	".fill{fill:#cc79a7}.restore{fill:#d55e00}.unlock{fill:#f0e442}\n"
	"</style>\n";

/* In the order in which they happen. */
static const char *const legend[] = { "find", "lock",	 "checkpoint", "write",
				      "fill", "restore", "unlock" };

struct picture {
	FILE *stream;
	double end_ms; /* > 0 */
	int height;
};

static double x_of(const struct picture *picture, double ms)
{
	return LEFT + SPAN * (ms / picture->end_ms);
}

/* "950 ms", "12.5 s": short, and of the same meaning. */
static void print_duration(FILE *stream, double ms)
{
	if (ms < 10000)
		fprintf(stream, "%.4g ms", ms);
	else
		fprintf(stream, "%.6g s", ms / 1000);
}

static void print_title(const struct picture *picture, const struct timeline *timeline)
{
	char date[TIMELINE_DATE_SIZE];

	timeline_date(timeline, date);
	fprintf(picture->stream, "%s of %zu %s with CUDA: %s, ",
		timeline->is_restore ? "restore" : "dump", timeline->process_count,
		timeline->process_count == 1 ? "process" : "processes",
		timeline->succeeded ? "succeeded" : "failed");
	print_duration(picture->stream, timeline_end_ms(timeline));
	fprintf(picture->stream, " (%s)", date);
}

static void print_head(const struct picture *picture, const struct timeline *timeline)
{
	FILE *stream = picture->stream;

	fprintf(stream,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
		" viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
		WIDTH, picture->height, WIDTH, picture->height);
	print_title(picture, timeline);
	fprintf(stream,
		"</title>\n%s<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", style,
		WIDTH, picture->height);
	fputs("<text x=\"10\" y=\"20\" class=\"title\">", stream);
	print_title(picture, timeline);
	fputs("</text>\n", stream);

	for (size_t i = 0; i < sizeof(legend) / sizeof(legend[0]); i++) {
		const size_t x = LEFT + i * LEGEND_GAP;

		fprintf(stream,
			"<rect class=\"bar %s\" x=\"%zu\" y=\"32\" width=\"12\""
			" height=\"12\"/><text x=\"%zu\" y=\"42\">%s</text>\n",
			legend[i], x, x + 17, legend[i]);
	}
}

/* 1, 2 or 5, and zeros: TICKS_MOST of them at most. */
static double tick_ms(double end_ms)
{
	static const double steps[] = { 2, 2.5, 2 };
	double tick = 0.001;

	for (unsigned int i = 0; end_ms / tick > TICKS_MOST; i++)
		tick *= steps[i % 3];

	return tick;
}

static void print_scale(const struct picture *picture)
{
	const double tick = tick_ms(picture->end_ms);
	FILE *stream = picture->stream;

	for (int i = 0; i * tick <= picture->end_ms; i++) {
		const double x = x_of(picture, i * tick);

		fprintf(stream,
			"<line class=\"tick\" x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" "
			"y2=\"%d\"/>"
			"<text class=\"middle\" x=\"%.2f\" y=\"%d\">",
			x, TOP - 8, x, picture->height - BOTTOM, x, TOP - 12);
		print_duration(stream, i * tick);
		fputs("</text>\n", stream);
	}
}

/* The darkest two want white letters. */
static const char *letters_on(const char *name)
{
	return name[0] == 'c' || name[0] == 'r' ? "white" : "black";
}

static void print_bar(const struct picture *picture, int y, const char *name,
		      const struct timeline_span *span)
{
	const double x = x_of(picture, span->begin_ms);
	const double width = SPAN * (span->ms / picture->end_ms);
	FILE *stream = picture->stream;

	if (!span->took_place)
		return;

	fprintf(stream,
		"<rect class=\"bar %s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\">"
		"<title>%s: %.3f ms, from %.3f ms on</title></rect>\n",
		name, x, y + (ROW - BAR) / 2, width > BAR_LEAST ? width : BAR_LEAST, BAR,
		name, span->ms, span->begin_ms);
	if (width < LETTER * 18)
		return;

	fprintf(stream, "<text class=\"middle %s\" x=\"%.2f\" y=\"%d\">%s ",
		letters_on(name), x + width / 2, y + 14, name);
	print_duration(stream, span->ms);
	fputs("</text>\n", stream);
}

static void print_all(const struct picture *picture, const struct timeline *timeline)
{
	fprintf(picture->stream, "<text class=\"end\" x=\"%d\" y=\"%d\">all</text>\n",
		LEFT - 8, TOP + 14);
	for (int i = 0; i < PHASE_COUNT; i++)
		print_bar(picture, TOP, timeline_phase_name((enum timeline_phase)i),
			  &timeline->phases[i]);
}

static void print_process(const struct picture *picture, int y,
			  const struct timeline_process *process)
{
	char bytes[QUANTITY_SIZE] = "";

	if (process->is_bytes_known)
		quantity_bytes(process->bytes, bytes);
	fprintf(picture->stream,
		"<text class=\"end\" x=\"%d\" y=\"%d\">pid %d%s%s</text>\n", LEFT - 8,
		y + 14, process->pid, bytes[0] ? ", " : "", bytes);
	for (int i = 0; i < STEP_COUNT; i++)
		print_bar(picture, y, timeline_step_name((enum timeline_step)i),
			  &process->steps[i]);
}

void timeline_svg(FILE *stream, const struct timeline *timeline)
{
	const double end_ms = timeline_end_ms(timeline);
	const int rows = (int)timeline->process_count + 1;
	const struct picture picture = {
		.stream = stream,
		.end_ms = end_ms > 0.001 ? end_ms : 0.001,
		.height = TOP + rows * ROW + BOTTOM,
	};

	print_head(&picture, timeline);
	print_scale(&picture);
	print_all(&picture, timeline);
	for (size_t i = 0; i < timeline->process_count; i++)
		print_process(&picture, TOP + ((int)i + 1) * ROW,
			      &timeline->processes[i]);
	fputs("</svg>\n", stream);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * criu-cuda: look at the images of a dump, and see whether they are good and can be
 * restored here; and see what would make a dump or a restore fail on this machine.
 *
 * Only reads, but for recover, which brings processes back to running. Findings go to
 * stdout, failures of its own to stderr. The exit status is one of enum status.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command_line.h"
#include "doctor/doctor.h"
#include "image_set.h"
#include "inspection.h"
#include "machine.h"
#include "recover/recover.h"
#include "report.h"
#include "stats_show.h"
#include "usage.h"
#include "verify.h"
#include "version.h"
#include "watch/watch.h"

enum status {
	STATUS_GOOD = 0,
	STATUS_NOT_GOOD = 1, /* something in the directory or file, or of the machine */
	STATUS_FAILED = 2,   /* nothing can be said */
	STATUS_NOT_HERE = 3, /* the directory is good, and cannot be restored here */
	STATUS_UNKNOWN = 3,  /* what was watched has ended, and nothing says how */
};

static enum status fail(const char *what, int error)
{
	fprintf(stderr, "criu-cuda: %s: %s\n", what, strerror(-error));
	return STATUS_FAILED;
}

/* Whether it can be restored is news to those alone who ask for it. */
static enum status status_of(const struct command_line *line,
			     const struct inspection *inspection,
			     const struct diagnoses *restore)
{
	if (inspection->problem_count)
		return STATUS_NOT_GOOD;

	return line->restorable && diagnoses_worst(restore) == GRADE_ERROR
		       ? STATUS_NOT_HERE
		       : STATUS_GOOD;
}

static enum status inspect(const struct command_line *line, const struct image_set *set)
{
	struct inspection inspection;
	struct diagnoses restore;
	enum status status;
	int ret;

	ret = inspection_make(line->directory, set, &inspection);
	if (ret < 0)
		return fail(line->directory, ret);

	doctor_examine_restore(&inspection, line->libdir, &restore);
	if (line->json)
		report_json(stdout, &inspection, &restore);
	else
		report_text(stdout, &inspection, &restore);
	status = status_of(line, &inspection, &restore);
	inspection_release(&inspection);
	return status;
}

static enum status look(const struct command_line *line)
{
	struct image_set set autorelease_set = IMAGE_SET_NONE;
	unsigned int threads;
	int ret;

	ret = image_set_find(line->directory, &set);
	if (ret < 0)
		return fail(line->directory, ret);

	if (line->command == COMMAND_INSPECT)
		return inspect(line, &set);

	threads = line->threads ? line->threads : (unsigned int)machine_cpus();
	return verify(stdout, &set, threads) ? STATUS_GOOD : STATUS_NOT_GOOD;
}

static enum status examine(const struct command_line *line)
{
	struct diagnoses diagnoses;

	doctor_examine(line->pid, line->libdir, &diagnoses);
	if (line->json)
		diagnoses_print_json(stdout, &diagnoses, line->pid);
	else
		diagnoses_print(stdout, &diagnoses);

	return diagnoses_worst(&diagnoses) == GRADE_ERROR ? STATUS_NOT_GOOD : STATUS_GOOD;
}

static enum status recover(const struct command_line *line)
{
	const struct recover_order order = { .pid = line->pid,
					     .tree = line->tree,
					     .images = line->images };
	const int ret = recover_processes(&order);

	if (ret < 0)
		return STATUS_FAILED;

	return ret ? STATUS_GOOD : STATUS_NOT_GOOD;
}

static enum status stats(const struct command_line *line)
{
	switch (stats_show(stdout, line->file, line->line_number, line->svg)) {
	case 0:
		return STATUS_GOOD;
	case -ENODATA:
	case -EFBIG:
	case -EBADMSG:
		return STATUS_NOT_GOOD;
	default:
		return STATUS_FAILED;
	}
}

static enum status watch(const struct command_line *line)
{
	const struct watch_order order = { .place = line->place,
					   .interval_s = line->interval_s };

	switch (watch_work(&order)) {
	case WATCH_DONE:
		return STATUS_GOOD;
	case WATCH_FAILED:
		return STATUS_NOT_GOOD;
	case WATCH_UNKNOWN:
		return STATUS_UNKNOWN;
	default:
		return STATUS_FAILED;
	}
}

static enum status run(const struct command_line *line)
{
	switch (line->command) {
	case COMMAND_HELP:
		usage_print(stdout);
		return STATUS_GOOD;
	case COMMAND_VERSION:
		puts("criu-cuda " VERSION);
		return STATUS_GOOD;
	case COMMAND_DOCTOR:
		return examine(line);
	case COMMAND_RECOVER:
		return recover(line);
	case COMMAND_STATS:
		return stats(line);
	case COMMAND_WATCH:
		return watch(line);
	case COMMAND_INSPECT:
	case COMMAND_VERIFY:
	default:
		return look(line);
	}
}

int main(int argc, char *argv[])
{
	struct command_line line;
	enum status status;

	if (command_line_parse(argc, argv, &line) < 0)
		return STATUS_FAILED;

	status = run(&line);
	if (fflush(stdout) != 0 || ferror(stdout))
		return fail("what was found cannot be printed", -errno);

	return status;
}

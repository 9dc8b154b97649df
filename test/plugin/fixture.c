/* SPDX-License-Identifier: GPL-2.0-only */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

struct fixture fixture;

int fixture_set_up(void **state)
{
	(void)state;

	utility_set_up();
	task_start(&fixture.gpu, TASK_WITH_CUDA, utility_folder());
	task_start(&fixture.starting, TASK_WITH_CUDA, utility_folder());
	task_start(&fixture.loaded, TASK_WITH_LIBCUDA, utility_folder());
	task_start(&fixture.plain, TASK_WITHOUT_LIBCUDA, utility_folder());
	utility_know(&fixture.gpu, "running");
	snprintf(fixture.options, sizeof(fixture.options), "force,cuda-checkpoint=%s",
		 utility_program);
	return 0;
}

int fixture_tear_down(void **state)
{
	(void)state;

	task_end(&fixture.gpu);
	task_end(&fixture.starting);
	task_end(&fixture.loaded);
	task_end(&fixture.plain);
	utility_remove();
	return 0;
}

void fixture_rename_restore_thread(void)
{
	task_end(&fixture.gpu);
	task_start(&fixture.gpu, TASK_WITH_OTHER_CUDA, utility_folder());
	utility_know(&fixture.gpu, "running");
}

struct criu fixture_criu(void)
{
	return (struct criu){
		.tasks = { &fixture.gpu },
		.count = 1,
		.image_dir = utility_folder(),
		.environment = fixture.options,
	};
}

struct criu fixture_criu_both(void)
{
	struct criu criu = fixture_criu();

	criu.tasks[criu.count++] = &fixture.plain;
	return criu;
}

const char *fixture_options(const char *more)
{
	static char options[sizeof(fixture.options) + 256];

	snprintf(options, sizeof(options), "%s,%s", fixture.options, more);
	return options;
}

void assert_clean(const struct criu_report *report)
{
	if (!report->finished || report->refused[0])
		print_error("refused: %s\n%s", report->refused, report->log);

	assert_true(report->finished);
	assert_string_equal(report->refused, "");
	assert_false(report->signals_changed);
	assert_int_equal(report->stolen, 0);
	assert_int_equal(report->children_left, 0);
	assert_int_equal(report->descriptors_left, 0);
	assert_false(report->threads_changed);
	assert_false(report->bad_line);
	assert_false(utility_hung());
}

bool logged(const struct criu_report *report, const char *text)
{
	if (strstr(report->log, text))
		return true;

	print_error("not in the log: %s\n%s", text, report->log);
	return false;
}

void assert_goes_on(const struct task *task, const char *state)
{
	assert_true(utility_says(task, state));
	assert_true(task_goes_on(task));
}

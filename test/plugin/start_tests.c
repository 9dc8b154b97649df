/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the plugin is loaded, takes part, and understands its options. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GPUS "/proc/driver/nvidia/gpus"

static const char *const optional[] = {
	"add_inventory_plugin",
	"check_and_remove_inventory_plugin",
	"set_compel_interrupt_only_mode",
	"criu_plugin_get_options",
};

static bool has_options(void)
{
	return criu_exports("criu_plugin_get_options");
}

static void host_exports_what_its_version_has(void **state)
{
	const bool without = strstr(program_invocation_short_name, "-without-");
	size_t count = 0;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
		count += criu_exports(optional[i]);

	assert_true(criu_exports("print_on_level"));
	assert_true(criu_exports("criu_get_image_dir"));
	assert_true(criu_exports("opts"));
	assert_true(criu_exports("log_line"));
	if (without)
		assert_int_equal(count, 3);
	else if (strcmp(criu_version(), "4.0") == 0)
		assert_int_equal(count, 0);
	else
		assert_int_equal(count, strcmp(criu_version(), "4.3") == 0 ? 4 : 3);
}

static void plugin_fits_this_version(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->init, 0);
	assert_false(report->failed);
}

static void assert_out_of_the_way(const struct criu_report *report, unsigned int lines)
{
	assert_clean(report);
	assert_int_equal(report->init, 0);
	assert_false(report->failed);
	assert_int_equal(report->infos, lines);
	assert_int_equal(report->errors, 0);
	assert_int_equal(report->added, 0);
	assert_int_equal(report->interrupt_only, 0);
	assert_int_equal(utility_runs(NULL, NULL, NULL), 0);
}

static void dump_without_gpu_is_out_of_the_way_with_one_line(void **state)
{
	struct criu criu = fixture_criu_both();
	const struct criu_report *report;

	(void)state;
	if (access(GPUS, F_OK) == 0)
		skip();
	criu.environment = NULL;

	report = criu_dump(&criu);

	assert_out_of_the_way(report, 1);
	assert_true(logged(report, "no GPU in " GPUS ", out of the way\n"));
	for (size_t i = 0; i < criu.count; i++) {
		assert_int_equal(report->pause[i], -ENOTSUP);
		assert_int_equal(report->checkpoint[i], -ENOTSUP);
	}
}

static void pre_dump_is_out_of_the_way(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	criu.pre_dump = true;

	report = criu_dump(&criu);

	assert_out_of_the_way(report, 0);
}

static void freezes_by_interrupt_only_where_criu_can(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->interrupt_only,
			 criu_exports("set_compel_interrupt_only_mode"));
}

static void restore_does_not_touch_the_freezer(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	utility_know(&fixture.gpu, "checkpointed");

	report = criu_restore(&criu);

	assert_clean(report);
	assert_int_equal(report->interrupt_only, 0);
}

static void option_force_works_from_the_environment(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;

	report = criu_dump(&criu);

	assert_int_equal(report->pause[0], 0);
	assert_int_equal(report->checkpoint[0], 0);
}

static void options_work_from_the_command_line(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;
	char path[4096];

	(void)state;
	if (!has_options())
		skip();
	snprintf(path, sizeof(path), "--cuda_plugin.cuda-checkpoint=%s", utility_program);
	criu.environment = NULL;
	criu.options[0] = "--cuda_plugin.force";
	criu.options[1] = path;
	criu.options[2] = "--other_plugin.key=value";

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->pause[0], 0);
	assert_int_equal(report->checkpoint[0], 0);
}

static void command_line_outranks_the_environment(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;
	struct utility_run lock;

	(void)state;
	if (!has_options())
		skip();
	criu.environment = fixture_options("timeout=1");
	criu.options[0] = "--cuda_plugin.timeout=2.5";

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(utility_runs("lock", &fixture.gpu, &lock), 1);
	assert_in_range(lock.timeout_ms, 2000, 2500);
}

static void fault_138_works_without_gpu_and_asks_every_process(void **state)
{
	struct criu criu = fixture_criu_both();
	const struct criu_report *report;
	char options[4096];

	(void)state;
	snprintf(options, sizeof(options), "cuda-checkpoint=%s", utility_program);
	criu.environment = options;
	criu.fault = "138";

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->pause[0], 0);
	assert_int_equal(report->pause[1], -ENOTSUP);
	assert_int_equal(utility_runs("get-state", &fixture.plain, NULL), 1);
}

static void another_fault_is_not_ours(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	if (access(GPUS, F_OK) == 0)
		skip();
	criu.environment = NULL;
	criu.fault = "13";

	report = criu_dump(&criu);

	assert_out_of_the_way(report, 1);
}

static void refused_options_fail_the_run_and_name_the_key(void **state)
{
	static const struct {
		const char *text;
		const char *named;
	} cases[] = {
		{ "speed=1", "\"speed\"" },
		{ "timeout=soon", "\"timeout\"" },
		{ "timeout", "\"timeout\"" },
		{ "backend=magic", "\"backend\"" },
		{ "force=perhaps", "\"force\"" },
		{ "cuda-checkpoint=", "\"cuda-checkpoint\"" },
	};
	char word[64];

	(void)state;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const size_t n = i / 2;
		struct criu criu = fixture_criu();
		const struct criu_report *report;

		if (i % 2 && !has_options())
			continue;
		snprintf(word, sizeof(word), "--cuda_plugin.%s", cases[n].text);
		if (i % 2)
			criu.options[0] = word;
		else
			criu.environment = cases[n].text;

		report = criu_dump(&criu);

		assert_clean(report);
		assert_int_not_equal(report->init, 0);
		assert_int_equal(report->errors, 1);
		assert_true(logged(report, cases[n].named));
		assert_true(logged(report, i % 2 ? "--plugin-option: "
						 : "CRIU_CUDA_PLUGIN_OPTIONS: "));
	}
}

static void backends_that_exist_are_accepted(void **state)
{
	static const char *const names[] = { "backend=auto", "backend=cuda-checkpoint" };

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct criu criu = fixture_criu();

		criu.environment = fixture_options(names[i]);

		assert_int_equal(criu_dump(&criu)->init, 0);
	}
}

int start_tests(void)
{
	const struct CMUnitTest tests[] = {
		claim(host_exports_what_its_version_has),
		claim(plugin_fits_this_version),
		claim(dump_without_gpu_is_out_of_the_way_with_one_line),
		claim(pre_dump_is_out_of_the_way),
		claim(freezes_by_interrupt_only_where_criu_can),
		claim(restore_does_not_touch_the_freezer),
		claim(option_force_works_from_the_environment),
		claim(options_work_from_the_command_line),
		claim(command_line_outranks_the_environment),
		claim(fault_138_works_without_gpu_and_asks_every_process),
		claim(another_fault_is_not_ours),
		claim(refused_options_fail_the_run_and_name_the_key),
		claim(backends_that_exist_are_accepted),
	};

	return cmocka_run_group_tests_name("start", tests, NULL, NULL);
}

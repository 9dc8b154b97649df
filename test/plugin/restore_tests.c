/* SPDX-License-Identifier: GPL-2.0-only */
/* A restore: who is needed, who is resumed, and what a failure looks like. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "inventory_image.h"

#define NO_UTILITY "force,cuda-checkpoint=/nowhere/cuda-checkpoint"

static bool is_4_0(void)
{
	return !criu_has_list();
}

/* The image folder as CRIU finds it, and the GPU task as it restored it. */
static struct criu restore_from(enum criu_list list)
{
	struct criu criu = fixture_criu_both();
	int folder = open(utility_folder(), O_RDONLY | O_CLOEXEC);

	utility_know(&fixture.gpu, "checkpointed");
	inventory_image_write(folder, list != CRIU_LIST_MISSING,
			      list == CRIU_LIST_PLUGIN);
	close(folder);

	criu.list = list;
	return criu;
}

static void cuda_process_is_restored_and_unlocked(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_PLUGIN);
	const struct criu_report *report;
	struct utility_run run;

	(void)state;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_false(report->failed);
	assert_int_equal(report->resume[0], 0);
	assert_int_equal(report->resume[1], -ENOTSUP);
	assert_int_equal(report->claimed, is_4_0() ? 0 : 1);
	assert_int_equal(report->claimed_images, report->claimed);
	assert_int_equal(utility_runs("restore", &fixture.gpu, &run), 1);
	assert_true(run.leader_stopped);
	assert_true(run.blocked == ALL_BUT_SIGTRAP);
	assert_goes_on(&fixture.gpu, "running");
	assert_true(task_goes_on(&fixture.plain));
	assert_int_equal(report->errors, 0);
}

static void restore_costs_two_runs_and_one_to_prove_the_utility(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_PLUGIN);

	(void)state;

	assert_clean(criu_restore(&criu));

	assert_int_equal(utility_runs(NULL, &fixture.gpu, NULL), 2);
	assert_int_equal(utility_runs(NULL, &fixture.plain, NULL), 0);
	assert_int_equal(utility_runs(NULL, NULL, NULL), 3);
}

static void image_without_a_list_enables(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_MISSING);
	const struct criu_report *report;

	(void)state;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_int_equal(report->resume[0], 0);
	assert_goes_on(&fixture.gpu, "running");
}

static void image_with_an_empty_list_disables_without_a_run(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_EMPTY);
	const struct criu_report *report;

	(void)state;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_int_equal(report->resume[0], -ENOTSUP);
	assert_int_equal(report->resume[1], -ENOTSUP);
	assert_int_equal(utility_runs(NULL, NULL, NULL), 0);
	assert_int_equal(report->errors, 0);
}

static void requirement_is_not_claimed_without_the_utility(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_PLUGIN);
	const struct criu_report *report;

	(void)state;
	criu.environment = NO_UTILITY;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_int_equal(report->claimed, 0);
	assert_int_equal(report->claimed_images, 0);
	assert_int_equal(report->missing_plugin, !is_4_0());
	assert_int_equal(report->init, is_4_0() ? -ENODEV : 0);
	assert_true(logged(report, "there is no \"/nowhere/cuda-checkpoint\""));
	assert_int_equal(report->errors, 1);
}

static void requirement_is_not_claimed_without_a_gpu(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_PLUGIN);
	const struct criu_report *report;

	(void)state;
	if (access("/proc/driver/nvidia/gpus", F_OK) == 0)
		skip();
	criu.environment = NULL;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_int_equal(report->claimed, 0);
	assert_int_equal(report->claimed_images, 0);
	assert_int_equal(report->missing_plugin, !is_4_0());
	assert_true(logged(report, "there is no GPU in /proc/driver/nvidia/gpus"));
	assert_int_equal(utility_runs(NULL, NULL, NULL), 0);
}

static void requirement_is_not_claimed_with_a_utility_that_fails(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_PLUGIN);
	const struct criu_report *report;

	(void)state;
	criu.environment = "force,cuda-checkpoint=/bin/false";

	report = criu_restore(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_int_equal(report->claimed, 0);
	assert_int_equal(report->claimed_images, 0);
	assert_true(logged(report, "status 1"));
}

static void old_image_without_gpu_kills_cuda_processes_only(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_MISSING);
	const struct criu_report *report;

	(void)state;
	criu.environment = NO_UTILITY;

	report = criu_restore(&criu);

	assert_true(report->finished);
	assert_int_equal(report->init, 0);
	assert_int_equal(report->resume[0], -ENODEV);
	assert_true(report->failed);
	assert_int_equal(task_killed_by(&fixture.gpu), SIGKILL);
}

static void old_image_of_others_is_restored_without_gpu(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_MISSING);
	const struct criu_report *report;

	(void)state;
	criu.environment = NO_UTILITY;
	criu.tasks[0] = &fixture.plain;
	criu.count = 1;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_false(report->failed);
	assert_int_equal(report->resume[0], -ENOTSUP);
	assert_int_equal(report->errors, 0);
	assert_true(task_goes_on(&fixture.plain));
}

static void damaged_inventory_fails_the_restore_and_is_not_touched(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_PLUGIN);
	const struct criu_report *report;
	unsigned char before[INVENTORY_IMAGE_MAX], after[INVENTORY_IMAGE_MAX];
	size_t size;

	(void)state;
	inventory_image_damage(utility_folder());
	size = inventory_image_read(utility_folder(), before);

	report = criu_restore(&criu);

	assert_clean(report);
	assert_int_equal(report->init, -EBADMSG);
	assert_true(logged(report, "inventory.img: it is damaged"));
	assert_int_equal(inventory_image_read(utility_folder(), after), size);
	assert_memory_equal(before, after, size);
}

static void image_that_is_no_folder_is_left_to_criu(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_PLUGIN);
	const struct criu_report *report;

	(void)state;
	criu.image_dir = NULL;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_int_equal(report->resume[0], 0);
	assert_goes_on(&fixture.gpu, "running");
}

static void failed_resume_kills_the_task_and_fails_the_restore(void **state)
{
	static const char *const operations[] = { "get-restore-tid", "restore",
						  "unlock" };

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		struct criu criu = restore_from(CRIU_LIST_PLUGIN);
		const struct criu_report *report;

		criu.count = 1;
		if (!i) {
			fixture_rename_restore_thread();
			utility_know(&fixture.gpu, "checkpointed");
		}
		utility_fault(operations[i], i ? "fail" : "rubbish");

		report = criu_restore(&criu);

		assert_true(report->finished);
		assert_int_equal(report->children_left, 0);
		assert_true(report->failed);
		assert_int_not_equal(report->resume[0], 0);
		assert_int_not_equal(report->resume[0], -ENOTSUP);
		assert_true(logged(report, "killed, so that the restore fails\n"));
		assert_int_equal(task_killed_by(&fixture.gpu), SIGKILL);

		task_end(&fixture.gpu);
		task_start(&fixture.gpu, TASK_WITH_CUDA, utility_folder());
	}
}

/* What runs writes to files, and the image could not be restored any more. */
static void failed_resume_lets_no_task_run(void **state)
{
	struct criu criu = restore_from(CRIU_LIST_PLUGIN);
	const struct criu_report *report;

	(void)state;
	criu.tasks[0] = &fixture.plain;
	criu.tasks[1] = &fixture.gpu;
	utility_fault("restore", "fail");

	report = criu_restore(&criu);

	assert_true(report->finished);
	assert_true(report->failed);
	assert_int_equal(report->resume[0], -ENOTSUP);
	assert_int_equal(report->let_go, 0);
	assert_int_equal(task_killed_by(&fixture.plain), SIGKILL);
	assert_int_equal(task_killed_by(&fixture.gpu), SIGKILL);
}

static void dump_on_4_0_is_needed_at_its_restore(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	if (!is_4_0())
		skip();
	assert_clean(criu_dump(&criu));
	criu.environment = NO_UTILITY;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_int_equal(report->init, -ENODEV);
}

int restore_tests(void)
{
	const struct CMUnitTest tests[] = {
		claim(cuda_process_is_restored_and_unlocked),
		claim(restore_costs_two_runs_and_one_to_prove_the_utility),
		claim(image_without_a_list_enables),
		claim(image_with_an_empty_list_disables_without_a_run),
		claim(requirement_is_not_claimed_without_the_utility),
		claim(requirement_is_not_claimed_without_a_gpu),
		claim(requirement_is_not_claimed_with_a_utility_that_fails),
		claim(old_image_without_gpu_kills_cuda_processes_only),
		claim(old_image_of_others_is_restored_without_gpu),
		claim(damaged_inventory_fails_the_restore_and_is_not_touched),
		claim(image_that_is_no_folder_is_left_to_criu),
		claim(failed_resume_kills_the_task_and_fails_the_restore),
		claim(failed_resume_lets_no_task_run),
		claim(dump_on_4_0_is_needed_at_its_restore),
	};

	return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}

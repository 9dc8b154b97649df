/* SPDX-License-Identifier: GPL-2.0-only */
#include "doctor/gpu_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_spawn.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define GOOD	      "0, Enabled, Disabled, 81559, NVIDIA H100 80GB HBM3\n"

static struct gpu_list list;
static char reason[256];

static int set_up(void **state)
{
	(void)state;
	list = (struct gpu_list){ .count = 77 };
	reason[0] = '\0';
	fake_spawn_reset();
	return 0;
}

static void lines_are_understood(void **state)
{
	(void)state;
	assert_int_equal(gpu_list_parse(GOOD "3, Disabled, Enabled, 40960, A, B\n"
					     "4, [N/A], [N/A], [N/A], GB10",
					&list),
			 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.at[0].index, 0);
	assert_int_equal(list.at[0].persistence, GPU_SETTING_ON);
	assert_int_equal(list.at[0].mig, GPU_SETTING_OFF);
	assert_int_equal(list.at[0].memory, 81559ull << 20);
	assert_string_equal(list.at[0].name, "NVIDIA H100 80GB HBM3");
	assert_int_equal(list.at[1].index, 3);
	assert_int_equal(list.at[1].persistence, GPU_SETTING_OFF);
	assert_int_equal(list.at[1].mig, GPU_SETTING_ON);
	assert_string_equal(list.at[1].name, "A, B");
	assert_int_equal(list.at[2].persistence, GPU_SETTING_UNKNOWN);
	assert_int_equal(list.at[2].mig, GPU_SETTING_UNKNOWN);
	assert_int_equal(list.at[2].memory, 0);
	assert_string_equal(list.at[2].name, "GB10");
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const texts[] = {
		"\n",
		"No devices were found\n",
		", Enabled, Disabled, 1, A\n",
		"-1, Enabled, Disabled, 1, A\n",
		"0x, Enabled, Disabled, 1, A\n",
		"70000, Enabled, Disabled, 1, A\n",
		"0, Enabled, Disabled, 1\n",
		"0, Enabled\n",
		"0, Enabled, Disabled, 1, A\n\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(gpu_list_parse(texts[i], &list), -EBADMSG);
	assert_int_equal(list.count, 77);
}

static void nothing_is_no_gpu(void **state)
{
	(void)state;
	assert_int_equal(gpu_list_parse("", &list), 0);
	assert_int_equal(list.count, 0);
}

static void a_long_name_is_cut_and_has_no_control_character(void **state)
{
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "0, x, x, 1, \033%0120d", 1);
	assert_int_equal(gpu_list_parse(text, &list), 0);
	assert_int_equal(strlen(list.at[0].name), sizeof(list.at[0].name) - 1);
	assert_int_equal(list.at[0].name[0], '?');
}

static void more_than_there_is_room_for_are_passed_over(void **state)
{
	char text[(GPU_LIST_MAX + 2) * sizeof(GOOD)] = "";

	(void)state;
	for (size_t i = 0; i < GPU_LIST_MAX + 2; i++)
		memcpy(text + i * strlen(GOOD), GOOD, sizeof(GOOD));
	assert_int_equal(gpu_list_parse(text, &list), 0);
	assert_int_equal(list.count, GPU_LIST_MAX);
}

static void nvidia_smi_is_asked_and_not_for_ever(void **state)
{
	(void)state;
	fake_spawn_answer(0, GOOD, NULL);

	assert_int_equal(gpu_list_ask(&list, reason, sizeof(reason)), 0);

	assert_int_equal(list.count, 1);
	assert_string_equal(fake_spawn.journal,
			    "nvidia-smi --query-gpu=index,persistence_mode,"
			    "mig.mode.current,memory.total,name "
			    "--format=csv,noheader,nounits (20000 ms);");
}

static void each_failure_has_a_reason(void **state)
{
	(void)state;
	fake_spawn_fail(-ENOENT);
	assert_int_equal(gpu_list_ask(&list, reason, sizeof(reason)), -ENOENT);
	assert_string_equal(reason, "there is no \"nvidia-smi\"");
	fake_spawn_fail(-ETIMEDOUT);
	assert_int_equal(gpu_list_ask(&list, reason, sizeof(reason)), -ETIMEDOUT);
	assert_string_equal(reason, "no answer in 20000 ms");
	fake_spawn_answer(9, "NVIDIA-SMI has failed", NULL);
	assert_int_equal(gpu_list_ask(&list, reason, sizeof(reason)), -EIO);
	assert_string_equal(reason, "NVIDIA-SMI has failed");
	fake_spawn_answer(0, "rubbish\n", NULL);
	assert_int_equal(gpu_list_ask(&list, reason, sizeof(reason)), -EBADMSG);
	assert_string_equal(reason, "what it says cannot be understood");
	assert_int_equal(list.count, 77);
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(lines_are_understood),
		CASE(what_makes_no_sense_is_refused),
		CASE(nothing_is_no_gpu),
		CASE(a_long_name_is_cut_and_has_no_control_character),
		CASE(more_than_there_is_room_for_are_passed_over),
		CASE(nvidia_smi_is_asked_and_not_for_ever),
		CASE(each_failure_has_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

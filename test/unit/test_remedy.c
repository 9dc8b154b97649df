/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver's answers mean.
 */
#include "remedy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SAYS(code)    "Could not do it on process ID 7: \"" code "\""

static const struct {
	enum cuda_action action;
	const char *message;
	const char *says;
} told[] = {
	{ CUDA_LOCK, SAYS("device not ready"), "option timeout" },
	{ CUDA_LOCK, "no answer in 5100 ms", "option timeout" },
	{ CUDA_CHECKPOINT, SAYS("operation not supported"), "managed memory" },
	{ CUDA_CHECKPOINT, SAYS("operation not supported"), "r610" },
	{ CUDA_CHECKPOINT, SAYS("out of memory"), "MIG" },
	{ CUDA_CHECKPOINT, SAYS("out of memory"), "memory cgroup" },
	{ CUDA_RESTORE, SAYS("out of memory"), "free memory on the GPU" },
	{ CUDA_RESTORE, SAYS("invalid argument"), "as many GPUs" },
	{ CUDA_RESTORE, SAYS("operation not supported"), "shared GPU memory" },
	{ CUDA_LOCK, SAYS("operation not permitted"), "CAP_SYS_PTRACE" },
	{ CUDA_UNLOCK, SAYS("OS call failed or operation not supported on this OS"),
	  "has ended or crashed" },
};

static const struct {
	enum cuda_action action;
	const char *message;
} untold[] = {
	{ CUDA_UNLOCK, SAYS("out of memory") },
	{ CUDA_UNLOCK, SAYS("device not ready") },
	{ CUDA_LOCK, SAYS("operation not supported") },
	{ CUDA_CHECKPOINT, "no answer in 5 ms" },
	{ CUDA_CHECKPOINT, "out of memory" }, /* not the driver's own words */
	{ CUDA_CHECKPOINT, "" },
};

static void answers_of_the_driver_are_explained(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		const char *remedy = remedy_of_action(told[i].action, told[i].message);

		assert_non_null(remedy);
		assert_non_null(strstr(remedy, told[i].says));
		assert_null(strchr(remedy, '\n'));
	}
}

static void what_is_not_known_is_not_guessed(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(untold); i++)
		assert_null(remedy_of_action(untold[i].action, untold[i].message));
}

static void lack_of_a_capability_names_it(void **state)
{
	(void)state;

	assert_non_null(strstr(remedy_of_proc(-EACCES), "CAP_SYS_PTRACE"));
	assert_non_null(strstr(remedy_of_proc(-EPERM), "CAP_SYS_PTRACE"));
	assert_non_null(strstr(remedy_of_proc(-EMFILE), "ulimit -n"));
	assert_string_equal(remedy_of_proc(-EIO), strerror(EIO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_the_driver_are_explained),
		cmocka_unit_test(what_is_not_known_is_not_guessed),
		cmocka_unit_test(lack_of_a_capability_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

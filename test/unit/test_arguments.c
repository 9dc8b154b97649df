/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arguments.h"
#include "capture.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS_MAX     10
#define OLD	      "GPU-00112233-4455-6677-8899-aabbccddeeff"
#define NEW	      "ffeeddcc-bbaa-9988-7766-554433221100"
#define HELP	      "\nCUDA checkpoint and restore utility.\n"

/* Parse the words of @line; what is said on stderr is in @ret_said. */
static int parse(const char *line, struct arguments *ret_arguments,
		 struct capture *ret_said)
{
	char *autofree copy = strdup(line);
	char *argv[WORDS_MAX + 2] = { (char *)"cuda-checkpoint" };
	char *rest = copy, *word;
	int argc = 1, ret;

	assert_non_null(copy);
	while ((word = strsep(&rest, " "))) {
		assert_true(argc <= WORDS_MAX);
		if (*word)
			argv[argc++] = word;
	}

	capture_begin(ret_said, stderr);
	ret = arguments_parse(argc, argv, ret_arguments);
	capture_end(ret_said);
	return ret;
}

/* clang-format off */
static const struct {
	const char *line;
	struct arguments expected;
} good[] = {
	{ "--help", { .operation = OPERATION_HELP } },
	{ "-h", { .operation = OPERATION_HELP } },
	{ "--toggle --help --rubbish", { .operation = OPERATION_HELP } },
	{ "--get-state --pid 1", { .operation = OPERATION_GET_STATE, .pid = 1 } },
	{ "--pid=2147483647 --get-state", { .operation = OPERATION_GET_STATE, .pid = INT_MAX } },
	{ "--get-restore-tid -p 12", { .operation = OPERATION_GET_RESTORE_TID, .pid = 12 } },
	{ "--get-state -p 1 -p 2", { .operation = OPERATION_GET_STATE, .pid = 2, .pid_count = 2 } },
	{ "-p 2 --get-restore-tid -p 1 -p 3", { .operation = OPERATION_GET_RESTORE_TID, .pid = 3, .pid_count = 3 } },
	{ "--action lock -p 3 -p 4 -t 9", { .operation = OPERATION_ACTION, .action = CUDA_LOCK, .pid = 4, .pid_count = 2, .timeout_given = true, .timeout_ms = 9 } },
	{ "--action restore -p 3 -p 4 -d " OLD "=" NEW, { .operation = OPERATION_ACTION, .action = CUDA_RESTORE, .pid = 4, .pid_count = 2, .device_map.count = 1 } },
	{ "--get-memory -p 12", { .operation = OPERATION_GET_MEMORY, .pid = 12 } },
	{ "--toggle -p12", { .operation = OPERATION_TOGGLE, .pid = 12 } },
	{ "--toggle -p 12 -t 5", { .operation = OPERATION_TOGGLE, .pid = 12, .timeout_given = true, .timeout_ms = 5 } },
	{ "--action lock -p 3", { .operation = OPERATION_ACTION, .action = CUDA_LOCK, .pid = 3 } },
	{ "--action lock -p 3 --timeout 0", { .operation = OPERATION_ACTION, .action = CUDA_LOCK, .pid = 3, .timeout_given = true } },
	{ "--timeout 4294967295 --action lock -p 3", { .operation = OPERATION_ACTION, .action = CUDA_LOCK, .pid = 3, .timeout_given = true, .timeout_ms = UINT_MAX } },
	{ "--action checkpoint --pid 3", { .operation = OPERATION_ACTION, .action = CUDA_CHECKPOINT, .pid = 3 } },
	{ "--action=restore --pid 3", { .operation = OPERATION_ACTION, .action = CUDA_RESTORE, .pid = 3 } },
	{ "--action unlock --pid 3", { .operation = OPERATION_ACTION, .action = CUDA_UNLOCK, .pid = 3 } },
	{ "--action restore -p 3 -d " OLD "=" NEW, { .operation = OPERATION_ACTION, .action = CUDA_RESTORE, .pid = 3, .device_map.count = 1 } },
	{ "--action restore -p 3 -d " OLD "=" NEW "," NEW "=" OLD " -d " OLD "=" NEW, { .operation = OPERATION_ACTION, .action = CUDA_RESTORE, .pid = 3, .device_map.count = 1 } },
};

static const struct {
	const char *line;
	const char *said; /* the beginning of it */
} bad[] = {
	{ "", "Missing pid to perform operation on" HELP },
	{ "--get-state", "Missing pid to perform operation on" HELP },
	{ "--toggle", "Missing pid to perform operation on" HELP },
	{ "--get-memory", "Missing pid to perform operation on" HELP },
	{ "--get-memory --get-state --pid 7", "More than one operation to perform" HELP },
	{ "--get-memory --pid 7 --pid x", "cuda-checkpoint: invalid pid \"x\"\n" },
	{ "--get-memory --pid 7 --timeout 5", "cuda-checkpoint: --timeout is only for --action lock and --toggle\n" },
	{ "--pid 7", "Missing operation to perform" HELP },
	{ "--get-state --toggle --pid 7", "More than one operation to perform" HELP },
	{ "--action lock --action unlock --pid 7", "More than one operation to perform" HELP },
	{ "--action freeze --pid 7", "Invalid process state" HELP },
	{ "--action Lock --pid 7", "Invalid process state" HELP },
	{ "--action --pid 7", "Invalid process state" HELP },
	{ "--rubbish --pid 7", "cuda-checkpoint: unrecognized option '--rubbish'\nInvalid option(s) or option(s) not supported by this CUDA Driver" HELP },
	{ "--get-state -x", "cuda-checkpoint: invalid option -- 'x'\nInvalid option(s) or option(s) not supported by this CUDA Driver" HELP },
	{ "--get-state --pid", "cuda-checkpoint: option '--pid' requires an argument\nInvalid option(s) or option(s) not supported by this CUDA Driver" HELP },
	{ "--toggle --pid 7 --pid 8", "cuda-checkpoint: --toggle takes only one --pid\n" },
	{ "--toggle --pid 7 --pid 7", "cuda-checkpoint: --toggle takes only one --pid\n" },
	{ "--get-state -p 7 -p 8 -p 7", "cuda-checkpoint: --pid 7 is given twice\n" },
	{ "--action lock --pid 2147483647 --pid 2147483647", "cuda-checkpoint: --pid 2147483647 is given twice\n" },
	{ "--get-restore-tid -p 9 -p 8 -p 08", "cuda-checkpoint: --pid 8 is given twice\n" },
	{ "--get-state --pid 7 8", "cuda-checkpoint: unexpected argument \"8\"\n" },
	{ "--get-state --pid 0", "cuda-checkpoint: invalid pid \"0\"\n" },
	{ "--get-state --pid -7", "cuda-checkpoint: invalid pid \"-7\"\n" },
	{ "--get-state --pid +7", "cuda-checkpoint: invalid pid \"+7\"\n" },
	{ "--get-state --pid=", "cuda-checkpoint: invalid pid \"\"\n" },
	{ "--get-state --pid 7x", "cuda-checkpoint: invalid pid \"7x\"\n" },
	{ "--get-state --pid 0x7", "cuda-checkpoint: invalid pid \"0x7\"\n" },
	{ "--get-state --pid \t7", "cuda-checkpoint: invalid pid \"\t7\"\n" },
	{ "--get-state --pid 2147483648", "cuda-checkpoint: invalid pid \"2147483648\"\n" },
	{ "--get-state --pid 99999999999999999999999", "cuda-checkpoint: invalid pid \"99999999999999999999999\"\n" },
	{ "--action lock -p 7 -t -1", "cuda-checkpoint: invalid timeout \"-1\": it must be a number of milliseconds\n" },
	{ "--action lock -p 7 -t 1.5", "cuda-checkpoint: invalid timeout \"1.5\": it must be a number of milliseconds\n" },
	{ "--action lock -p 7 -t 4294967296", "cuda-checkpoint: invalid timeout \"4294967296\": it must be a number of milliseconds\n" },
	{ "--action checkpoint -p 7 -t 5", "cuda-checkpoint: --timeout is only for --action lock and --toggle\n" },
	{ "--get-state -p 7 -t 0", "cuda-checkpoint: --timeout is only for --action lock and --toggle\n" },
	{ "--toggle -p 7 -d " OLD "=" NEW, "cuda-checkpoint: --device-map is only for --action restore\n" },
	{ "--action lock -p 7 -d " OLD "=" NEW, "cuda-checkpoint: --device-map is only for --action restore\n" },
	{ "--action restore -p 7 -d " OLD, "cuda-checkpoint: invalid pair \"" OLD "\" in the device map" },
};
/* clang-format on */

/* Where nothing is said of how many pids there are, it is one, or none at all. */
static bool same(const struct arguments *a, const struct arguments *b)
{
	if (a->pid_count != (b->pid_count ? b->pid_count : b->pid ? 1 : 0))
		return false;

	return a->operation == b->operation && a->action == b->action &&
	       a->pid == b->pid && a->timeout_given == b->timeout_given &&
	       a->timeout_ms == b->timeout_ms &&
	       a->device_map.count == b->device_map.count;
}

static void good_command_lines_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct arguments arguments = { .operation = OPERATION_NONE };
		struct capture said;
		int ret;

		ret = parse(good[i].line, &arguments, &said);

		if (ret != 0 || !same(&arguments, &good[i].expected))
			fail_msg("\"%s\": %d, %s", good[i].line, ret, said.text);
		assert_string_equal(said.text, "");
		arguments_release(&arguments);
	}
}

static void bad_command_lines_are_refused_with_the_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct arguments untouched = { .pid = 4711 };
		struct capture said;
		int ret;

		ret = parse(bad[i].line, &untouched, &said);

		if (ret != -EINVAL ||
		    strncmp(said.text, bad[i].said, strlen(bad[i].said)) != 0)
			fail_msg("\"%s\": %d, %s", bad[i].line, ret, said.text);
		assert_int_equal(untouched.pid, 4711);
	}
}

static void errors_that_need_no_help_are_one_line(void **state)
{
	struct arguments arguments;
	struct capture said;

	(void)state;
	assert_int_equal(parse("--get-state -p x", &arguments, &said), -EINVAL);

	assert_ptr_equal(strchr(said.text, '\n'), said.text + strlen(said.text) - 1);
}

static void get_memory_is_told_all_pids_in_their_order(void **state)
{
	struct arguments arguments;
	struct capture said;

	(void)state;
	assert_int_equal(
		parse("-p 9 --get-memory --pid 7 -p8 --pid=7", &arguments, &said), 0);

	assert_int_equal(arguments.operation, OPERATION_GET_MEMORY);
	assert_int_equal(arguments.pid_count, 4);
	assert_memory_equal(arguments.pids, ((int[]){ 9, 7, 8, 7 }), 4 * sizeof(int));
	arguments_release(&arguments);
	assert_null(arguments.pids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_command_lines_are_understood),
		cmocka_unit_test(bad_command_lines_are_refused_with_the_reason),
		cmocka_unit_test(errors_that_need_no_help_are_one_line),
		cmocka_unit_test(get_memory_is_told_all_pids_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

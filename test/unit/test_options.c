/* SPDX-License-Identifier: GPL-2.0-only */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Options unlike the defaults, in which every change shows. */
static const struct options marked = {
	.lock_timeout_set = true,
	.lock_timeout_ms = 77,
	.cuda_checkpoint = "marked",
	.memory_image = OPTIONS_MEMORY_IMAGE_OFF,
	.host_memory = 77,
	.compress_memory = true,
	.memory_threads = 77,
	.parallel = 77,
	.prefault_threads = 77,
	.stats = "/marked",
};

static void init_marked(struct options *options)
{
	memcpy(options, &marked, sizeof(marked));
}

static void check_marked(const struct options *options)
{
	assert_memory_equal(options, &marked, sizeof(marked));
}

/* @value for @key in either notation: both must answer the same. */
static int parse_both(struct options *options, const char *key, const char *value)
{
	char list[256], word[272], reason[OPTIONS_REASON_MAX], other[OPTIONS_REASON_MAX];
	char name[] = "x", *argv[] = { name, word, NULL };
	struct options from_list = *options;
	int ret;

	snprintf(list, sizeof(list), "%s=%s", key, value);
	snprintf(word, sizeof(word), "--cuda_plugin.%s", list);
	reason[0] = other[0] = '\0';

	ret = options_parse_argv(options, 2, argv, reason, sizeof(reason));
	if (!strchr(list, ',')) {
		assert_int_equal(
			options_parse_list(&from_list, list, other, sizeof(other)), ret);
		assert_memory_equal(options, &from_list, sizeof(from_list));
		assert_string_equal(reason, other);
	}

	return ret;
}

/* Each of the @count @values, with nothing changed. */
static void assert_refused(const char *key, const char *const values[], size_t count)
{
	struct options options;

	for (size_t i = 0; i < count; i++) {
		init_marked(&options);
		assert_int_equal(parse_both(&options, key, values[i]), -EINVAL);
		check_marked(&options);
	}
}

static void timeouts_are_told_in_seconds(void **state)
{
	struct options options;

	(void)state;
	options_init(&options);
	assert_int_equal(parse_both(&options, "timeout", "1.25"), 0);
	assert_true(options.lock_timeout_set);
	assert_int_equal(options.lock_timeout_ms, 1250);
	assert_int_equal(options.operation_timeout_ms, 0);

	options_init(&options);
	assert_int_equal(parse_both(&options, "operation-timeout", "1.25"), 0);
	assert_false(options.lock_timeout_set);
	assert_int_equal(options.operation_timeout_ms, 1250);
}

static void bad_timeout_is_refused(void **state)
{
	static const char *const bad[] = { "", "-1", "1,5", "1s", "4294967.296" };

	(void)state;
	assert_refused("timeout", bad, ARRAY_SIZE(bad));
	assert_refused("operation-timeout", bad, ARRAY_SIZE(bad));
}

static void switches_are_thrown_each_by_its_key(void **state)
{
	static const char *const keys[] = { "force", "memory-check", "prefault" };
	struct options options;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const bool *const switches[] = { &options.force, &options.check_memory,
						 &options.prefault };

		for (int on = 0; on < 2; on++) {
			options_init(&options);
			options.force = options.check_memory = options.prefault = !on;
			assert_int_equal(
				parse_both(&options, keys[i], on ? "yes" : "off"), 0);
			for (size_t k = 0; k < ARRAY_SIZE(switches); k++)
				assert_int_equal(*switches[k], k == i ? on : !on);
		}
	}
}

/* @list, with room for it, is to end in the longest path, which gets into @path. */
static void check_longest_path(char *list, const char *path, struct options *options)
{
	const size_t begun = strlen(strchr(list, '=') + 1);
	char reason[OPTIONS_REASON_MAX] = "";

	memset(list + strlen(list), 'p', PATH_MAX - 1 - begun);

	assert_int_equal(options_parse_list(options, list, reason, sizeof(reason)), 0);
	assert_int_equal(strlen(path), PATH_MAX - 1);

	list[strlen(list)] = 'p';
	init_marked(options);

	assert_int_equal(options_parse_list(options, list, reason, sizeof(reason)),
			 -EINVAL);
	check_marked(options);
	assert_non_null(strstr(reason, "ppp"));
}

static void longest_path_is_taken_and_a_longer_one_is_not(void **state)
{
	static char program[sizeof("cuda-checkpoint=") + PATH_MAX] = "cuda-checkpoint=";
	static char stats[sizeof("stats=") + PATH_MAX] = "stats=/";
	struct options options;

	(void)state;
	options_init(&options);
	check_longest_path(program, options.cuda_checkpoint, &options);
	check_longest_path(stats, options.stats, &options);
}

static void reason_stays_within_its_buffer(void **state)
{
	struct options options;

	(void)state;
	options_init(&options);

	for (size_t size = 0; size < 40; size++) {
		char *reason autofree = malloc(size + 1);

		assert_non_null(reason);
		memset(reason, 'x', size + 1);
		assert_int_equal(options_parse_list(&options, "nonsense", reason, size),
				 -EINVAL);
		assert_int_equal(reason[size], 'x');
		if (size > 0)
			assert_int_equal(strlen(reason), size - 1);
	}
}

static void shared_memory_is_refused_or_warned_of(void **state)
{
	static const char *const bad[] = { "", "on", "off", "Warn", "warning" };
	struct options options;

	(void)state;
	options_init(&options);
	assert_false(options.allow_shared_memory);
	assert_int_equal(parse_both(&options, "shared-memory", "warn"), 0);
	assert_true(options.allow_shared_memory);
	assert_int_equal(parse_both(&options, "shared-memory", "refuse"), 0);
	assert_false(options.allow_shared_memory);

	assert_refused("shared-memory", bad, ARRAY_SIZE(bad));
}

static void program_that_cannot_be_printed_is_refused(void **state)
{
	static const char *const bad[] = { "a\033b", "/a\tb/c", "/a\nb", "\001" };

	(void)state;
	assert_refused("cuda-checkpoint", bad, ARRAY_SIZE(bad));
}

static void memory_is_checked_unless_told(void **state)
{
	struct options options;

	(void)state;
	options_init(&options);

	assert_true(options.check_memory);
}

static void buffers_are_populated_unless_told(void **state)
{
	struct options options;

	(void)state;
	options_init(&options);

	assert_true(options.prefault);
	assert_int_equal(options.prefault_threads, 0);
}

static void parallel_is_a_number_from_1_to_65536(void **state)
{
	static const char *const bad[] = { "", "0", "-1", "65537", "1.5", "all" };
	struct options options;

	(void)state;
	options_init(&options);
	assert_int_equal(options.parallel, 0);
	assert_int_equal(parse_both(&options, "parallel", "1"), 0);
	assert_int_equal(options.parallel, 1);
	assert_int_equal(parse_both(&options, "parallel", "65536"), 0);
	assert_int_equal(options.parallel, 65536);

	assert_refused("parallel", bad, ARRAY_SIZE(bad));
}

static void gpu_memory_has_images_of_its_own_where_that_can_be_unless_told(void **state)
{
	static const struct {
		const char *value;
		enum options_memory_image expected;
	} good[] = {
		{ "on", OPTIONS_MEMORY_IMAGE_ON },
		{ "off", OPTIONS_MEMORY_IMAGE_OFF },
		{ "yes", OPTIONS_MEMORY_IMAGE_ON },
		{ "0", OPTIONS_MEMORY_IMAGE_OFF },
		{ "auto", OPTIONS_MEMORY_IMAGE_AUTO },
	};
	static const char *const bad[] = { "", "Auto", "automatic", "maybe", "2" };
	struct options options;

	(void)state;
	options_init(&options);
	assert_int_equal(options.memory_image, OPTIONS_MEMORY_IMAGE_AUTO);

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_both(&options, "memory-image", good[i].value), 0);
		assert_int_equal(options.memory_image, good[i].expected);
	}
	assert_refused("memory-image", bad, ARRAY_SIZE(bad));
}

static void host_memory_is_a_size(void **state)
{
	static const char *const bad[] = { "", "0", "0G", "24g", "24 G", "16777216T" };
	struct options options;

	(void)state;
	options_init(&options);
	assert_true(options.host_memory == 0);
	assert_int_equal(parse_both(&options, "host-memory", "24G"), 0);
	assert_true(options.host_memory == UINT64_C(24) << 30);
	assert_int_equal(parse_both(&options, "host-memory", "4096"), 0);
	assert_true(options.host_memory == 4096);

	assert_refused("host-memory", bad, ARRAY_SIZE(bad));
}

static void memory_is_compressed_if_told(void **state)
{
	static const char *const bad[] = { "", "on", "off", "gzip", "zstd1", "Zstd" };
	struct options options;

	(void)state;
	options_init(&options);
	assert_false(options.compress_memory);
	assert_int_equal(parse_both(&options, "memory-compression", "zstd"), 0);
	assert_true(options.compress_memory);
	assert_int_equal(parse_both(&options, "memory-compression", "none"), 0);
	assert_false(options.compress_memory);

	assert_refused("memory-compression", bad, ARRAY_SIZE(bad));
}

static void memory_threads_are_from_1_to_64(void **state)
{
	static const char *const bad[] = { "", "0", "-1", "65", "1.5", "on" };
	struct options options;

	(void)state;
	options_init(&options);
	assert_int_equal(options.memory_threads, 0);
	assert_int_equal(parse_both(&options, "memory-threads", "1"), 0);
	assert_int_equal(options.memory_threads, 1);
	assert_int_equal(parse_both(&options, "memory-threads", "64"), 0);
	assert_int_equal(options.memory_threads, 64);
	assert_int_equal(options.prefault_threads, 0);

	assert_refused("memory-threads", bad, ARRAY_SIZE(bad));
}

static void prefault_threads_are_from_1_to_1024(void **state)
{
	static const char *const bad[] = { "", "0", "-1", "1025", "65536", "1.5", "on" };
	struct options options;

	(void)state;
	for (unsigned int number = 1; number <= 1024; number *= 2) {
		char text[16];

		snprintf(text, sizeof(text), "%u", number);
		options_init(&options);
		assert_int_equal(parse_both(&options, "prefault-threads", text), 0);
		assert_int_equal(options.prefault_threads, number);
	}
	assert_refused("prefault-threads", bad, ARRAY_SIZE(bad));
}

static void stats_go_to_a_file_of_an_absolute_path(void **state)
{
	static const char *const good[] = { "/a", "/", "/a b/c=d", "/tmp/../x.json" };
	static const char *const bad[] = { "",	      "stats.json", "./a", "../a",
					   "a/b",     "~/a",	    "-",   "/a\nb",
					   "/\033[m", "/a\tb/c",    "=/a" };
	struct options options;

	(void)state;
	options_init(&options);
	assert_string_equal(options.stats, "");

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		options_init(&options);
		assert_int_equal(parse_both(&options, "stats", good[i]), 0);
		assert_string_equal(options.stats, good[i]);
		assert_string_equal(options.cuda_checkpoint, "cuda-checkpoint");
	}
	assert_refused("stats", bad, ARRAY_SIZE(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeouts_are_told_in_seconds),
		cmocka_unit_test(bad_timeout_is_refused),
		cmocka_unit_test(shared_memory_is_refused_or_warned_of),
		cmocka_unit_test(program_that_cannot_be_printed_is_refused),
		cmocka_unit_test(memory_is_checked_unless_told),
		cmocka_unit_test(switches_are_thrown_each_by_its_key),
		cmocka_unit_test(parallel_is_a_number_from_1_to_65536),
		cmocka_unit_test(buffers_are_populated_unless_told),
		cmocka_unit_test(
			gpu_memory_has_images_of_its_own_where_that_can_be_unless_told),
		cmocka_unit_test(host_memory_is_a_size),
		cmocka_unit_test(memory_is_compressed_if_told),
		cmocka_unit_test(memory_threads_are_from_1_to_64),
		cmocka_unit_test(prefault_threads_are_from_1_to_1024),
		cmocka_unit_test(stats_go_to_a_file_of_an_absolute_path),
		cmocka_unit_test(longest_path_is_taken_and_a_longer_one_is_not),
		cmocka_unit_test(reason_stays_within_its_buffer),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

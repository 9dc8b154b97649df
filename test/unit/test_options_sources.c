/* SPDX-License-Identifier: GPL-2.0-only */
#include "options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS_MAX     8

/* What the options are afterwards; unset fields mean the default. */
struct expected {
	bool timeout_set;
	unsigned int timeout_ms;
	const char *cuda_checkpoint;
	bool force;
	unsigned int parallel;
	const char *stats;
	bool no_prefault;
	unsigned int prefault_threads;
	enum options_memory_image memory_image;
	uint64_t host_memory;
	bool compress_memory;
	unsigned int memory_threads;
};

/* Options unlike the defaults, in which every change shows. */
static const struct options marked = {
	.lock_timeout_set = true,
	.lock_timeout_ms = 77,
	.cuda_checkpoint = "marked",
	.parallel = 77,
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

static void check(const struct options *options, const struct expected *expected)
{
	assert_int_equal(options->lock_timeout_set, expected->timeout_set);
	assert_int_equal(options->lock_timeout_ms, expected->timeout_ms);
	assert_string_equal(options->cuda_checkpoint, expected->cuda_checkpoint
							      ? expected->cuda_checkpoint
							      : "cuda-checkpoint");
	assert_int_equal(options->force, expected->force);
	assert_int_equal(options->parallel, expected->parallel);
	assert_int_equal(options->prefault, !expected->no_prefault);
	assert_int_equal(options->prefault_threads, expected->prefault_threads);
	assert_int_equal(options->memory_image, expected->memory_image);
	assert_true(options->host_memory == expected->host_memory);
	assert_int_equal(options->compress_memory, expected->compress_memory);
	assert_int_equal(options->memory_threads, expected->memory_threads);
	assert_string_equal(options->stats, expected->stats ? expected->stats : "");
}

static void check_one_line(const char *reason)
{
	assert_int_not_equal(reason[0], '\0');
	assert_null(strpbrk(reason, "\n\r\t"));
}

/* ---- the list ---- */

static const struct {
	const char *text;
	struct expected expected;
} good_lists[] = {
	{ NULL, { 0 } },
	{ "", { 0 } },
	{ " \t\n", { 0 } },
	{ ",", { 0 } },
	{ " , ,, ", { 0 } },
	{ "backend=auto", { 0 } },
	{ "backend=cuda-checkpoint", { 0 } },
	{ "timeout=10", { .timeout_set = true, .timeout_ms = 10000 } },
	{ ",timeout=10,", { .timeout_set = true, .timeout_ms = 10000 } },
	{ "timeout=1,timeout=2", { .timeout_set = true, .timeout_ms = 2000 } },
	{ " timeout = 2 ,\tforce ",
	  { .timeout_set = true, .timeout_ms = 2000, .force = true } },
	{ "cuda-checkpoint=/a b/c=d", { .cuda_checkpoint = "/a b/c=d" } },
	{ "cuda-checkpoint= x ", { .cuda_checkpoint = "x" } },
	{ "force,force=off", { .force = false } },
	{ "force=off,force", { .force = true } },
	{ "parallel=4,stats=/a b/c", { .parallel = 4, .stats = "/a b/c" } },
	{ " stats = /x , parallel = 1 ", { .parallel = 1, .stats = "/x" } },
	{ "parallel=4,stats=/a,parallel=5,stats=/b", { .parallel = 5, .stats = "/b" } },
	{ "prefault=off", { .no_prefault = true } },
	{ "prefault=off,prefault", { 0 } },
	{ "prefault-threads=3,prefault=no",
	  { .prefault_threads = 3, .no_prefault = true } },
	{ "memory-image", { .memory_image = OPTIONS_MEMORY_IMAGE_ON } },
	{ "memory-image=on,memory-image=auto", { 0 } },
	{ " memory-image = off , host-memory = 1K ",
	  { .memory_image = OPTIONS_MEMORY_IMAGE_OFF, .host_memory = 1024 } },
	{ "memory-compression=zstd,memory-threads=5",
	  { .compress_memory = true, .memory_threads = 5 } },
	{ "backend=auto,cuda-checkpoint=c,timeout=0.5,force=1",
	  { .timeout_set = true,
	    .timeout_ms = 500,
	    .cuda_checkpoint = "c",
	    .force = true } },
};

static void good_list_is_taken(void **state)
{
	char reason[OPTIONS_REASON_MAX] = "untouched";
	struct options options;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good_lists); i++) {
		options_init(&options);
		assert_int_equal(options_parse_list(&options, good_lists[i].text, reason,
						    sizeof(reason)),
				 0);
		check(&options, &good_lists[i].expected);
		assert_string_equal(reason, "untouched");
	}
}

/* The reason has to name the key, and each of these words. */
static const struct {
	const char *text;
	const char *words[3];
} bad_lists[] = {
	{ "speed=3",
	  { "\"speed\"",
	    "timeout, operation-timeout, cuda-checkpoint, backend, shared-memory, "
	    "memory-check, memory-image, host-memory, memory-compression, "
	    "memory-threads, parallel, prefault, prefault-threads, stats, force" } },
	{ "speed", { "\"speed\"", "timeout" } },
	{ "=5", { "\"\"", "timeout" } },
	{ "=", { "\"\"", "timeout" } },
	{ "--timeout=5", { "\"--timeout\"", "timeout" } },
	{ "Timeout=5", { "\"Timeout\"", "timeout" } },
	{ "timeoutt=5", { "\"timeoutt\"" } },
	{ "time=5", { "\"time\"" } },
	{ "cuda_plugin.timeout=5", { "\"cuda_plugin.timeout\"" } },
	{ "a\nb=1", { "\"a?b\"" } },
	{ "timeout", { "\"timeout\"", "needs a value", "seconds" } },
	{ "timeout=soon", { "\"timeout\"", "\"soon\"", "seconds" } },
	{ "cuda-checkpoint", { "\"cuda-checkpoint\"", "needs a value" } },
	{ "cuda-checkpoint=", { "\"cuda-checkpoint\"", "\"\"" } },
	{ "cuda-checkpoint= ", { "\"cuda-checkpoint\"", "\"\"" } },
	{ "backend", { "\"backend\"", "needs a value", "auto or cuda-checkpoint" } },
	{ "backend=", { "\"backend\"", "\"\"" } },
	{ "backend=driver", { "\"backend\"", "\"driver\"", "auto or cuda-checkpoint" } },
	{ "backend=AUTO", { "\"backend\"", "\"AUTO\"" } },
	{ "parallel", { "\"parallel\"", "needs a value", "from 1 to 65536" } },
	{ "parallel=", { "\"parallel\"", "\"\"", "from 1 to 65536" } },
	{ "parallel=0", { "\"parallel\"", "\"0\"", "from 1 to 65536" } },
	{ "memory-image=maybe", { "\"memory-image\"", "\"maybe\"", "auto, on, off" } },
	{ "host-memory",
	  { "\"host-memory\"", "needs a value", "with K, M, G or T, up to" } },
	{ "host-memory=24GB", { "\"host-memory\"", "\"24GB\"", "with K, M, G or T" } },
	{ "memory-compression", { "\"memory-compression\"", "needs a value" } },
	{ "memory-compression=lz4",
	  { "\"memory-compression\"", "\"lz4\"", "none or zstd" } },
	{ "memory-threads=0", { "\"memory-threads\"", "\"0\"", "from 1 to 64" } },
	{ "prefault=maybe", { "\"prefault\"", "\"maybe\"", "on, off" } },
	{ "prefault-threads",
	  { "\"prefault-threads\"", "needs a value", "from 1 to 1024" } },
	{ "stats", { "\"stats\"", "needs a value", "the absolute path of a file" } },
	{ "stats=on", { "\"stats\"", "\"on\"", "the absolute path of a file" } },
	{ "force=", { "\"force\"", "\"\"", "on, off" } },
	{ "force=2", { "\"force\"", "\"2\"", "on, off" } },
	{ "force=yess", { "\"force\"", "\"yess\"" } },
	{ "timeout=7,force,cuda-checkpoint=z,backend=x", { "\"backend\"", "\"x\"" } },
	{ "timeout=x,timeout=7", { "\"timeout\"", "\"x\"" } },
};

static void bad_list_is_refused_with_the_reason(void **state)
{
	char reason[OPTIONS_REASON_MAX];
	struct options options;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_lists); i++) {
		init_marked(&options);
		reason[0] = '\0';
		assert_int_equal(options_parse_list(&options, bad_lists[i].text, reason,
						    sizeof(reason)),
				 -EINVAL);
		check_marked(&options);
		check_one_line(reason);
		for (size_t j = 0; j < 3 && bad_lists[i].words[j]; j++)
			assert_non_null(strstr(reason, bad_lists[i].words[j]));
	}
}

/* Random text of the characters that mean something. */
static void rubbish_is_taken_or_refused_but_harmless(void **state)
{
	static const char alphabet[] =
		"timeout=force,backend.cuda-checkpoint 019\n\"\xff%s";
	char reason[OPTIONS_REASON_MAX], text[64];
	struct options options;
	unsigned int seed = 1;

	(void)state;

	for (int i = 0; i < 20000; i++) {
		size_t length = (size_t)rand_r(&seed) % sizeof(text);
		int ret;

		for (size_t j = 0; j < length; j++)
			text[j] =
				alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		text[length] = '\0';
		init_marked(&options);

		ret = options_parse_list(&options, text, reason, sizeof(reason));

		assert_true(ret == 0 || ret == -EINVAL);
		if (ret < 0)
			check_marked(&options);
	}
}

/* ---- argv ---- */

static int parse_argv(struct options *options, const char *const words[], char *reason)
{
	char *argv[WORDS_MAX + 1] = { NULL };
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)words[argc];

	return options_parse_argv(options, argc, argv, reason, OPTIONS_REASON_MAX);
}

static const struct {
	const char *argv[WORDS_MAX];
	struct expected expected;
} good_argvs[] = {
	{ { NULL }, { 0 } },
	{ { "criu-plugin" }, { 0 } },
	{ { "--cuda_plugin.force" }, { 0 } },
	{ { "x", "--cuda_plugin.timeout=5" },
	  { .timeout_set = true, .timeout_ms = 5000 } },
	{ { "x", "--timeout=5" }, { .timeout_set = true, .timeout_ms = 5000 } },
	{ { "x", "--cuda_plugin.force" }, { .force = true } },
	{ { "x", "--cuda_plugin.force=no" }, { .force = false } },
	{ { "x", "--cuda_plugin.force", "--cuda_plugin.force=0" }, { .force = false } },
	{ { "x", "--amdgpu_plugin.force", "--other.x=y", "--cuda_plugin2.speed=3" },
	  { 0 } },
	{ { "x", "--other.timeout=soon", "--cuda_plugin.backend=auto", "--o.f" }, { 0 } },
	{ { "x", "--cuda_plugin.cuda-checkpoint=/a,b.c/d=e" },
	  { .cuda_checkpoint = "/a,b.c/d=e" } },
	{ { "x", "--cuda-checkpoint=/a.b" }, { .cuda_checkpoint = "/a.b" } },
	{ { "x", "--cuda_plugin.parallel=16", "--stats=/a,b.json" },
	  { .parallel = 16, .stats = "/a,b.json" } },
	{ { "x", "--cuda_plugin.host-memory=24G", "--cuda_plugin.memory-image" },
	  { .host_memory = 24ULL << 30, .memory_image = OPTIONS_MEMORY_IMAGE_ON } },
	{ { "x", "--other.parallel=16", "--other.stats=/a" }, { 0 } },
	{ { "x", "--cuda_plugin.timeout=1", "--cuda_plugin.timeout=0.25" },
	  { .timeout_set = true, .timeout_ms = 250 } },
};

static void good_argv_is_taken(void **state)
{
	char reason[OPTIONS_REASON_MAX] = "untouched";
	struct options options;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good_argvs); i++) {
		options_init(&options);
		assert_int_equal(parse_argv(&options, good_argvs[i].argv, reason), 0);
		check(&options, &good_argvs[i].expected);
		assert_string_equal(reason, "untouched");
	}
}

static const struct {
	const char *argv[WORDS_MAX];
	const char *word;
} bad_argvs[] = {
	{ { "x", "" }, "\"\" is not an option" },
	{ { "x", "-" }, "\"-\" is not an option" },
	{ { "x", "-t" }, "\"-t\" is not an option" },
	{ { "x", "timeout=5" }, "\"timeout=5\" is not an option" },
	{ { "x", "--" }, "no option \"\"" },
	{ { "x", "--cuda_plugin." }, "no option \"\"" },
	{ { "x", "--cuda_plugin.=1" }, "no option \"\"" },
	{ { "x", "--cuda_plugin.speed=3" }, "no option \"speed\"" },
	{ { "x", "--cuda_plugin.time=3" }, "no option \"time\"" },
	{ { "x", "--cuda_plugin.a.b=c=d" }, "no option \"a.b\"" },
	{ { "x", "--cuda_plugin.timeout" }, "\"timeout\" needs a value" },
	{ { "x", "--cuda_plugin.timeout", "5" }, "\"timeout\" needs a value" },
	{ { "x", "--cuda_plugin.timeout=" }, "\"timeout\" cannot be \"\"" },
	{ { "x", "--cuda_plugin.cuda-checkpoint=" },
	  "\"cuda-checkpoint\" cannot be \"\"" },
	{ { "x", "--cuda_plugin.backend=b" }, "\"backend\" cannot be \"b\"" },
	{ { "x", "--cuda_plugin.parallel" }, "\"parallel\" needs a value" },
	{ { "x", "--cuda_plugin.parallel=many" }, "\"parallel\" cannot be \"many\"" },
	{ { "x", "--cuda_plugin.stats" }, "\"stats\" needs a value" },
	{ { "x", "--cuda_plugin.stats=a" }, "\"stats\" cannot be \"a\"" },
	{ { "x", "--cuda_plugin.force=" }, "\"force\" cannot be \"\"" },
	{ { "x", "--cuda_plugin.force", "no" }, "\"no\" is not an option" },
	{ { "x", "--cuda_plugin.timeout=1", "--cuda_plugin.timeout=-1" },
	  "\"timeout\" cannot be \"-1\"" },
};

static void bad_argv_is_refused_with_the_reason(void **state)
{
	char reason[OPTIONS_REASON_MAX];
	struct options options;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_argvs); i++) {
		init_marked(&options);
		reason[0] = '\0';
		assert_int_equal(parse_argv(&options, bad_argvs[i].argv, reason),
				 -EINVAL);
		check_marked(&options);
		check_one_line(reason);
		assert_non_null(strstr(reason, bad_argvs[i].word));
	}
}

static void argv_goes_over_the_environment(void **state)
{
	char reason[OPTIONS_REASON_MAX] = "";
	struct options options;

	(void)state;
	options_init(&options);

	assert_int_equal(
		options_parse_list(&options, "timeout=1,force", reason, sizeof(reason)),
		0);
	assert_int_equal(
		parse_argv(&options,
			   (const char *const[]){ "x", "--cuda_plugin.timeout=2", NULL },
			   reason),
		0);

	check(&options, &(struct expected){
				.timeout_set = true, .timeout_ms = 2000, .force = true });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_list_is_taken),
		cmocka_unit_test(bad_list_is_refused_with_the_reason),
		cmocka_unit_test(rubbish_is_taken_or_refused_but_harmless),
		cmocka_unit_test(good_argv_is_taken),
		cmocka_unit_test(bad_argv_is_refused_with_the_reason),
		cmocka_unit_test(argv_goes_over_the_environment),
	};

	return cmocka_run_group_tests_name("options_sources", tests, NULL, NULL);
}

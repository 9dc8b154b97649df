/* SPDX-License-Identifier: GPL-2.0-only */
#include "command_line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS_MAX     8
#define SEE	      "criu-cuda: see criu-cuda --help\n"

/* Parse the words of @text; what is said on stderr is in @ret_said. */
static int parse(char *text, struct command_line *ret_line, struct capture *ret_said)
{
	char *argv[WORDS_MAX + 2] = { (char *)"criu-cuda" };
	char *rest = text, *word;
	int argc = 1, ret;

	while ((word = strsep(&rest, " "))) {
		assert_true(argc <= WORDS_MAX);
		if (*word)
			argv[argc++] = word;
	}

	capture_begin(ret_said, stderr);
	ret = command_line_parse(argc, argv, ret_line);
	capture_end(ret_said);
	return ret;
}

/* clang-format off */
static const struct {
	const char *text;
	struct command_line expected;
} good[] = {
	{ "--help", { .command = COMMAND_HELP } },
	{ "-h", { .command = COMMAND_HELP } },
	{ "verify --threads 4 --help --rubbish", { .command = COMMAND_HELP } },
	{ "--version", { .command = COMMAND_VERSION } },
	{ "inspect --json --version x y z", { .command = COMMAND_VERSION } },
	{ "inspect d", { .command = COMMAND_INSPECT, .directory = "d" } },
	{ "inspect --json d", { .command = COMMAND_INSPECT, .directory = "d", .json = true } },
	{ "--json inspect d", { .command = COMMAND_INSPECT, .directory = "d", .json = true } },
	{ "inspect d --json", { .command = COMMAND_INSPECT, .directory = "d", .json = true } },
	{ "inspect -- --json", { .command = COMMAND_INSPECT, .directory = "--json" } },
	{ "inspect --libdir p d", { .command = COMMAND_INSPECT, .directory = "d", .libdir = "p" } },
	{ "inspect d --restorable", { .command = COMMAND_INSPECT, .directory = "d", .restorable = true } },
	{ "verify d", { .command = COMMAND_VERIFY, .directory = "d" } },
	{ "verify --threads 1 d", { .command = COMMAND_VERIFY, .directory = "d", .threads = 1 } },
	{ "verify d --threads=64", { .command = COMMAND_VERIFY, .directory = "d", .threads = 64 } },
	{ "verify --threads 2 --threads 08 d", { .command = COMMAND_VERIFY, .directory = "d", .threads = 8 } },
	{ "doctor", { .command = COMMAND_DOCTOR } },
	{ "--json doctor", { .command = COMMAND_DOCTOR, .json = true } },
	{ "doctor --pid 4711", { .command = COMMAND_DOCTOR, .pid = 4711 } },
	{ "recover --pid 1", { .command = COMMAND_RECOVER, .pid = 1 } },
	{ "recover --tree 7 --images d", { .command = COMMAND_RECOVER, .tree = 7, .images = "d" } },
	{ "doctor --libdir d", { .command = COMMAND_DOCTOR, .libdir = "d" } },
	{ "stats f", { .command = COMMAND_STATS, .file = "f" } },
	{ "stats --svg f", { .command = COMMAND_STATS, .file = "f", .svg = true } },
	{ "stats f --line 1", { .command = COMMAND_STATS, .file = "f", .line_number = 1 } },
	{ "--line=1000000000 --svg stats f", { .command = COMMAND_STATS, .file = "f", .svg = true, .line_number = 1000000000 } },
	{ "watch d", { .command = COMMAND_WATCH, .place = "d" } },
	{ "watch 4711", { .command = COMMAND_WATCH, .place = "4711" } },
	{ "watch --interval 1 d", { .command = COMMAND_WATCH, .place = "d", .interval_s = 1 } },
	{ "--interval=3600 watch d", { .command = COMMAND_WATCH, .place = "d", .interval_s = 3600 } },
	{ "verify verify", { .command = COMMAND_VERIFY, .directory = "verify" } },
};

#define THREADS(text) "criu-cuda: --threads takes a number from 1 to 64, not \"" text "\"\n" SEE

#define INTERVAL(text) "criu-cuda: --interval takes seconds, from 1 to 3600, not \"" text "\"\n" SEE

#define LINE(text) "criu-cuda: --line takes a number from 1 to 1000000000, not \"" text "\"\n" SEE

static const struct {
	const char *text;
	const char *said;
} bad[] = {
	{ "", "criu-cuda: what to do is missing: inspect, verify, stats, watch, doctor or recover\n" SEE },
	{ "--json", "criu-cuda: what to do is missing: inspect, verify, stats, watch, doctor or recover\n" SEE },
	{ "inspect", "criu-cuda: the directory of the images is missing\n" SEE },
	{ "verify", "criu-cuda: the directory of the images is missing\n" SEE },
	{ "verify --threads 3", "criu-cuda: the directory of the images is missing\n" SEE },
	{ "inspect a b", "criu-cuda: one directory at a time: \"b\" is too much\n" SEE },
	{ "stats", "criu-cuda: the file of statistics is missing\n" SEE },
	{ "stats a b", "criu-cuda: one file at a time: \"b\" is too much\n" SEE },
	{ "inspect --svg d", "criu-cuda: --svg is not for inspect\n" SEE },
	{ "verify --line 2 d", "criu-cuda: --line is not for verify\n" SEE },
	{ "stats --json f", "criu-cuda: --json is not for stats\n" SEE },
	{ "stats --threads 2 f", "criu-cuda: --threads is not for stats\n" SEE },
	{ "stats f --line 0", LINE("0") },
	{ "stats f --line -1", LINE("-1") },
	{ "stats f --line last", LINE("last") },
	{ "stats f --line 1000000001", LINE("1000000001") },
	{ "watch", "criu-cuda: the directory of the images, or the pid, is missing\n" SEE },
	{ "watch a b", "criu-cuda: one place at a time: \"b\" is too much\n" SEE },
	{ "watch --json d", "criu-cuda: --json is not for watch\n" SEE },
	{ "watch --pid 1 d", "criu-cuda: --pid is not for watch\n" SEE },
	{ "stats --interval 1 f", "criu-cuda: --interval is not for stats\n" SEE },
	{ "watch d --interval 0", INTERVAL("0") },
	{ "watch d --interval 0.5", INTERVAL("0.5") },
	{ "watch d --interval 3601", INTERVAL("3601") },
	{ "repair d", "criu-cuda: there is no command \"repair\"\n" SEE },
	{ "Verify d", "criu-cuda: there is no command \"Verify\"\n" SEE },
	{ "d inspect", "criu-cuda: there is no command \"d\"\n" SEE },
	{ "verify --json d", "criu-cuda: --json is not for verify\n" SEE },
	{ "inspect --threads 3 d", "criu-cuda: --threads is not for inspect\n" SEE },
	{ "verify --restorable d", "criu-cuda: --restorable is not for verify\n" SEE },
	{ "inspect --libdir= d", "criu-cuda: --libdir takes a directory\n" SEE },
	{ "doctor d", "criu-cuda: doctor takes no directory: \"d\" is too much\n" SEE },
	{ "doctor --threads 3", "criu-cuda: --threads is not for doctor\n" SEE },
	{ "doctor --pid 0", "criu-cuda: --pid takes the pid of a process, not \"0\"\n" SEE },
	{ "doctor --pid 1x", "criu-cuda: --pid takes the pid of a process, not \"1x\"\n" SEE },
	{ "doctor --pid -1", "criu-cuda: --pid takes the pid of a process, not \"-1\"\n" SEE },
	{ "doctor --pid 2147483648", "criu-cuda: --pid takes the pid of a process, not \"2147483648\"\n" SEE },
	{ "inspect --pid 1 d", "criu-cuda: --pid is not for inspect\n" SEE },
	{ "recover", "criu-cuda: recover takes one of --pid and --tree\n" SEE },
	{ "recover --pid 1 --tree 1", "criu-cuda: recover takes one of --pid and --tree\n" SEE },
	{ "recover --tree x", "criu-cuda: --tree takes the pid of a process, not \"x\"\n" SEE },
	{ "recover --pid 1 --images=", "criu-cuda: --images takes a directory\n" SEE },
	{ "recover --pid 1 --json", "criu-cuda: --json is not for recover\n" SEE },
	{ "recover --pid 1 d", "criu-cuda: recover takes no directory: \"d\" is too much\n" SEE },
	{ "doctor --images d", "criu-cuda: --images is not for doctor\n" SEE },
	{ "doctor --tree 1", "criu-cuda: --tree is not for doctor\n" SEE },
	{ "doctor --libdir=", "criu-cuda: --libdir takes a directory\n" SEE },
	{ "verify --libdir x d", "criu-cuda: --libdir is not for verify\n" SEE },
	{ "inspect --rubbish d", "criu-cuda: unrecognized option '--rubbish'\n" SEE },
	{ "inspect -x d", "criu-cuda: invalid option -- 'x'\n" SEE },
	{ "inspect --json=yes d", "criu-cuda: option '--json' doesn't allow an argument\n" SEE },
	{ "verify d --threads", "criu-cuda: option '--threads' requires an argument\n" SEE },
	{ "verify d --threads=", THREADS("") },
	{ "verify d --threads 0", THREADS("0") },
	{ "verify d --threads 65", THREADS("65") },
	{ "verify d --threads -1", THREADS("-1") },
	{ "verify d --threads +1", THREADS("+1") },
	{ "verify d --threads 1x", THREADS("1x") },
	{ "verify d --threads \t1", THREADS("\t1") },
	{ "verify d --threads all", THREADS("all") },
	{ "verify d --threads 18446744073709551617", THREADS("18446744073709551617") },
};
/* clang-format on */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same(const struct command_line *a, const struct command_line *b)
{
	return same_text(a->directory, b->directory) && same_text(a->libdir, b->libdir) &&
	       same_text(a->images, b->images) && a->tree == b->tree &&
	       a->command == b->command && a->pid == b->pid && a->json == b->json &&
	       a->restorable == b->restorable && a->threads == b->threads &&
	       same_text(a->file, b->file) && a->svg == b->svg &&
	       a->line_number == b->line_number && same_text(a->place, b->place) &&
	       a->interval_s == b->interval_s;
}

static void good_command_lines_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		char *text autofree = strdup(good[i].text);
		struct command_line line = { .threads = 4711 };
		struct capture said;
		int ret;

		assert_non_null(text);
		ret = parse(text, &line, &said);

		if (ret != 0 || !same(&line, &good[i].expected) || said.text[0])
			fail_msg("\"%s\": %d, %s", good[i].text, ret, said.text);
	}
}

static void bad_command_lines_are_refused_with_the_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *text autofree = strdup(bad[i].text);
		struct command_line untouched = { .threads = 4711 };
		struct capture said;
		int ret;

		assert_non_null(text);
		ret = parse(text, &untouched, &said);

		if (ret != -EINVAL || strcmp(said.text, bad[i].said) != 0)
			fail_msg("\"%s\": %d, %s", bad[i].text, ret, said.text);
		assert_int_equal(untouched.threads, 4711);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_command_lines_are_understood),
		cmocka_unit_test(bad_command_lines_are_refused_with_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

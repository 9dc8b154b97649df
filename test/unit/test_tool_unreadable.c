/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is no answer is not taken for one, however much it looks like one.
 */
#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "fake_log.h"
#include "fake_spawn.h"
#include "tool_runs.h"

/* With the status of success. */
struct printed {
	const char *out;
	size_t length;
	const char *err;
};

/* clang-format off */
#define OUT(text) { text, sizeof(text) - 1, NULL }
#define ERR(text) { "", 0, text }
/* clang-format on */

static const struct printed rubbish[] = {
	OUT(""),
	OUT("\n"),
	OUT(" \n"),
	OUT("running"),
	OUT("running \n"),
	OUT(" running\n"),
	OUT("running\n\n"),
	OUT("running\nrunning\n"),
	OUT("running locked\n"),
	OUT("running\t\n"),
	OUT("running\r\n"),
	OUT("\x1b[31mred\n"),
	OUT("Running\n"),
	OUT("runnin\n"),
	OUT("runningly\n"),
	OUT("running\n\0"),
	OUT("running\0\n"),
	OUT("run\0ning\n"),
	OUT("\0\n"),
	OUT("\0running\n"),
	OUT("unknown\n"),
	OUT("lock\n"),
	OUT("0\n"),
	OUT("\xff\xfe\n"),
	ERR("running\n"),
};

static const struct printed no_tids[] = {
	OUT(""),
	OUT("\n"),
	OUT("4712"),
	OUT("4712 \n"),
	OUT(" 4712\n"),
	OUT("4712\n4713\n"),
	OUT("4712 4713\n"),
	OUT("4712x\n"),
	OUT("4712\r\n"),
	OUT("4712\x7f\n"),
	OUT("x4712\n"),
	OUT("0x1268\n"),
	OUT("+4712\n"),
	OUT("-4712\n"),
	OUT("-1\n"),
	OUT("0\n"),
	OUT("2147483648\n"),
	OUT("4294967297\n"),
	OUT("9223372036854775808\n"),
	OUT("99999999999999999999999999\n"),
	OUT("4712.0\n"),
	OUT("47\0"
	    "12\n"),
	OUT("4712\n\0"),
	OUT("running\n"),
	ERR("4712\n"),
};

static void answer_bytes(const struct printed *printed)
{
	fake_spawn_answer_bytes(0, printed->out, printed->length, printed->err,
				printed->err ? strlen(printed->err) : 0);
}

/* What it printed goes to a terminal: nothing in it may act there. */
static void assert_nothing_logged_but_text(void)
{
	for (const char *at = fake_log.text; *at; at++)
		assert_true(*at == '\n' || !iscntrl((unsigned char)*at));
}

static void unreadable_state_is_an_error_logged_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rubbish); i++) {
		enum cuda_state got = UNTOUCHED_STATE;

		again();
		answer_bytes(&rubbish[i]);

		if (get_state(0, &got) != -EBADMSG)
			fail_msg("case %zu was taken for an answer", i);

		assert_int_equal(got, UNTOUCHED_STATE);
		assert_logged_once("--get-state: ");
		assert_nothing_logged_but_text();
	}
}

static void unreadable_tid_is_an_error_logged_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(no_tids); i++) {
		pid_t tid = UNTOUCHED_TID;

		again();
		answer_bytes(&no_tids[i]);

		if (get_restore_tid(&tid) != -EBADMSG)
			fail_msg("case %zu was taken for an answer", i);

		assert_int_equal(tid, UNTOUCHED_TID);
		assert_logged_once("--get-restore-tid: ");
		assert_nothing_logged_but_text();
	}
}

static void endless_answer_is_unreadable_and_said_to_be_cut(void **state)
{
	const size_t size = 1024 * 1024;
	char *flood autofree = malloc(size);
	enum cuda_state got = UNTOUCHED_STATE;
	pid_t tid = UNTOUCHED_TID;

	(void)state;
	assert_non_null(flood);
	memset(flood, '1', size);
	fake_spawn_answer_bytes(0, flood, size, flood, size);
	fake_spawn_answer_bytes(0, flood, size, NULL, 0);

	assert_int_equal(get_state(0, &got), -EBADMSG);
	assert_logged_once(" (cut)");
	fake_log_reset();
	assert_int_equal(get_restore_tid(&tid), -EBADMSG);
	assert_logged_once(" (cut)");

	assert_int_equal(got, UNTOUCHED_STATE);
	assert_int_equal(tid, UNTOUCHED_TID);
}

static void word_that_fills_the_buffer_is_no_answer(void **state)
{
	char word[SPAWN_OUTPUT_MAX + 100];
	pid_t tid = UNTOUCHED_TID;

	(void)state;
	memset(word, '1', sizeof(word));
	word[SPAWN_OUTPUT_MAX - 1] = '\n';
	fake_spawn_answer_bytes(0, word, SPAWN_OUTPUT_MAX, NULL, 0);
	fake_spawn_answer_bytes(0, word, sizeof(word), NULL, 0);

	assert_int_equal(get_restore_tid(&tid), -EBADMSG);
	assert_int_equal(get_restore_tid(&tid), -EBADMSG);

	assert_int_equal(tid, UNTOUCHED_TID);
	assert_int_equal(fake_log_errors(), 2);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(unreadable_state_is_an_error_logged_once),
		CASE(unreadable_tid_is_an_error_logged_once),
		CASE(endless_answer_is_unreadable_and_said_to_be_cut),
		CASE(word_that_fills_the_buffer_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

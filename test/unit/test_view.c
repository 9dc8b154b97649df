/* SPDX-License-Identifier: GPL-2.0-only */
#include "watch/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define GIB (UINT64_C(1) << 30)

static struct scene scene;
static struct pace pace;
static struct view view;
static char line[VIEW_SIZE];

/* A dump that has written half of an image in 16 seconds. */
static int begin(void **state)
{
	(void)state;
	scene = (struct scene){
		.criu = 22,
		.work = CRIU_DUMPS,
		.image = "cuda-memory-11.img.part",
		.image_pid = 11,
		.is_written = true,
		.done = 32 * GIB,
		.bytes = 64 * GIB,
	};
	pace = (struct pace){ .is_seen = true, .last = 32 * GIB, .last_ms = 16000 };
	view = (struct view){
		.scene = &scene, .pace = &pace, .log_line = "", .seconds = 21
	};
	return 0;
}

static const char *described(void)
{
	view_describe(&view, line);
	return line;
}

static void image_has_a_share_a_speed_and_a_time(void **state)
{
	(void)state;
	assert_string_equal(described(),
			    "dump, CRIU 22: cuda-memory-11.img.part: 50.0 % of 64.0 GiB "
			    "of GPU memory written, 2.0 GiB/s, 0:16 left");
	scene.is_written = false;
	scene.work = CRIU_RESTORES;
	pace.last_ms = 64000;
	pace.last = 8 * GIB;
	assert_string_equal(described(),
			    "restore, CRIU 22: cuda-memory-11.img.part: 50.0 % of 64.0 "
			    "GiB of GPU memory put back, 128.0 MiB/s, 7:28 left");
}

static void on_a_terminal_there_is_a_bar(void **state)
{
	(void)state;
	view.has_bar = true;
	assert_string_equal(described(), "pid 11: [##########----------] 50.0 % of 64.0 "
					 "GiB, 2.0 GiB/s, 0:16 left");
	scene.done = scene.bytes;
	pace.last = scene.bytes;
	assert_string_equal(described(), "pid 11: [####################] 100.0 % of "
					 "64.0 GiB, 4.0 GiB/s, 0:00 left");
	scene.done = scene.bytes = 0;
	assert_non_null(strstr(described(), "[####################] - of 0 B"));
}

static void what_is_not_known_is_not_said(void **state)
{
	(void)state;
	pace.last_ms = 0;
	assert_string_equal(described(), "dump, CRIU 22: cuda-memory-11.img.part: 50.0 % "
					 "of 64.0 GiB of GPU memory written");
	scene.image[0] = '\0';
	assert_string_equal(described(), "dump, CRIU 22: 21 s");
	scene.work = CRIU_WORK_UNKNOWN;
	assert_string_equal(described(), "CRIU 22: 21 s");
}

static void pages_have_no_share(void **state)
{
	(void)state;
	scene.image[0] = '\0';
	scene.pages_bytes = 3 * GIB;
	assert_string_equal(described(), "dump, CRIU 22: 21 s, 3.0 GiB in CRIU's own "
					 "images of memory, 2.0 GiB/s");
	pace.last = 0; /* they do not grow: as in a restore */
	assert_string_equal(described(), "dump, CRIU 22: 21 s");
}

static void log_line_harms_nobody(void **state)
{
	(void)state;
	scene.image[0] = '\0';
	view.log_line = "pid 11: \033[2J\xff";
	assert_string_equal(described(), "dump, CRIU 22: 21 s; the log: pid 11: ?[2J?");
}

static void guardian_is_told_from_criu(void **state)
{
	(void)state;
	scene.criu = 0;
	scene.guardian = 33;
	scene.image[0] = '\0';
	assert_string_equal(described(),
			    "dump, CRIU has ended, its guardian 33 has not: 21 s");
}

static void long_line_is_cut_to_the_room_there_is(void **state)
{
	static char log_line[4 * VIEW_SIZE];

	(void)state;
	memset(log_line, 'x', sizeof(log_line) - 1);
	scene.image[0] = '\0';
	view.log_line = log_line;
	assert_true(strlen(described()) < VIEW_SIZE);
	assert_true(strlen(line) > VIEW_SIZE / 2);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(image_has_a_share_a_speed_and_a_time),
		CASE(on_a_terminal_there_is_a_bar),
		CASE(what_is_not_known_is_not_said),
		CASE(pages_have_no_share),
		CASE(log_line_harms_nobody),
		CASE(guardian_is_told_from_criu),
		CASE(long_line_is_cut_to_the_room_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

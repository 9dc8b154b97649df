/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is printed of a directory that is made up, byte for byte.
 */
#include "report.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"

#define MIB (1024ull * 1024)

static struct inspected_image images[] = {
	{
		.header = { .pid = 12,
			    .address = 0x7f1234560000,
			    .length = 64 * MIB,
			    .chunk_size = 4 * MIB,
			    .compression = MEMORY_IMAGE_ZSTD,
			    .driver = "NVIDIA 580.1" },
		.summary = { .file_size = 16 * MIB,
			     .stored = 15 * MIB,
			     .chunks = 16,
			     .zero_chunks = 6 },
	},
	{
		.header = { .pid = 2147483647,
			    .address = UINT64_MAX,
			    .length = 0,
			    .chunk_size = 65536,
			    .compression = MEMORY_IMAGE_PLAIN,
			    .driver = "" },
		.summary = { .file_size = 8192 },
	},
};

static struct finding problems[] = {
	{ .file = "inventory.img",
	  .verdict = VERDICT_MISSING,
	  .reason = "it is not there" },
	{ .file = "cuda-memory-9.img",
	  .verdict = VERDICT_DAMAGED,
	  .reason = "its \"header\" is damaged" },
};

static const struct inspection full = {
	.directory = "/dumps/7",
	.has_inventory = true,
	.need = INVENTORY_NEEDED,
	.images = images,
	.image_count = 2,
	.pages_files = 2,
	.pages_bytes = 3 * MIB,
};

static const struct inspection bad = {
	.directory = "a\"\n\x9b",
	.need = INVENTORY_NEEDED, /* means nothing: there is no inventory */
	.problems = problems,
	.problem_count = 2,
};

/* What the machine has to say to it: nothing, unless a test says otherwise. */
static struct diagnoses restore;

static int set_up(void **state)
{
	(void)state;
	restore.count = 0;
	return 0;
}

static void machine_finds(const char *name, enum grade grade, const char *finding)
{
	struct diagnosis *diagnosis = &restore.at[restore.count++];

	diagnosis->check = name;
	diagnosis_find(diagnosis, grade, "%s", finding);
}

static void check(void (*report)(FILE *stream, const struct inspection *inspection,
				 const struct diagnoses *restore),
		  const struct inspection *inspection, const char *expected)
{
	struct capture printed;

	capture_begin(&printed, stdout);
	report(stdout, inspection, &restore);
	capture_end(&printed);

	assert_string_equal(printed.text, expected);
}

static void people_get_a_table(void **state)
{
	(void)state;
	check(report_text, &full,
	      "directory  /dumps/7\n"
	      "inventory  cuda_plugin is needed for a restore\n"
	      "pages      3.0 MiB in CRIU's own images, files: 2\n"
	      "\n"
	      "    pid      memory        file  of memory    zeros  compression  "
	      "address             driver\n"
	      "     12    64.0 MiB    16.0 MiB     25.0 %   37.5 %  zstd         "
	      "0x7f1234560000      NVIDIA 580.1\n"
	      "2147483647         0 B     8.0 KiB          -        -  none         "
	      "0xffffffffffffffff  -\n"
	      "  total    64.0 MiB    16.0 MiB     25.0 %\n"
	      "\n"
	      "verdict  it can be restored here\n");
}

static void people_are_told_what_is_wrong(void **state)
{
	(void)state;
	check(report_text, &bad,
	      "directory  a\"??\n"
	      "inventory  cannot be read, see below\n"
	      "pages      0 B in CRIU's own images, files: 0\n"
	      "\n"
	      "no whole GPU memory image\n"
	      "\n"
	      "missing     inventory.img: it is not there\n"
	      "damaged     cuda-memory-9.img: its \"header\" is damaged\n"
	      "\n"
	      "verdict  it can be restored here\n");
}

static void check_end(const char *expected)
{
	struct capture printed;

	capture_begin(&printed, stdout);
	report_text(stdout, &bad, &restore);
	capture_end(&printed);

	assert_string_equal(strstr(printed.text, "is damaged\n") + 11, expected);
}

static void people_are_told_whether_it_can_be_restored(void **state)
{
	(void)state;
	machine_finds("criu", GRADE_OK, "version 4");
	machine_finds("MIG", GRADE_WARNING, "on");
	machine_finds("rights", GRADE_WARNING, "few");
	check_end("\n"
		  "ok       criu: version 4\n"
		  "warning  MIG: on\n"
		  "warning  rights: few\n"
		  "verdict  it can perhaps be restored here; see: MIG, rights\n");
	machine_finds("plugin", GRADE_ERROR, "none");
	diagnosis_advise(&restore.at[3], "install it");
	check_end("\n"
		  "ok       criu: version 4\n"
		  "warning  MIG: on\n"
		  "warning  rights: few\n"
		  "error    plugin: none; install it\n"
		  "verdict  it cannot be restored here: plugin\n");
}

static void programs_get_one_line(void **state)
{
	(void)state;
	check(report_json, &full,
	      "{\"format\":1,\"directory\":\"/dumps/"
	      "7\",\"plugin\":\"needed\",\"images\":["
	      "{\"pid\":12,\"file\":\"cuda-memory-12.img\",\"memory_bytes\":67108864,"
	      "\"file_bytes\":16777216,\"stored_bytes\":15728640,\"chunk_bytes\":4194304,"
	      "\"chunks\":16,\"zero_chunks\":6,\"compression\":\"zstd\","
	      "\"address\":\"0x7f1234560000\",\"driver\":\"NVIDIA 580.1\"},"
	      "{\"pid\":2147483647,\"file\":\"cuda-memory-2147483647.img\","
	      "\"memory_bytes\":0,\"file_bytes\":8192,\"stored_bytes\":0,"
	      "\"chunk_bytes\":65536,\"chunks\":0,\"zero_chunks\":0,"
	      "\"compression\":\"none\",\"address\":\"0xffffffffffffffff\","
	      "\"driver\":\"\"}],"
	      "\"memory_bytes\":67108864,\"file_bytes\":16785408,"
	      "\"pages\":{\"files\":2,\"bytes\":3145728},\"problems\":[],"
	      "\"restore\":{\"verdict\":\"ok\",\"checks\":[]}}\n");
}

static void programs_are_told_what_is_wrong(void **state)
{
	(void)state;
	machine_finds("criu", GRADE_OK, "version 4");
	machine_finds("plugin", GRADE_ERROR, "\"none\"");
	diagnosis_advise(&restore.at[1], "install it");
	check(report_json, &bad,
	      "{\"format\":1,\"directory\":\"a\\\"\\u000a\\ufffd\",\"plugin\":null,"
	      "\"images\":[],\"memory_bytes\":0,\"file_bytes\":0,"
	      "\"pages\":{\"files\":0,\"bytes\":0},\"problems\":["
	      "{\"file\":\"inventory.img\",\"verdict\":\"missing\","
	      "\"reason\":\"it is not there\"},"
	      "{\"file\":\"cuda-memory-9.img\",\"verdict\":\"damaged\","
	      "\"reason\":\"its \\\"header\\\" is damaged\"}],"
	      "\"restore\":{\"verdict\":\"error\",\"checks\":["
	      "{\"check\":\"criu\",\"verdict\":\"ok\",\"finding\":\"version 4\","
	      "\"remedy\":null},"
	      "{\"check\":\"plugin\",\"verdict\":\"error\",\"finding\":"
	      "\"\\\"none\\\"\",\"remedy\":\"install it\"}]}}\n");
}

static void check_plugin(enum inventory_need need, const char *expected)
{
	struct inspection inspection = full;
	struct capture printed;

	inspection.need = need;
	capture_begin(&printed, stdout);
	report_json(stdout, &inspection, &restore);
	capture_end(&printed);

	assert_non_null(strstr(printed.text, expected));
}

static void each_need_has_its_word(void **state)
{
	(void)state;
	check_plugin(INVENTORY_NEEDED, ",\"plugin\":\"needed\",");
	check_plugin(INVENTORY_NOT_NEEDED, ",\"plugin\":\"not needed\",");
	check_plugin(INVENTORY_UNSET, ",\"plugin\":\"not said\",");
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(people_get_a_table),
		CASE(people_are_told_what_is_wrong),
		CASE(people_are_told_whether_it_can_be_restored),
		CASE(programs_get_one_line),
		CASE(programs_are_told_what_is_wrong),
		CASE(each_need_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

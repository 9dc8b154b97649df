/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRIU and the plugin as the doctor sees them, each in every way in which it can be
 * wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "check_outcome.h"
#include "doctor/plugin_file.h"
#include "fake_spawn.h"

static uid_t user;

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return user;
}

/* The plugin, in place of plugin_file.c. */
static struct plugin_file plugin;
static int plugin_error;
static char plugin_path[256];

int plugin_file_read(const char *path, struct plugin_file *ret_file,
		     char ret_reason[REASON_MAX])
{
	snprintf(plugin_path, sizeof(plugin_path), "%s", path);
	snprintf(ret_reason, REASON_MAX, "why not");
	if (!plugin_error)
		*ret_file = plugin;

	return plugin_error;
}

/* Of the images, in place of inspection.c. */
static enum inventory_need need;

enum inventory_need inspection_need(const struct inspection *inspection)
{
	assert_ptr_equal(inspection, examination.images);
	return need;
}

static int set_up(void **state)
{
	(void)state;
	fake_spawn_reset();
	check_reset();
	user = 0;
	plugin_error = 0;
	plugin = (struct plugin_file){ .version = 0x200, .hooks = 12, .is_ours = true };
	unsetenv("CRIU_LIBS_DIR");
	unsetenv("CRIU_CUDA_PLUGIN_OPTIONS");
	return 0;
}

/* --- CRIU ------------------------------------------------------------------------------
 */

static void a_criu_that_is_new_enough_is_good(void **state)
{
	(void)state;
	fake_spawn_answer(0, "Version: 4.0\n", NULL);
	assert_says(check_criu, GRADE_OK, "version 4.0.0", NULL);
	assert_string_equal(fake_spawn.journal, "criu --version (10000 ms);");
	assert_int_equal(examination.criu.major, 4);
}

static void each_thing_wrong_with_criu_is_an_error(void **state)
{
	(void)state;
	fake_spawn_fail(-ENOENT);
	assert_says(check_criu, GRADE_ERROR, "there is no \"criu\" on PATH",
		    "install CRIU 4.0 or newer; it may be in /usr/sbin");
	fake_spawn_fail(-ETIMEDOUT);
	assert_says(check_criu, GRADE_ERROR,
		    "criu --version fails: no answer in 10000 ms", NULL);
	fake_spawn_answer(1, NULL, "libc is too old\n");
	assert_says(check_criu, GRADE_ERROR, "criu --version fails: libc is too old",
		    NULL);
	fake_spawn_answer(0, "hello\n", NULL);
	assert_says(check_criu, GRADE_ERROR,
		    "its version cannot be understood: \"hello\"", NULL);
	assert_int_equal(examination.criu.major, 0);
	fake_spawn_answer(0, "Version: 3.17.1\n", NULL);
	assert_says(check_criu, GRADE_ERROR, "version 3.17.1 has no hooks for GPUs",
		    NULL);
}

static void an_old_criu_is_for_images_that_need_no_plugin(void **state)
{
	static const enum grade grades[] = {
		[INVENTORY_UNSET] = GRADE_WARNING,
		[INVENTORY_NOT_NEEDED] = GRADE_OK,
		[INVENTORY_NEEDED] = GRADE_ERROR,
	};
	const struct inspection images = { .image_count = 0 };

	(void)state;
	examination.images = &images;
	for (need = INVENTORY_UNSET; need <= INVENTORY_NEEDED; need++) {
		fake_spawn_answer(0, "Version: 3.17.1\n", NULL);
		assert_says(check_criu, grades[need],
			    "version 3.17.1 has no hooks for GPUs", NULL);
	}
	examination.images = NULL;
}

static void criu_is_asked_about_the_kernel(void **state)
{
	(void)state;
	examination.criu.major = 4;
	fake_spawn_answer(0, "Warn: x\nLooks good.\n", NULL);
	assert_says(check_criu_kernel, GRADE_OK, "criu check says: Looks good.", NULL);
	assert_string_equal(fake_spawn.journal, "criu check (30000 ms);");
	fake_spawn_answer(0, NULL, "Looks good.\n");
	assert_says(check_criu_kernel, GRADE_OK, "criu check says: Looks good.", NULL);
	fake_spawn_answer(1, NULL, "Error (criu/cr-check.c:1): no pagemap\n");
	assert_says(check_criu_kernel, GRADE_ERROR,
		    "criu check finds what it needs missing: "
		    "Error (criu/cr-check.c:1): no pagemap",
		    NULL);
	user = 1000;
	assert_says(check_criu_kernel, GRADE_WARNING,
		    "only root can have CRIU look at the kernel", NULL);
}

static void without_criu_nothing_is_said_of_its_checks(void **state)
{
	(void)state;
	assert_says(check_criu_kernel, GRADE_NONE, "", NULL);
	assert_int_equal(fake_spawn.calls, 0);
}

/* --- the plugin
 * ------------------------------------------------------------------------- */

static void the_plugin_is_where_criu_looks(void **state)
{
	(void)state;
	examination.criu = (struct criu_version){ .major = 4, .minor = 1 };
	assert_says(check_plugin, GRADE_OK,
		    "/usr/lib/criu/cuda_plugin.so, which CRIU 4.1 takes", NULL);
	setenv("CRIU_LIBS_DIR", "/opt/criu", 1);
	assert_says(check_plugin, GRADE_OK,
		    "/opt/criu/cuda_plugin.so, which CRIU 4.1 takes", NULL);
	examination.libdir = "/mine";
	assert_says(check_plugin, GRADE_OK, "/mine/cuda_plugin.so, which CRIU 4.1 takes",
		    NULL);
	assert_string_equal(plugin_path, "/mine/cuda_plugin.so");
}

static void a_plugin_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	plugin_error = -ENOENT;
	assert_says(check_plugin, GRADE_ERROR,
		    "there is no cuda_plugin.so in /usr/lib/criu",
		    "install it there, or give criu, and criu-cuda, --libdir with the "
		    "directory that has it");
	plugin_error = -EBADMSG;
	assert_says(check_plugin, GRADE_ERROR, "/usr/lib/criu/cuda_plugin.so: why not",
		    "install the plugin again");
}

static void a_plugin_of_others_is_an_error(void **state)
{
	(void)state;
	examination.criu = (struct criu_version){ .major = 4, .minor = 3 };
	plugin.is_ours = false;
	assert_says(check_plugin, GRADE_ERROR,
		    "/usr/lib/criu/cuda_plugin.so is another plugin of that name, which "
		    "knows "
		    "no images of GPU memory",
		    NULL);
}

static void any_plugin_is_for_images_without_images_of_gpu_memory(void **state)
{
	static const char other[] =
		"/usr/lib/criu/cuda_plugin.so is another plugin of that name, which "
		"knows no images of GPU memory";
	struct inspection images = { .image_count = 0 };

	(void)state;
	plugin.is_ours = false;
	examination.images = &images;
	assert_says(check_plugin, GRADE_WARNING, other, NULL);
	images.image_count = 1;
	assert_says(check_plugin, GRADE_ERROR, other, NULL);
	images = (struct inspection){ .names_images = true };
	assert_says(check_plugin, GRADE_ERROR, other, NULL);
}

static void a_plugin_that_this_criu_would_refuse_is_an_error(void **state)
{
	(void)state;
	examination.criu = (struct criu_version){ .major = 4, .minor = 2 };
	plugin.version = 0x300;
	assert_says(
		check_plugin, GRADE_ERROR,
		"CRIU 4.2 would refuse /usr/lib/criu/cuda_plugin.so: it asks for version "
		"0x300 with 12 hooks, and CRIU has 0x200 with 13",
		NULL);
	plugin.version = 0x200;
	plugin.hooks = 14;
	assert_says(
		check_plugin, GRADE_ERROR,
		"CRIU 4.2 would refuse /usr/lib/criu/cuda_plugin.so: it asks for version "
		"0x200 with 14 hooks, and CRIU has 0x200 with 13",
		NULL);
	plugin.hooks = 13;
	assert_says(check_plugin, GRADE_OK,
		    "/usr/lib/criu/cuda_plugin.so, which CRIU 4.2 takes", NULL);
}

static void without_hooks_it_is_not_known_whether_criu_takes_the_plugin(void **state)
{
	static const char not_known[] =
		"/usr/lib/criu/cuda_plugin.so is there; whether CRIU takes it is not "
		"known";

	(void)state;
	assert_says(check_plugin, GRADE_WARNING, not_known, NULL);
	examination.criu = (struct criu_version){ .major = 3, .minor = 17 };
	assert_says(check_plugin, GRADE_WARNING, not_known, NULL);
}

/* --- options
 * ---------------------------------------------------------------------------- */

static void options_are_those_of_the_environment(void **state)
{
	(void)state;
	assert_says(check_options, GRADE_OK,
		    "none in CRIU_CUDA_PLUGIN_OPTIONS: the defaults hold", NULL);
	assert_string_equal(examination.tool.program, "cuda-checkpoint");
	setenv("CRIU_CUDA_PLUGIN_OPTIONS", "force=on,cuda-checkpoint=/x", 1);
	assert_says(check_options, GRADE_OK,
		    "CRIU_CUDA_PLUGIN_OPTIONS is \"force=on,cuda-checkpoint=/x\"", NULL);
	assert_true(examination.options.force);
	assert_string_equal(examination.tool.program, "/x");
}

static void options_that_make_no_sense_are_an_error(void **state)
{
	(void)state;
	setenv("CRIU_CUDA_PLUGIN_OPTIONS", "force=maybe", 1);
	memset(&diagnosis, 0, sizeof(diagnosis));
	check_options(&examination, &diagnosis);
	assert_int_equal(diagnosis.grade, GRADE_ERROR);
	assert_non_null(strstr(diagnosis.finding, "CRIU_CUDA_PLUGIN_OPTIONS: "));
	assert_non_null(strstr(diagnosis.finding, "maybe"));
	assert_string_equal(diagnosis.remedy, "correct the variable, or unset it");
	assert_string_equal(examination.tool.program, "cuda-checkpoint");
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_criu_that_is_new_enough_is_good),
		CASE(each_thing_wrong_with_criu_is_an_error),
		CASE(an_old_criu_is_for_images_that_need_no_plugin),
		CASE(criu_is_asked_about_the_kernel),
		CASE(without_criu_nothing_is_said_of_its_checks),
		CASE(the_plugin_is_where_criu_looks),
		CASE(a_plugin_that_cannot_be_read_is_an_error),
		CASE(a_plugin_of_others_is_an_error),
		CASE(any_plugin_is_for_images_without_images_of_gpu_memory),
		CASE(a_plugin_that_this_criu_would_refuse_is_an_error),
		CASE(without_hooks_it_is_not_known_whether_criu_takes_the_plugin),
		CASE(options_are_those_of_the_environment),
		CASE(options_that_make_no_sense_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cuda_plugin.so in a pretend CRIU. The name of the program says which CRIU it plays.
 *
 *   build/test/plugin/criu-VERSION [UTILITY]
 *
 * UTILITY is the stand-in for cuda-checkpoint, test/plugin/cuda-checkpoint unless given.
 * Everything else is looked for in the build folder of the program.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

#define FOLDERS_UP 3 /* from BUILD/test/plugin/criu-VERSION to BUILD */

static void find_build(char *build)
{
	ssize_t length = readlink("/proc/self/exe", build, PATH_MAX - 1);

	if (length < 0)
		abort();
	build[length] = '\0';
	for (int i = 0; i < FOLDERS_UP; i++)
		*strrchr(build, '/') = '\0';
}

int main(int argc, char *argv[])
{
	static char build[PATH_MAX], plugin[PATH_MAX + 64], utility[PATH_MAX];
	int failed = 0;

	find_build(build);
	snprintf(plugin, sizeof(plugin), "%s/plugins/cuda/cuda_plugin.so", build);
	criu_plugin_path = plugin;
	if (!realpath(argc > 1 ? argv[1] : "test/plugin/cuda-checkpoint", utility)) {
		perror("the stand-in for cuda-checkpoint");
		return EXIT_FAILURE;
	}
	utility_program = utility;

	failed += start_tests();
	failed += dump_tests();
	failed += give_back_tests();
	failed += restore_tests();
	failed += sim_tests(build);
	failed += scale_tests();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

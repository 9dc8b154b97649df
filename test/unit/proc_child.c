/* SPDX-License-Identifier: GPL-2.0-only */
#include "proc_child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

pid_t child = -1;

pid_t start_child(void (*body)(void))
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (body)
			body();
		if (write(ready[1], "", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}

	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

pid_t start_zombie(void)
{
	siginfo_t info;

	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);

	return child;
}

int no_child_yet(void **state)
{
	(void)state;
	child = -1;

	return 0;
}

int end_child(void **state)
{
	(void)state;
	if (child > 0)
		kill(child, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0) /* traced threads too */
		;

	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "alive.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* A zombie that has no other thread: the first one may end before the others do. */
static bool is_dead(const char *stat)
{
	/* The second field is a name in parentheses, which may have any in it. */
	const char *rest = strrchr(stat, ')');
	long threads;
	char state;

	if (!rest || sscanf(rest,
			    ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
			    "%*d %*d %*d %ld",
			    &state, &threads) != 2)
		return false;

	return (state == 'Z' || state == 'X') && threads <= 1;
}

bool alive_has_ended(int pid)
{
	FILE *file autofclose = NULL;
	char path[sizeof("/proc/-2147483648/stat")], stat[1024];

	if (kill(pid, 0) < 0)
		return errno == ESRCH;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	return file && fgets(stat, sizeof(stat), file) && is_dead(stat);
}

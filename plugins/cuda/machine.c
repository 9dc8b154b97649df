/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine.h"

#include <sched.h>

#include "cleanup.h"

size_t machine_gpus(void)
{
	DIR *gpus autoclosedir = opendir(MACHINE_GPUS_FOLDER);
	const struct dirent *gpu;
	size_t count = 0;

	while (gpus && (gpu = readdir(gpus)))
		count += gpu->d_name[0] != '.';

	return count;
}

size_t machine_cpus(void)
{
	cpu_set_t cpus;

	/* Fails where there are more than fit: then the whole machine counts. */
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0) {
		const long online = sysconf(_SC_NPROCESSORS_ONLN);

		return online > 0 ? (size_t)online : 1;
	}

	return (size_t)CPU_COUNT(&cpus);
}

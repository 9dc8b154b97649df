/* SPDX-License-Identifier: GPL-2.0-only */
#include "gpu_sharing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "driver_version.h"
#include "log.h"
#include "proc.h"
#include "remedy.h"

#define SAFE_DRIVER  610
#define PIDS_IN_LINE 8
#define PID_SIZE     sizeof(", 4194304")

bool gpu_sharing_survives(const char *version_file)
{
	char version[DRIVER_VERSION_SIZE];

	return driver_version_read(version_file, version) >= SAFE_DRIVER;
}

/* --- the processes ------------------------------------------------------------- */

/* PyTorch's, cut at 15 characters. */
static bool is_thread_of_communicator(const char *name)
{
	return strcmp(name, "pt_nccl_watchdg") == 0 ||
	       strcmp(name, "pt_nccl_heartbt") == 0;
}

/* Does it have a communicator (*@ret_rank), and share memory by it (*@ret_shares)? */
static int examine(pid_t pid, bool *ret_rank, bool *ret_shares)
{
	bool without_p2p, without_shm;
	pid_t of_communicator = 0;
	int ret;

	*ret_rank = false;
	*ret_shares = false;
	ret = proc_find_thread(pid, is_thread_of_communicator, &of_communicator);
	if (ret || !of_communicator)
		return ret;

	ret = proc_started_with(pid, "NCCL_P2P_DISABLE", "1", &without_p2p);
	if (ret)
		return ret;
	ret = proc_started_with(pid, "NCCL_SHM_DISABLE", "1", &without_shm);
	if (ret)
		return ret;

	*ret_rank = true;
	*ret_shares = !without_p2p || !without_shm;
	return 0;
}

/* @sharing has room for all @pids. */
static int find(const pid_t pids[], size_t count, pid_t sharing[], size_t *ret_count)
{
	size_t ranks = 0, found = 0;

	for (size_t i = 0; i < count; i++) {
		bool rank, shares;
		int ret = examine(pids[i], &rank, &shares);

		if (ret == -ESRCH)
			continue;
		if (ret) {
			pr_err("pid %d: cannot see whether it shares GPU memory: %s\n",
			       pids[i], remedy_of_proc(ret));
			return ret;
		}
		ranks += rank;
		if (shares)
			sharing[found++] = pids[i];
	}

	*ret_count = ranks > 1 ? found : 0;
	return 0;
}

int gpu_sharing_find(const pid_t pids[], size_t count, pid_t **ret_pids,
		     size_t *ret_count)
{
	pid_t *sharing = calloc(count + 1, sizeof(*sharing));
	int ret;

	if (!sharing) {
		pr_err("out of memory for %zu CUDA processes\n", count);
		return -ENOMEM;
	}

	ret = find(pids, count, sharing, ret_count);
	if (ret) {
		free(sharing);
		return ret;
	}

	*ret_pids = sharing;
	return 0;
}

/* --- what is said about them ------------------------------------------------------ */

void gpu_sharing_log(const pid_t pids[], size_t count, bool refused)
{
	char list[PIDS_IN_LINE * PID_SIZE] = "", rest[sizeof(" and  more") + 20] = "";
	size_t shown = count > PIDS_IN_LINE ? PIDS_IN_LINE : count, length = 0;

	for (size_t i = 0; i < shown; i++)
		length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%d",
					   i ? ", " : "", pids[i]);
	if (count > shown)
		snprintf(rest, sizeof(rest), " and %zu more", count - shown);

	if (refused)
		pr_err("pid %s%s: NCCL shares GPU memory with other processes, which no "
		       "driver before r610 brings back after a checkpoint; start the job "
		       "with NCCL_P2P_DISABLE=1 NCCL_SHM_DISABLE=1, or with a driver of "
		       "r610 or newer by cuda-checkpoint --launch-job; the option "
		       "shared-memory=warn goes on all the same\n",
		       list, rest);
	else
		pr_warn("pid %s%s: NCCL shares GPU memory with other processes, which no "
			"driver before r610 brings back after a checkpoint; going on all "
			"the same\n",
			list, rest);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "candidate.h"

#include <errno.h>

#include "log.h"
#include "proc.h"
#include "remedy.h"

int candidate_check(pid_t pid, bool ask_every_process, bool *ret_may)
{
	int ret;

	*ret_may = ask_every_process;
	if (ask_every_process)
		return 0;

	ret = proc_may_be_cuda(pid, ret_may);
	if (ret == -ESRCH) {
		*ret_may = false;
		return 0;
	}
	if (ret)
		pr_err("pid %d: cannot read its mappings: %s\n", pid,
		       remedy_of_proc(ret));

	return ret;
}

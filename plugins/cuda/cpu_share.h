/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many CPUs are there for work that is done for a process.
 *
 * The least of
 *   - the CPUs on which the caller may run;
 *   - those of the cpuset of its cgroup, cpuset.cpus.effective of version 2,
 *     cpuset.effective_cpus of version 1. Not those to which the process binds itself: a
 *     rank that keeps to one core does not mean that its memory has to be copied by one;
 *   - the quota of CPU time of each cgroup that it is in, up to the highest that is seen:
 *     cpu.max of version 2, cpu.cfs_quota_us and cpu.cfs_period_us of version 1.
 *
 * Only reads. Does not log.
 */
#pragma once

#include <sys/types.h>

/*
 * At least 1; a part of a CPU counts as one. Never fails: what cannot be seen, be it that
 * @pid is gone, bounds nothing.
 */
unsigned int cpu_share_of(pid_t pid);

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The caller's side of an operation: ask a restore thread, wait for its answer.
 *
 * Callers take turns. One that is killed leaves at most a request that is still
 * served and an answer that the next caller drops.
 */
#pragma once

#include "channel.h"
#include "cleanup.h"

/*
 * Send @request, whose id is filled in here, to the process @pid. Waits for as
 * long as it takes, but not for a process that has died.
 *
 * Return: what the restore thread answered, or that it could not be asked:
 * CUDA_ERROR_OPERATING_SYSTEM or CUDA_ERROR_NOT_INITIALIZED (see target.h).
 */
CUresult call(int pid, struct request *request, CUprocessState *ret_state) must_check;

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the simulated driver has beyond the API of NVIDIA's.
 *
 * A program that uses it runs on the simulated GPU only.
 */
#pragma once

#include "cuda.h"

/*
 * Launch the next step of a collective, as ncclAllReduce() does: work on @stream that
 * begins when all @ranks have launched the same step and the one before has ended, and
 * then takes @microseconds. Each rank is a process (or a thread) of its own, and says
 * which one it is: @rank, from 0 on. Those belong together that give the same @name, of
 * at most 31 characters. No data moves.
 *
 * As the API counts them, this is work in flight: cuStreamSynchronize() waits for it, and
 * so does a lock of the process, up to its timeout.
 *
 * Return: CUDA_SUCCESS at once; CUDA_ERROR_INVALID_VALUE for a name, a rank or a number
 * of ranks that does not fit; CUDA_ERROR_OUT_OF_MEMORY if this is the ninth collective of
 * the process; CUDA_ERROR_OPERATING_SYSTEM if the GPU process is gone.
 */
CUresult cuSimCollective(CUstream stream, const char *name, unsigned int rank,
			 unsigned int ranks, unsigned int microseconds);

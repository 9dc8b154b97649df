/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's connection to the GPU process.
 *
 * System calls only: the restore thread uses it too, so nothing here takes a
 * lock or memory from malloc. Application threads use it one at a time.
 */
#pragma once

#include "api.h"
#include "cleanup.h"
#include "protocol.h"

struct gpu_link {
	int fd; /* -1: not connected */
};

/*
 * Connect to the GPU process at @path and ask what GPUs it has.
 *
 * Return: CUDA_SUCCESS, or CUDA_ERROR_NO_DEVICE.
 */
CUresult gpu_link_open(struct gpu_link *link, const char *path,
		       struct gpu_answer *ret_list) must_check;

/* What was allocated over it is free then. Accepts a link that is not open. */
void gpu_link_close(struct gpu_link *link);

/* Ask for the list of GPUs again. */
CUresult gpu_link_list(struct gpu_link *link, struct gpu_answer *ret_list) must_check;

/*
 * Allocate @bytes on the GPU at place @gpu of the list and map them.
 *
 * Return: CUDA_SUCCESS; CUDA_ERROR_OUT_OF_MEMORY if the GPU is full;
 * CUDA_ERROR_OPERATING_SYSTEM if the GPU process is gone.
 */
CUresult gpu_link_allocate(struct gpu_link *link, uint32_t gpu, size_t bytes,
			   uint64_t *ret_handle, char **ret_mapping) must_check;

/*
 * The processes that hold memory on the GPU at place @gpu, without the first @first;
 * GPU_PROCESSES_MAX of them at most.
 */
CUresult gpu_link_processes(struct gpu_link *link, uint32_t gpu, uint64_t first,
			    struct gpu_answer *ret_list) must_check;

/*
 * Join a collective: @request has all that GPU_JOIN reads. The board is mapped, to be
 * read.
 *
 * Return: CUDA_SUCCESS; CUDA_ERROR_INVALID_VALUE if it is not for such a rank.
 */
CUresult gpu_link_join(struct gpu_link *link, struct gpu_request *request,
		       uint64_t *ret_handle,
		       const struct gpu_board **ret_board) must_check;

/* Launch the next step of a rank: @request has all that GPU_LAUNCH reads. */
CUresult gpu_link_launch(struct gpu_link *link, struct gpu_request *request) must_check;

/* Unmap what gpu_link_allocate() mapped and free it at the GPU. */
CUresult gpu_link_free(struct gpu_link *link, uint64_t handle, char *mapping,
		       size_t bytes);

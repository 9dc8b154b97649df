/* SPDX-License-Identifier: GPL-2.0-only */
#include "offload.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "clock.h"
#include "cpu_share.h"
#include "fd_store.h"
#include "ledger.h"
#include "log.h"
#include "proc.h"
#include "remedy.h"
#include "restore_thread.h"
#include "wave.h"

/* --- waves -------------------------------------------------------------------------- */

/* What comes into host memory when @process climbs to @goal. */
static uint64_t demand_of(const struct offload *offload,
			  const struct cuda_process *process, enum cuda_state goal)
{
	if (goal == CUDA_CHECKPOINTED)
		return offload->is_wanted ? process->bytes : 0;

	return process->is_offloaded ? process->buffer.bytes : 0;
}

static bool is_anything_demanded(const struct memory_demand *demands, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (demands[i].bytes)
			return true;

	return false;
}

static int choose(const struct offload *offload, const struct memory_demand *demands,
		  size_t count, enum cuda_state goal, size_t *ret_count)
{
	char reason[REASON_MAX];
	int ret;

	ret = wave_choose(demands, count, offload->host_memory, ret_count, reason);
	if (!ret)
		return 0;
	if (ret == -ENOSPC && goal == CUDA_CHECKPOINTED && offload->is_checked) {
		pr_err("%s\n", reason);
		return ret;
	}

	/* What is on its way back cannot wait, and what is not known is no reason to. */
	pr_warn("one process at a time: %s\n", reason);
	*ret_count = 1;
	return 0;
}

int offload_next_wave(const struct offload *offload,
		      struct cuda_process *const processes[], size_t count,
		      enum cuda_state goal, size_t *ret_count)
{
	struct memory_demand *demands autofree = calloc(count, sizeof(*demands));

	if (!demands)
		return cuda_process_out_of_memory(processes, count);

	for (size_t i = 0; offload && i < count; i++)
		demands[i] = (struct memory_demand){
			.pid = processes[i]->pid,
			.bytes = demand_of(offload, processes[i], goal),
		};
	if (offload && count > 1 && is_anything_demanded(demands, count))
		return choose(offload, demands, count, goal, ret_count);

	*ret_count = count;
	return 0;
}

/* --- out, and back ------------------------------------------------------------------ */

static int find_name(const struct cuda_process *process, pid_t *ret_name)
{
	int ret = proc_inner_pid(process->pid, ret_name);

	if (ret)
		pr_err("pid %d: cannot see its pid in its own namespace: %s\n",
		       process->pid, remedy_of_proc(ret));

	return ret;
}

static int check_name(struct cuda_process *const processes[], const pid_t *names,
		      size_t last)
{
	for (size_t i = 0; i < last; i++) {
		if (names[i] != names[last])
			continue;

		pr_err("pid %d, %d: both are pid %d in namespaces of their own: their "
		       "GPU memory cannot be told apart in the images; CRIU dumps no "
		       "nested pid namespaces\n",
		       processes[i]->pid, processes[last]->pid, names[last]);
		return -EEXIST;
	}

	return 0;
}

int offload_check_names(const struct offload *offload,
			struct cuda_process *const processes[], size_t count)
{
	pid_t *names autofree = NULL;
	int ret = 0;

	if (!offload || !offload->is_wanted || count < 2)
		return 0;

	names = calloc(count, sizeof(*names));
	if (!names)
		return cuda_process_out_of_memory(processes, count);

	for (size_t i = 0; !ret && i < count; i++) {
		ret = find_name(processes[i], &names[i]);
		if (!ret)
			ret = check_name(processes, names, i);
	}

	return ret;
}

/* As many threads as there are CPUs for @process. */
static struct host_buffer_images images_for(const struct offload *offload,
					    const struct cuda_process *process)
{
	struct host_buffer_images images = offload->images;
	const unsigned int share = cpu_share_of(process->pid);

	if (images.threads > share)
		images.threads = share;

	return images;
}

static void note_step(struct cuda_step *step, int64_t began_ms)
{
	step->began_ms = began_ms;
	step->took_ms = (unsigned int)(clock_ms() - began_ms);
	step->is_done = true;
}

/* Its image, to the guardian: for CRIU may die, and then the image lose its name. */
static void entrust(const struct cuda_process *process)
{
	int ret;

	if (!process->store)
		return;
	ret = fd_store_put(process->store, process->pid,
			   host_buffer_image_fd(process->image));
	if (ret)
		pr_warn("pid %d: the guardian cannot hold the image of its GPU memory "
			"open: %s; the image directory must stay where it is\n",
			process->pid, strerror(-ret));
}

static void note_offloaded(struct cuda_process *process)
{
	process->is_offloaded = true;
	entrust(process);
	if (process->debt)
		ledger_note_offloaded(process->debt, &process->buffer);
}

static void close_image(struct cuda_process *process)
{
	host_buffer_image_close(process->image);
	process->image = NULL;
}

static void note_back(struct cuda_process *process)
{
	process->is_offloaded = false;
	close_image(process);
	if (process->debt)
		ledger_note_offloaded(process->debt, NULL);
}

/* Its pages, and the marker in their place. */
static int empty(struct cuda_process *process)
{
	const struct host_buffer *buffer = &process->buffer;
	int ret;

	ret = restore_thread_advise(process->pid, process->restore_tid,
				    &process->debt->tripwire, buffer->address,
				    buffer->bytes, MADV_DONTNEED);
	return ret ? ret : host_buffer_mark(process->pid, buffer);
}

static void discard(const struct offload *offload, struct cuda_process *process)
{
	host_buffer_image_discard(process->pid, &offload->images, &process->buffer);
	process->has_image = false;
}

int offload_take(const struct offload *offload, struct cuda_process *process)
{
	const int64_t began_ms = clock_ms();
	struct host_buffer_images images;
	int ret;

	if (!offload || !offload->is_wanted || !process->debt || !process->buffer.bytes ||
	    process->is_offloaded)
		return 0;

	images = images_for(offload, process);
	ret = host_buffer_write(process->pid, &images, &process->buffer, &process->image);
	if (ret)
		return ret;

	process->has_image = true;
	note_offloaded(process);
	note_step(&process->written, began_ms);
	ret = empty(process);
	if (!ret || ret == -ENOTRECOVERABLE)
		return ret;

	pr_warn("pid %d: its GPU memory stays in it, for CRIU to write: %s\n",
		process->pid, strerror(-ret));
	ret = offload_put_back(offload, process);
	if (!ret)
		discard(offload, process);

	return ret;
}

int offload_put_back(const struct offload *offload, struct cuda_process *process)
{
	const int64_t began_ms = clock_ms();
	struct host_buffer_images images;
	int ret = 0;

	if (!process->is_offloaded)
		return 0;

	images = images_for(offload, process);
	if (!process->image)
		ret = host_buffer_image_open(process->pid, &images, -1, &process->buffer,
					     &process->image);
	if (!ret)
		ret = host_buffer_fill(process->pid, process->image, images.threads,
				       &process->buffer);
	if (ret)
		return ret;

	note_back(process);
	note_step(&process->filled, began_ms);
	return 0;
}

int offload_find(const struct offload *offload, struct cuda_process *const processes[],
		 size_t count)
{
	for (size_t i = 0; offload && i < count; i++) {
		struct cuda_process *process = processes[i];
		int ret;

		ret = host_buffer_find(process->pid, &offload->images, &process->buffer,
				       &process->image);
		if (ret)
			return ret;
		if (process->buffer.bytes)
			note_offloaded(process);
	}

	return 0;
}

int offload_take_image(const struct offload *offload, struct cuda_process *process,
		       int fd)
{
	return host_buffer_image_open(process->pid, &offload->images, fd,
				      &process->buffer, &process->image);
}

void offload_close(struct cuda_process *const processes[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		close_image(processes[i]);
}

void offload_discard(const struct offload *offload,
		     struct cuda_process *const processes[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (processes[i]->has_image && !processes[i]->is_offloaded)
			discard(offload, processes[i]);
}

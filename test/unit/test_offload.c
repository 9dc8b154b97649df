/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to a process, in which order, and what is noted for the guardian, over
 * stand-ins for what does it.
 */
#include "offload.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "cpu_share.h"
#include "fake_log.h"
#include "fd_store.h"
#include "ledger.h"
#include "proc.h"
#include "restore_thread.h"
#include "wave.h"

#define PID	    7
#define TID	    9
#define PROCESSES   3
#define GIB	    (UINT64_C(1) << 30)
#define JOURNAL_MAX 256

/* The calls, as "write 7;keep 7;drop 9;", and what each returns, by its name's first
 * letter. */
static struct {
	char journal[JOURNAL_MAX];
	int ret[256];
	unsigned int share, threads;
	int images; /* that are open */
	int fd;	    /* as which one is to be opened */
	/* Of wave_choose(). */
	struct memory_demand demands[PROCESSES];
	size_t demanded, wave;
	uint64_t host_memory;
} world;

/* Stands for any. */
static struct memory_image *const any_image = (struct memory_image *)&world;
static struct fd_store of_guardian = { .in = 21, .out = -1 };
static struct debt debt;
static int inner_pids[PROCESSES]; /* or -errno */
static struct offload offload;
static struct cuda_process ours[PROCESSES];
static struct cuda_process *const process = &ours[0];
static struct cuda_process *const all[] = { &ours[0], &ours[1], &ours[2] };

static int set_up(void **state)
{
	(void)state;
	fake_log_reset();
	memset(&world, 0, sizeof(world));
	world.share = 64;
	memset(&debt, 0, sizeof(debt));
	offload = (struct offload){
		.images = { .dirfd = 5, .threads = 8 },
		.is_wanted = true,
		.is_checked = true,
	};
	for (int i = 0; i < PROCESSES; i++)
		inner_pids[i] = i + 1;
	for (int i = 0; i < PROCESSES; i++)
		ours[i] = (struct cuda_process){
			.pid = PID + 10 * i,
			.restore_tid = TID + 10 * i,
			.bytes = (unsigned)(i + 1) * GIB,
			.debt = &debt,
			.store = &of_guardian,
			.buffer = { .address = 0x10000, .bytes = GIB },
		};
	return 0;
}

static int call(const char *name, pid_t id)
{
	const size_t used = strlen(world.journal);

	snprintf(world.journal + used, sizeof(world.journal) - used, "%s %d%s;", name, id,
		 atomic_load(&debt.is_offloaded) ? " noted" : "");
	return world.ret[(unsigned char)name[0]];
}

static void fails(const char *name, int error)
{
	world.ret[(unsigned char)name[0]] = error;
}

/* --- the stand-ins --------------------------------------------------------------------
 */

unsigned int cpu_share_of(pid_t pid)
{
	assert_int_equal(pid, PID);
	return world.share;
}

int proc_inner_pid(pid_t pid, pid_t *ret_inner)
{
	const int inner = inner_pids[(pid - PID) / 10];

	if (inner > 0)
		*ret_inner = inner;
	return inner > 0 ? 0 : inner;
}

static int open_image(int ret, struct memory_image **ret_image)
{
	if (!ret) {
		*ret_image = any_image;
		world.images++;
	}

	return ret;
}

void host_buffer_image_close(struct memory_image *image)
{
	assert_true(!image || image == any_image);
	world.images -= image != NULL;
}

int host_buffer_image_fd(const struct memory_image *image)
{
	assert_ptr_equal(image, any_image);
	return 33;
}

int fd_store_put(struct fd_store *store, pid_t key, int fd)
{
	assert_ptr_equal(store, &of_guardian);
	assert_int_equal(fd, 33);
	return call("keep", key);
}

int host_buffer_write(pid_t pid, const struct host_buffer_images *images,
		      struct host_buffer *buffer, struct memory_image **ret_image)
{
	world.threads = images->threads;
	buffer->image_pid = 3;
	return open_image(call("write", pid), ret_image);
}

int host_buffer_image_open(pid_t pid, const struct host_buffer_images *images, int fd,
			   const struct host_buffer *buffer,
			   struct memory_image **ret_image)
{
	assert_int_equal(images->dirfd, 5);
	assert_int_equal(buffer->bytes, GIB);
	world.fd = fd;
	return open_image(call("open", pid), ret_image);
}

int host_buffer_mark(pid_t pid, const struct host_buffer *buffer)
{
	assert_int_equal(buffer->image_pid, 3);
	return call("mark", pid);
}

int host_buffer_fill(pid_t pid, const struct memory_image *image, unsigned int threads,
		     const struct host_buffer *buffer)
{
	assert_ptr_equal(image, any_image);
	assert_int_equal(world.images, 1);
	assert_int_equal(buffer->bytes, GIB);
	world.threads = threads;
	return call("fill", pid);
}

int host_buffer_find(pid_t pid, const struct host_buffer_images *images,
		     struct host_buffer *ret_buffer, struct memory_image **ret_image)
{
	const int ret = call("look", pid);

	assert_int_equal(images->dirfd, 5);
	if (ret)
		return ret;

	*ret_buffer = (struct host_buffer){ .bytes = pid == PID ? GIB : 0 };
	return pid == PID ? open_image(0, ret_image) : 0;
}

void host_buffer_image_discard(pid_t pid, const struct host_buffer_images *images,
			       const struct host_buffer *buffer)
{
	assert_int_equal(images->dirfd, 5);
	assert_int_equal(buffer->image_pid, 3);
	(void)call("remove", pid);
}

int restore_thread_advise(pid_t pid, pid_t tid, struct tripwire *tripwire,
			  uint64_t address, uint64_t bytes, int advice)
{
	assert_int_equal(pid, PID);
	assert_ptr_equal(tripwire, &debt.tripwire);
	assert_int_equal(address, 0x10000);
	assert_int_equal(bytes, GIB);
	assert_int_equal(advice, MADV_DONTNEED);
	/* Whoever has to bring it back knows from where. */
	assert_int_equal(debt.buffer.image_pid, 3);
	return call("drop", tid);
}

int wave_choose(const struct memory_demand *demands, size_t count, uint64_t host_memory,
		size_t *ret_count, char ret_reason[REASON_MAX])
{
	memcpy(world.demands, demands, count * sizeof(*demands));
	world.demanded = count;
	world.host_memory = host_memory;
	snprintf(ret_reason, REASON_MAX, "the reason");
	if (!world.ret['c'])
		*ret_count = world.wave;
	return world.ret['c'];
}

int cuda_process_out_of_memory(struct cuda_process *const processes[], size_t count)
{
	(void)processes;
	(void)count;
	return -ENOMEM;
}

/* --- out
 * -------------------------------------------------------------------------------- */

static void check_calls(const char *calls)
{
	assert_string_equal(world.journal, calls);
}

static void check_has_its_memory(void)
{
	assert_false(process->is_offloaded);
	assert_false(atomic_load(&debt.is_offloaded));
	assert_int_equal(world.images, 0);
}

static void memory_is_dropped_when_it_is_written_and_noted(void **state)
{
	(void)state;
	assert_int_equal(offload_take(&offload, process), 0);

	check_calls("write 7;keep 7;drop 9 noted;mark 7 noted;");
	assert_true(process->is_offloaded && process->has_image);
	assert_true(process->written.is_done);
	assert_int_equal(fake_log_errors(), 0);
}

static void what_is_not_wanted_or_not_known_is_let_be(void **state)
{
	(void)state;
	assert_int_equal(offload_take(NULL, process), 0);
	offload.is_wanted = false;
	assert_int_equal(offload_take(&offload, process), 0);
	offload.is_wanted = true;
	process->buffer.bytes = 0;
	assert_int_equal(offload_take(&offload, process), 0);
	process->buffer.bytes = GIB;
	process->debt = NULL;
	assert_int_equal(offload_take(&offload, process), 0);
	process->debt = &debt;
	process->is_offloaded = true;
	assert_int_equal(offload_take(&offload, process), 0);

	check_calls("");
	assert_false(process->has_image);
}

static void memory_that_cannot_be_written_is_not_dropped(void **state)
{
	(void)state;
	fails("write", -ENOSPC);

	assert_int_equal(offload_take(&offload, process), -ENOSPC);

	check_calls("write 7;");
	check_has_its_memory();
	assert_false(process->has_image);
	assert_false(process->written.is_done);
}

static void memory_that_cannot_be_dropped_stays_and_its_image_goes(void **state)
{
	(void)state;
	fails("drop", -EINVAL);

	assert_int_equal(offload_take(&offload, process), 0);

	check_calls("write 7;keep 7;drop 9 noted;fill 7 noted;remove 7;");
	check_has_its_memory();
	assert_false(process->has_image);
	assert_true(fake_log_has("stays in it"));
}

static void process_whose_thread_runs_is_not_dumped(void **state)
{
	(void)state;
	fails("drop", -ENOTRECOVERABLE);

	assert_int_equal(offload_take(&offload, process), -ENOTRECOVERABLE);

	check_calls("write 7;keep 7;drop 9 noted;");
	assert_true(process->is_offloaded);
	assert_true(atomic_load(&debt.is_offloaded));
}

static void memory_that_cannot_be_marked_comes_back(void **state)
{
	(void)state;
	fails("mark", -EFAULT);

	assert_int_equal(offload_take(&offload, process), 0);

	check_calls("write 7;keep 7;drop 9 noted;mark 7 noted;fill 7 noted;remove 7;");
	check_has_its_memory();
}

static void what_may_be_gone_is_owed_until_it_is_back(void **state)
{
	(void)state;
	fails("drop", -ESRCH);
	fails("fill", -EIO);

	assert_int_equal(offload_take(&offload, process), -EIO);

	assert_true(process->is_offloaded && process->has_image);
	assert_true(atomic_load(&debt.is_offloaded));
	offload_discard(&offload, all, PROCESSES);
	check_calls("write 7;keep 7;drop 9 noted;fill 7 noted;");
}

static void there_are_no_more_threads_than_cpus(void **state)
{
	(void)state;
	assert_int_equal(offload_take(&offload, process), 0);
	assert_int_equal(world.threads, 8);
	world.share = 3;
	assert_int_equal(offload_put_back(&offload, process), 0);
	assert_int_equal(world.threads, 3);
}

/* --- back
 * ------------------------------------------------------------------------------- */

static void two_processes_with_one_name_are_refused(void **state)
{
	(void)state;
	assert_int_equal(offload_check_names(&offload, all, PROCESSES), 0);
	inner_pids[2] = inner_pids[0];
	assert_int_equal(offload_check_names(&offload, all, PROCESSES), -EEXIST);
	assert_true(fake_log_has("pid 7, 27: both are pid 1"));

	assert_int_equal(offload_check_names(&offload, all, 2), 0);
	assert_int_equal(offload_check_names(NULL, all, PROCESSES), 0);
	offload.is_wanted = false;
	assert_int_equal(offload_check_names(&offload, all, PROCESSES), 0);
	offload.is_wanted = true;
	inner_pids[1] = -ESRCH;
	assert_int_equal(offload_check_names(&offload, all, PROCESSES), -ESRCH);
}

static void memory_that_is_back_is_owed_no_more(void **state)
{
	(void)state;
	assert_int_equal(offload_take(&offload, process), 0);
	world.journal[0] = '\0';

	assert_int_equal(offload_put_back(&offload, process), 0);
	check_calls("fill 7 noted;");
	check_has_its_memory();
	assert_true(process->filled.is_done);

	/* Nothing is done twice. */
	assert_int_equal(offload_put_back(&offload, process), 0);
	assert_int_equal(offload_put_back(NULL, process), 0);
	check_calls("fill 7 noted;");
}

/* Whatever has become of its name. */
static void image_is_open_as_long_as_it_is_needed(void **state)
{
	(void)state;
	assert_int_equal(offload_take(&offload, process), 0);
	assert_int_equal(world.images, 1);
	offload_close(all, PROCESSES);
	assert_int_equal(world.images, 0);
	offload_close(all, PROCESSES);

	/* And it is opened by its name where it is not. */
	assert_int_equal(offload_put_back(&offload, process), 0);
	check_calls(
		"write 7;keep 7;drop 9 noted;mark 7 noted;open 7 noted;fill 7 noted;");
	assert_true(world.fd < 0);
	check_has_its_memory();
}

static void image_that_cannot_be_opened_leaves_all_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(offload_take(&offload, process), 0);
	offload_close(all, PROCESSES);
	fails("open", -ENOENT);

	assert_int_equal(offload_put_back(&offload, process), -ENOENT);
	assert_true(process->is_offloaded);
	assert_true(atomic_load(&debt.is_offloaded));
}

static void image_that_another_had_open_is_taken_over(void **state)
{
	(void)state;
	process->is_offloaded = true;
	process->store = NULL;
	assert_int_equal(offload_take_image(&offload, process, 44), 0);
	assert_int_equal(world.fd, 44);

	assert_int_equal(offload_put_back(&offload, process), 0);
	check_calls("open 7;fill 7;");
	check_has_its_memory();
}

static void guardian_that_cannot_hold_an_image_is_no_error(void **state)
{
	(void)state;
	fails("keep", -EAGAIN);

	assert_int_equal(offload_take(&offload, process), 0);
	assert_true(process->is_offloaded);
	assert_true(fake_log_has("pid 7: the guardian cannot hold the image"));
}

static void memory_that_is_not_back_is_still_owed(void **state)
{
	(void)state;
	assert_int_equal(offload_take(&offload, process), 0);
	fails("fill", -EBADMSG);

	assert_int_equal(offload_put_back(&offload, process), -EBADMSG);

	assert_true(process->is_offloaded);
	assert_true(atomic_load(&debt.is_offloaded));
	assert_false(process->filled.is_done);
}

static void image_is_removed_once_the_memory_is_back(void **state)
{
	(void)state;
	assert_int_equal(offload_take(&offload, process), 0);
	assert_int_equal(offload_put_back(&offload, process), 0);
	world.journal[0] = '\0';

	offload_discard(&offload, all, PROCESSES);
	offload_discard(&offload, all, PROCESSES);
	check_calls("remove 7;");
}

static void restored_process_is_looked_at(void **state)
{
	(void)state;
	assert_int_equal(offload_find(&offload, all, PROCESSES), 0);
	assert_true(ours[0].is_offloaded);
	assert_false(ours[1].is_offloaded);
	assert_true(atomic_load(&debt.is_offloaded));
	check_calls("look 7;keep 7;look 17 noted;look 27 noted;");

	fails("look", -ENOENT);
	assert_int_equal(offload_find(&offload, all, PROCESSES), -ENOENT);
	assert_int_equal(offload_find(NULL, all, PROCESSES), 0);
}

/* --- waves
 * ------------------------------------------------------------------------------ */

static size_t wave(enum cuda_state goal, int ret)
{
	size_t count = 77;

	assert_int_equal(offload_next_wave(&offload, all, PROCESSES, goal, &count), ret);
	return count;
}

static void wave_of_a_checkpoint_has_room_for_all_gpu_memory(void **state)
{
	(void)state;
	offload.host_memory = 5 * GIB;
	world.wave = 2;

	assert_int_equal(wave(CUDA_CHECKPOINTED, 0), 2);

	assert_int_equal(world.demanded, PROCESSES);
	assert_int_equal(world.host_memory, 5 * GIB);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(world.demands[i].pid, ours[i].pid);
		assert_int_equal(world.demands[i].bytes, ours[i].bytes);
	}
}

static void wave_on_the_way_back_has_room_for_what_is_in_images(void **state)
{
	(void)state;
	world.wave = 1;
	ours[1].is_offloaded = true;

	assert_int_equal(wave(CUDA_RUNNING, 0), 1);

	assert_int_equal(world.demands[0].bytes, 0);
	assert_int_equal(world.demands[1].bytes, GIB);
}

static void what_brings_nothing_into_host_memory_goes_at_once(void **state)
{
	size_t count = 0;

	(void)state;
	assert_int_equal(wave(CUDA_RUNNING, 0), PROCESSES);
	offload.is_wanted = false; /* it will not go out again: there are no waves */
	assert_int_equal(wave(CUDA_CHECKPOINTED, 0), PROCESSES);
	assert_int_equal(offload_next_wave(NULL, all, 2, CUDA_RUNNING, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(world.demanded, 0);
}

static void without_room_nothing_is_checkpointed_unless_it_is_not_checked(void **state)
{
	(void)state;
	world.ret['c'] = -ENOSPC;

	assert_int_equal(wave(CUDA_CHECKPOINTED, -ENOSPC), 77);
	assert_true(fake_log_has("the reason"));
	offload.is_checked = false;
	assert_int_equal(wave(CUDA_CHECKPOINTED, 0), 1);
}

static void way_back_is_open_whatever_room_there_is(void **state)
{
	(void)state;
	ours[1].is_offloaded = true;
	world.ret['c'] = -ENOSPC;
	assert_int_equal(wave(CUDA_RUNNING, 0), 1);
	world.ret['c'] = -EBADMSG;
	assert_int_equal(wave(CUDA_RUNNING, 0), 1);
	assert_int_equal(wave(CUDA_CHECKPOINTED, 0), 1);
	assert_int_equal(fake_log_errors(), 0);
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(memory_is_dropped_when_it_is_written_and_noted),
		CASE(what_is_not_wanted_or_not_known_is_let_be),
		CASE(memory_that_cannot_be_written_is_not_dropped),
		CASE(memory_that_cannot_be_dropped_stays_and_its_image_goes),
		CASE(process_whose_thread_runs_is_not_dumped),
		CASE(memory_that_cannot_be_marked_comes_back),
		CASE(what_may_be_gone_is_owed_until_it_is_back),
		CASE(there_are_no_more_threads_than_cpus),
		CASE(two_processes_with_one_name_are_refused),
		CASE(memory_that_is_back_is_owed_no_more),
		CASE(image_is_open_as_long_as_it_is_needed),
		CASE(image_that_cannot_be_opened_leaves_all_as_it_is),
		CASE(image_that_another_had_open_is_taken_over),
		CASE(guardian_that_cannot_hold_an_image_is_no_error),
		CASE(memory_that_is_not_back_is_still_owed),
		CASE(image_is_removed_once_the_memory_is_back),
		CASE(restored_process_is_looked_at),
		CASE(wave_of_a_checkpoint_has_room_for_all_gpu_memory),
		CASE(wave_on_the_way_back_has_room_for_what_is_in_images),
		CASE(what_brings_nothing_into_host_memory_goes_at_once),
		CASE(without_room_nothing_is_checkpointed_unless_it_is_not_checked),
		CASE(way_back_is_open_whatever_room_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

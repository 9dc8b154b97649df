/* SPDX-License-Identifier: GPL-2.0-only */
#include "populate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "clock.h"

#define BLOCK	      ((uintptr_t)2 << 20)
#define PAGES_MAX     512 /* in a block; the smallest page there is has 4 KiB */
#define PAGE_PRESENT  (UINT64_C(1) << 63)
#define PATH_SIZE_MAX 32 /* "/proc/PID/pagemap" */

struct populate {
	pid_t pid;
	uintptr_t address, end;
	uintptr_t page;
	int pagemap; /* -1: it cannot be read, so that each page is touched */
	int64_t began_ms;
	_Atomic int64_t ended_ms;
	atomic_size_t next; /* block */
	atomic_uint at_work;
	atomic_int ret;
	unsigned int count;
	pthread_t threads[POPULATE_THREADS_MAX];
};

/* --- a block ------------------------------------------------------------------------ */

/* Write a zero to each page from @from to before @to, at most PAGES_MAX. */
static int touch(const struct populate *populate, uintptr_t from, uintptr_t to)
{
	static const char zeros[PAGES_MAX];
	struct iovec here = { .iov_base = (void *)zeros };
	struct iovec there[PAGES_MAX];
	size_t count = 0;
	ssize_t got;

	for (; from < to; from += populate->page)
		there[count++] = (struct iovec){ .iov_base = (void *)from, .iov_len = 1 };
	here.iov_len = count;
	if (!count)
		return 0;

	got = process_vm_writev(populate->pid, &here, 1, there, count, 0);
	if (got < 0)
		return -errno;

	return (size_t)got == count ? 0 : -EFAULT;
}

static bool is_present(const struct populate *populate, uintptr_t address)
{
	const off_t at = (off_t)(address / populate->page * sizeof(uint64_t));
	uint64_t entry = 0;

	return populate->pagemap >= 0 &&
	       pread(populate->pagemap, &entry, sizeof(entry), at) == sizeof(entry) &&
	       entry & PAGE_PRESENT;
}

/* A huge page comes as a whole: where its last page is there too, nothing is left. */
static int populate_block(const struct populate *populate, uintptr_t from, uintptr_t to)
{
	const uintptr_t second = from + populate->page;
	int ret;

	ret = touch(populate, from, from + 1);
	if (ret || second >= to || is_present(populate, to - populate->page))
		return ret;

	return touch(populate, second, to);
}

/* --- the threads -------------------------------------------------------------------- */

/* Return: is there one more? The first and the last may be smaller. */
static bool next_block(struct populate *populate, uintptr_t *ret_from, uintptr_t *ret_to)
{
	const uintptr_t start = populate->address / BLOCK * BLOCK;
	const uintptr_t block = start + atomic_fetch_add(&populate->next, 1) * BLOCK;

	if (block >= populate->end)
		return false;

	*ret_from = block < populate->address ? populate->address : block;
	*ret_to = populate->end - block < BLOCK ? populate->end : block + BLOCK;
	return true;
}

static void give_up(struct populate *populate, int error)
{
	int none = 0;

	(void)atomic_compare_exchange_strong(&populate->ret, &none, error);
}

static void *work(void *argument)
{
	struct populate *populate = argument;
	uintptr_t from, to;

	while (!atomic_load(&populate->ret) && next_block(populate, &from, &to)) {
		const int ret = populate_block(populate, from, to);

		if (ret)
			give_up(populate, ret);
	}

	atomic_store(&populate->ended_ms, clock_ms());
	atomic_fetch_sub(&populate->at_work, 1);
	return NULL;
}

static int start_threads(struct populate *populate, unsigned int threads)
{
	sigset_t all, before;
	int ret = 0;

	if (threads < 1)
		threads = 1;
	if (threads > POPULATE_THREADS_MAX)
		threads = POPULATE_THREADS_MAX;

	sigfillset(&all);
	ret = -pthread_sigmask(SIG_SETMASK, &all, &before);
	if (ret)
		return ret;

	while (!ret && populate->count < threads) {
		atomic_fetch_add(&populate->at_work, 1);
		ret = -pthread_create(&populate->threads[populate->count], NULL, work,
				      populate);
		if (ret)
			atomic_fetch_sub(&populate->at_work, 1);
		else
			populate->count++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);

	return populate->count ? 0 : ret;
}

static void release(struct populate *populate)
{
	if (populate->pagemap >= 0)
		close(populate->pagemap);
	free(populate);
}

int populate_start(pid_t pid, uintptr_t address, size_t bytes, unsigned int threads,
		   struct populate **ret_populate)
{
	struct populate *populate = calloc(1, sizeof(*populate));
	char path[PATH_SIZE_MAX];
	int ret;

	if (!populate)
		return -ENOMEM;

	populate->pid = pid;
	populate->address = address;
	populate->end = address + bytes;
	populate->page = (uintptr_t)sysconf(_SC_PAGESIZE);
	populate->began_ms = clock_ms();
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	populate->pagemap = open(path, O_RDONLY | O_CLOEXEC);

	ret = start_threads(populate, threads);
	if (ret) {
		release(populate);
		return ret;
	}

	*ret_populate = populate;
	return 0;
}

bool populate_is_done(struct populate *populate)
{
	return !atomic_load(&populate->at_work);
}

void populate_end(struct populate *populate, struct populate_outcome *ret_outcome)
{
	if (!populate_is_done(populate))
		give_up(populate, -ECANCELED);
	for (unsigned int i = 0; i < populate->count; i++)
		(void)pthread_join(populate->threads[i], NULL);

	*ret_outcome = (struct populate_outcome){
		.ret = atomic_load(&populate->ret),
		.threads = populate->count,
		.took_ms = (unsigned int)(atomic_load(&populate->ended_ms) -
					  populate->began_ms),
	};
	release(populate);
}

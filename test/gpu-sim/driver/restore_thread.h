/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The thread that does what other processes ask for: the restore thread.
 *
 * It sits in read() on its pipe, with all signals blocked, and has to work when
 * every other thread of the process is stopped, wherever that was. So whatever
 * it runs takes no lock of the application's or of libc's (malloc, stdio,
 * getenv) and uses no thread-local variable of this library, whose room libc
 * would have to allocate.
 */
#pragma once

#include <semaphore.h>

#include "channel.h"
#include "cleanup.h"

/* Do what is asked and fill in the answer, but for its id. */
typedef void restore_thread_serve(const struct request *request, struct answer *answer);

struct restore_thread {
	int requests[2]; /* both ends are kept, or a caller that comes or */
	int answers[2];	 /* goes would make or end the other end of a pipe */
	restore_thread_serve *serve;
	sem_t named;
};

/* clang-format off */
#define RESTORE_THREAD_NONE { .requests = { -1, -1 }, .answers = { -1, -1 } }
/* clang-format on */

/* Make the pipes and the thread; it has its name on return. Return: 0 or -errno. */
int restore_thread_start(struct restore_thread *thread,
			 restore_thread_serve *serve) must_check;

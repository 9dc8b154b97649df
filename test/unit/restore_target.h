/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process with three threads, held by ptrace as CRIU holds it, for one of them to be
 * let run.
 *
 * There is one at a time; it ends with the test. What its threads do is to be seen in
 * memory that they share with the test. ptrace() as a test puts it in place is not used
 * for any of this.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define THREADS	      3 /* the leader, the restore thread, another */
#define RESTORE	      1
#define ROUNDS	      100
#define A_WHILE_US    30000
#define BIT(signo)    (UINT64_C(1) << ((signo)-1))

/* What the threads do and what the test sees of it. */
struct shared {
	atomic_int ready;
	atomic_int tids[THREADS];
	atomic_ulong count[THREADS];
	atomic_int usr1, usr2, realtime, trap; /* handled */
	atomic_int leave;		       /* the restore thread ends */
	atomic_int word;		       /* the futex */
	atomic_long result;		       /* of the one system call */
	atomic_int error;		       /* of it */
	_Atomic uint64_t blocked;	       /* as the thread itself sees it */
};

extern struct shared *shared;
extern unsigned long count_before[THREADS];
extern pid_t target;

/* Once before all tests, and around each, for cmocka. */
int map_shared(void **state);
int no_target_yet(void **state);
int end_target(void **state);

/*
 * Start it, with @body in its restore thread, and stop all of its threads. With
 * @handles_trap a SIGTRAP is counted, and kills it without.
 */
void start_target(void (*body)(void), bool handles_trap);

/* Let go of all of its threads, and, in whatever process, stop them. */
void detach_all(void);
void seize_all(void);

pid_t restore_tid(void);

/* Wait until @claim holds; it must. */
void await(bool (*claim)(void));

/* For a body: count until "leave" says so. */
void body_count(void);

/* For a body: share the mask of the thread. */
void note_mask(void);

/* The counts now are those before... */
void note_counts(void);

/* ...and this one has grown. */
bool restore_thread_went_on(void);

uint64_t mask_of(pid_t tid);

/* A line of /proc/TID/status, as text. */
void read_status(pid_t tid, const char *key, char *value, size_t size);
char state_of(pid_t tid);

/* Stopped by us, with nothing more to be waited for, now and when it goes on. */
void assert_held(pid_t tid);
void assert_next_stop_is_a_system_call(pid_t tid);

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guardian, as a real process beside a pretend CRIU that ends in many ways. What it
 * does to a process is done by a stand-in for climb.c, and written down.
 *
 * The test must be the reaper of orphans (PR_SET_CHILD_SUBREAPER): the guardian is its
 * child in the end.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "guardian.h"
#include "offload.h"

#define PATIENCE_MS  5000
#define BUFFER_BYTES ((size_t)64 << 20)
#define PROGRAM	     "/nowhere/a-utility-of-this-test"
#define THREADS	     7	  /* that images are read by */
#define DROPPED	     4096 /* bytes of the debtor's memory */
#define IMAGE	     "cuda-memory-1.img"

/* What the stand-in does, in memory that the guardian shares. */
struct guardian_world {
	atomic_int brought; /* calls */
	atomic_int pid, goal;
	atomic_int failures;  /* so many calls fail first */
	atomic_int takes_ms;  /* each */
	atomic_int later_s;   /* what the clock is fast */
	atomic_char state;    /* of the process at the last call, as /proc has it */
	atomic_ulong counts;  /* of the debtor that counts */
	atomic_ulong buffers; /* that its restore thread has had */
	atomic_uint tripped;  /* so many CRIUs died with a tripwire set */

	atomic_bool is_marked; /* the debtor's memory, as not there */

	/* At the last call. */
	atomic_ulong offloaded; /* bytes that are to be put back */
	atomic_bool has_image;	/* what CRIU had open is open */
	atomic_bool writes_images;
	atomic_int image_dir, threads;
};

extern struct guardian_world *guardian_world;
extern pid_t debtor;

/* Around each test, for cmocka. */
int begin_guardian_world(void **state);
int end_guardian_world(void **state);

void sleep_ms(long ms);

/* A process that waits for its end. */
pid_t start_debtor(void);

/* The debtor is one that counts, and has a restore thread as the driver's. */
void use_cuda_debtor(void);

/* The same, and that thread asks for one populated buffer after the other. */
void use_mapping_debtor(void);

/* Be CRIU: owe the debtor @found, and then do @rest. */
pid_t start_criu(enum cuda_state found, void (*rest)(struct guardian *));

/* Be CRIU: owe the debtor and @second to be running, and end. */
void start_criu_with_two(pid_t second);

/* The rest. */
void wait_for_signal(struct guardian *guardian);
void just_end(struct guardian *guardian);
void pay_and_end(struct guardian *guardian);
void kill_debtor_and_end(struct guardian *guardian);
void drop_memory_and_end(struct guardian *guardian);
void write_image_and_end(struct guardian *guardian);
void put_memory_back_and_end(struct guardian *guardian);

/* It is there, in the end. */
pid_t find_guardian(void);

/* Reap all but the debtor, guardian included. */
void wait_for_end(void);

/* Has the guardian written a log? */
bool has_log(void);

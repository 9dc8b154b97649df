/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A restore thread that asks for a buffer as the driver does, or in other ways, and tells
 * what it got: a body for restore_target.h.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "restore_target.h"
#include "restore_thread.h"

#define MIB	     (UINT64_C(1) << 20)
#define BUFFER_BYTES (65 * MIB + 4096) /* neither begins nor ends with a huge page */
#define OUR_THREADS  3
#define CALLS_MAX    3
#define MEMORY_BYTES (4 * MIB)
#define KEPT	     3

/*
 * One system call, made by hand, and the registers right after it: in the order of its
 * arguments; some that no call changes; and of an mmap() what it got.
 */
struct made_call {
	uint64_t number;
	uint64_t arguments[6];
	int64_t result;
	uint64_t after[6];
	uint64_t scratch[2], scratch_expected[2]; /* what the instruction itself leaves */
	uint64_t kept[KEPT];
	size_t resident; /* pages */
	atomic_bool is_done;
	bool is_zero;
};

struct staged {
	atomic_int go;	 /* so many calls are to be made */
	atomic_int made; /* so many have been */
	struct tripwire tripwire;
	struct made_call calls[CALLS_MAX];
	struct timespec time; /* for a call */
	char got;	      /* by a call */
	char *memory;	      /* of the process's own, not zero; MEMORY_BYTES */
};

extern struct staged *staged;
extern struct restore_thread thread;

/* For cmocka: once; and around each test. */
int map_staged(void **state);
int no_mapping_yet(void **state);

/* The thread waits to be told, makes the calls, and counts. */
void body_map(void);

/* A call of the kind that the driver makes. */
extern const struct made_call buffer_call;

/* An order for OUR_THREADS. */
extern struct staging_order ours;

/* Start the target, with all to be made, and let its restore thread run. */
void start_staged(unsigned int threads);

/* Tend it until call @i has been made; it must be as was asked for. */
void tend_until_made(int i);
void assert_made_well(int i);

/* All of it is resident. */
void assert_populated(int i);
size_t pages_of(int i);

/* Kilobytes that are in huge pages. */
size_t huge_kb_of(int i);

/* May this machine's kernel give huge pages to who asks? */
bool machine_has_huge_pages(void);

/* What is known of the buffer is what call @i got; none if @i is negative. */
void assert_buffer_is_of(int i);

/* Stop it; all is as it was; then it goes on, and ends what it was about. */
void stop_well(void);
void go_on_and_end_well(int made);

/* Was it logged that the buffer was populated? */
bool says_populated(void);

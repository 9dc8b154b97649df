/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user's settings, from text to one struct.
 *
 * First options_init(), then the sources in rising order of rank: the environment's
 * list with options_parse_list(), then CRIU's argv with options_parse_argv(). Both
 * know the same keys, and the same values for them:
 *
 *   timeout=SECONDS            how long to wait for a process to lock
 *   operation-timeout=SECONDS  how long a checkpoint, restore or unlock may take
 *   cuda-checkpoint=PATH       the utility, by absolute path or by a name to look up
 *                              on PATH
 *   backend=NAME               auto or cuda-checkpoint, which are the same
 *   shared-memory=refuse|warn  what to do with processes that share GPU memory
 *   memory-check[=BOOL]        see that GPU memory has room in host memory
 *   memory-image[=BOOL|auto]   GPU memory goes into images of its own
 *   host-memory=SIZE           how much of it to have in host memory at once
 *   memory-compression=NAME    none or zstd, of these images
 *   memory-threads=NUMBER      by how many threads at most they are written and filled
 *                              from, up to CREW_HANDS_MAX
 *   parallel=NUMBER            on how many processes at most to work at once
 *   prefault[=BOOL]            populate the buffer of a checkpoint for the driver
 *   prefault-threads=NUMBER    by so many threads, for all processes together
 *   stats=PATH                 the file to which to add what it took, an absolute path
 *   force[=BOOL]               work without /proc/driver/nvidia/gpus
 *
 * Of a key that is given twice the last one counts. Pure: what is read is passed
 * in, nothing is kept. Does not log: the reason of a failure is text for the caller
 * to log.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

/* The option cuda-checkpoint, unless told; packages have it elsewhere (UTILITYDIR). */
#ifndef UTILITY
#define UTILITY "cuda-checkpoint"
#endif

/* Room for any reason, and its terminating zero. */
#define OPTIONS_REASON_MAX 512

/* Does GPU memory go into images of its own? */
enum options_memory_image {
	OPTIONS_MEMORY_IMAGE_AUTO, /* where that can be */
	OPTIONS_MEMORY_IMAGE_ON,
	OPTIONS_MEMORY_IMAGE_OFF,
};

/* Copied by plain assignment; there is nothing to release. */
struct options {
	bool lock_timeout_set;		   /* else it is CRIU's own that counts */
	unsigned int lock_timeout_ms;	   /* milliseconds; 0: no limit */
	unsigned int operation_timeout_ms; /* milliseconds; 0: no limit */
	char cuda_checkpoint[PATH_MAX];	   /* never empty */
	bool allow_shared_memory;	   /* warn, and go on */
	bool check_memory;
	enum options_memory_image memory_image;
	uint64_t host_memory;	     /* bytes; 0: not set */
	bool compress_memory;	     /* by zstd */
	unsigned int memory_threads; /* 0: not set */
	unsigned int parallel;	     /* 0: not set */
	bool prefault;
	unsigned int prefault_threads; /* 0: not set */
	char stats[PATH_MAX];	       /* empty: none */
	bool force;
};

/*
 * The defaults: no timeout of our own, UTILITY, shared memory refused, memory checked,
 * images of it where that can be, not compressed, host memory and threads for
 * them not set, parallel not set, prefault, by threads that are not set, no stats, no
 * force.
 */
void options_init(struct options *options);

/*
 * Take settings from @text, "KEY=VALUE,KEY=VALUE". White space around a key or a
 * value does not count, nor does an item of nothing else, so that a list may be
 * empty or end in a comma. A value cannot have a comma in it. NULL is an empty
 * list: a variable that is not set.
 *
 * Return: 0; -EINVAL for an unknown key, or a value that the key does not take or
 * that is missing; -ENOMEM. After an error @options are as before, and @ret_reason,
 * of @size bytes, is one line without a newline that names the key, the value and
 * what would be right.
 */
int options_parse_list(struct options *options, const char *text, char *ret_reason,
		       size_t size) must_check;

/*
 * Take settings from the @argv that criu_plugin_get_options() gives: argv[0] is a
 * name, not looked at; each of the others is "--PLUGIN.KEY=VALUE" or "--PLUGIN.KEY",
 * as the user wrote it after --plugin-option=. Options of other plugins are among
 * them and are passed over. One without "PLUGIN." is taken as ours. @argc may be 0.
 *
 * Return: as above, and -EINVAL too for a word that is not an option.
 */
int options_parse_argv(struct options *options, int argc, char *const argv[],
		       char *ret_reason, size_t size) must_check;

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Scope-bound cleanup for what cannot meaningfully fail, and the function
 * attributes that make contracts checkable.
 *
 * What can fail when it is undone (a thread stopped again, a process unlocked)
 * does not belong here: it is a checked call.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define must_check	    __attribute__((warn_unused_result))
#define printf_format(f, a) __attribute__((format(printf, f, a)))

/* void *p autofree = malloc(...); */
#define autofree __attribute__((cleanup(cleanup_free)))
/* int fd autoclose = open(...); a negative value is left alone */
#define autoclose __attribute__((cleanup(cleanup_close)))
/* FILE *f autofclose = fopen(...), only for reading: the result is ignored */
#define autofclose __attribute__((cleanup(cleanup_fclose)))
/* DIR *d autoclosedir = opendir(...); */
#define autoclosedir __attribute__((cleanup(cleanup_closedir)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

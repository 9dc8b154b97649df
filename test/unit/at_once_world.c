/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include "at_once_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "at_once.h"
#include "fake_libcuda.h"

#define PIDS_MAX  300
#define LINES_MAX 50

struct shared *shared;
void (*in_worker)(const struct arguments *arguments);

int reset(void **state)
{
	(void)state;
	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -1;

	memset(shared, 0, sizeof(*shared));
	in_worker = NULL;
	fake_libcuda_reset();
	return 0;
}

void has_cuda(const struct arguments *arguments)
{
	fake_libcuda.pid = arguments->pid;
}

struct outcome run_on(struct arguments arguments, const int *pids)
{
	int given[PIDS_MAX];
	struct outcome outcome;

	while (pids[arguments.pid_count]) {
		assert_true(arguments.pid_count < PIDS_MAX);
		given[arguments.pid_count] = pids[arguments.pid_count];
		arguments.pid_count++;
	}
	arguments.pids = given;

	capture_begin(&outcome.out, stdout);
	capture_begin(&outcome.err, stderr);
	outcome.ret = at_once_run(&arguments);
	capture_end(&outcome.err);
	capture_end(&outcome.out);
	return outcome;
}

struct outcome states_of(const int *pids)
{
	return run_on((struct arguments){ .operation = OPERATION_GET_STATE }, pids);
}

const int *pids_from(int first, unsigned int count)
{
	static int pids[PIDS_MAX + 1];

	assert_true(count <= PIDS_MAX);
	for (unsigned int i = 0; i < count; i++)
		pids[i] = first + (int)i;
	pids[count] = 0;
	return pids;
}

static int compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* @text with its lines sorted; to be freed. */
static char *sorted(const char *text)
{
	char *lines[LINES_MAX], *copy = strdup(text), *rest = copy;
	char *ret = malloc(strlen(text) + 2), *end = ret;
	size_t count = 0;

	assert_true(copy && ret);
	while (rest) {
		assert_true(count < LINES_MAX);
		lines[count++] = strsep(&rest, "\n");
	}
	qsort(lines, count, sizeof(lines[0]), compare);
	for (size_t i = 0; i < count; i++)
		end = stpcpy(stpcpy(end, lines[i]), "\n");

	free(copy);
	return ret;
}

void assert_lines(const char *got, const char *lines)
{
	char *got_sorted = sorted(got), *lines_sorted = sorted(lines);

	assert_string_equal(got_sorted, lines_sorted);
	free(got_sorted);
	free(lines_sorted);
}

void assert_outcome(const struct outcome *outcome, int ret, const char *out)
{
	assert_string_equal(outcome->err.text, "");
	assert_lines(outcome->out.text, out);
	assert_int_equal(outcome->ret, ret);
}

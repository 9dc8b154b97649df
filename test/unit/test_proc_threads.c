/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The restore thread, which is known by the name that the driver gives it.
 */
#include "proc.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc_child.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define THREADS_MAX   4

/* --- threads of this process -------------------------------------------------------- */

static struct named_thread {
	const char *name;
	pthread_t thread;
	pid_t tid;
} threads[THREADS_MAX];
static size_t count;
static pthread_barrier_t named, leave;

static void *named_thread(void *argument)
{
	struct named_thread *thread = argument;

	prctl(PR_SET_NAME, thread->name);
	thread->tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&named);
	pthread_barrier_wait(&leave);

	return NULL;
}

/* Threads of the @wanted first @names, up to a NULL; to be ended. */
static void start_threads(const char *const *names, size_t wanted)
{
	for (count = 0; count < wanted && names[count];)
		count++;
	pthread_barrier_init(&named, NULL, (unsigned int)count + 1);
	pthread_barrier_init(&leave, NULL, (unsigned int)count + 1);

	for (size_t i = 0; i < count; i++) {
		threads[i].name = names[i];
		assert_int_equal(pthread_create(&threads[i].thread, NULL, named_thread,
						&threads[i]),
				 0);
	}
	pthread_barrier_wait(&named);
}

static void end_threads(void)
{
	pthread_barrier_wait(&leave);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i].thread, NULL);
	pthread_barrier_destroy(&named);
	pthread_barrier_destroy(&leave);
}

/* --- a name that may be the driver's --------------------------------------------------
 */

static const struct {
	const char *name;
	bool has;
} names[] = {
	{ "cuda00001400006", true },
	{ "cuda0", true },
	{ "cudadeadbeef", true },
	{ "cuda", false },
	{ "cuda-EvtHandlr", false },
	{ "cuda0g", false },
	{ "cuda 0", false },
	{ "xcuda0", false },
	{ "CUDA0", false },
	{ "cudA0", false },
	{ "", false },
	{ "cuda0000 (0)", false },
};

static void only_the_drivers_name_makes_a_restore_thread(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		bool has = !names[i].has;
		pid_t tid = UNTOUCHED, expected;
		int ret, find_ret;

		start_threads(&names[i].name, 1);
		expected = names[i].has ? threads[0].tid : 0;
		ret = proc_has_restore_thread(getpid(), &has);
		find_ret = proc_find_restore_thread(getpid(), &tid);
		end_threads();

		assert_int_equal(ret, 0);
		assert_int_equal(find_ret, 0);
		if (has != names[i].has || tid != expected)
			fail_msg("\"%s\": %d, %d", names[i].name, has, tid);
	}
}

/* --- one that is beyond doubt
 * ----------------------------------------------------------- */

static const struct {
	const char *names[THREADS_MAX];
	int sole; /* which of them; -1: none is */
} groups[] = {
	{ { NULL }, -1 },
	{ { "python" }, -1 },
	{ { "cuda00001400006" }, 0 },
	{ { "cudadeadbeefcaf" }, 0 },
	{ { "cuda0" }, -1 },
	{ { "cuda0000140000" }, -1 },
	{ { "cuda0000140000g" }, -1 },
	{ { "cuda0000140000G" }, -1 },
	{ { "cuda0000140000 " }, -1 },
	{ { "xcuda0000140000" }, -1 },
	{ { "cuda-EvtHandlr1" }, -1 },
	{ { "CUDA00001400006" }, -1 },
	/* The kernel cuts the name. */
	{ { "cuda000014000061234" }, 0 },
	{ { "cuda-EvtHandlr", "cuda0", "cuda00001400006", "python" }, 2 },
	{ { "cuda00001400006", "cuda0" }, 0 },
	{ { "cuda00001400006", "cuda00001400006" }, -1 },
	{ { "cuda00001400006", "a", "cuda0000140000f" }, -1 },
	{ { "cuda00000000001", "cuda00000000002", "cuda00000000003" }, -1 },
};

static void sole_thread_with_a_whole_name_is_the_drivers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		const int sole = groups[i].sole;
		pid_t tid;

		start_threads(groups[i].names, THREADS_MAX);
		tid = proc_sole_restore_thread(getpid());
		end_threads();

		if (tid != (sole < 0 ? 0 : threads[sole].tid))
			fail_msg("group %zu: %d", i, tid);
	}
}

static void *wait_for_ever(void *name)
{
	prctl(PR_SET_NAME, name);
	for (;;)
		pause();

	return NULL;
}

static void start_restore_thread(void)
{
	static char name[] = "cuda00001400006";
	pthread_t thread;
	pid_t tid = 0;

	if (pthread_create(&thread, NULL, wait_for_ever, name))
		_exit(1);
	while (!tid)
		tid = proc_sole_restore_thread(getpid());
}

static void it_is_seen_in_another_process_which_may_be_stopped(void **state)
{
	pid_t tid;

	(void)state;
	start_child(start_restore_thread);

	tid = proc_sole_restore_thread(child);
	kill(child, SIGSTOP);
	assert_int_equal(waitpid(child, NULL, WUNTRACED), child);

	assert_int_not_equal(tid, 0);
	assert_int_not_equal(tid, child);
	assert_true(proc_has_thread(child, tid));
	assert_int_equal(proc_sole_restore_thread(child), tid);
}

static void process_that_is_gone_has_none(void **state)
{
	const pid_t nobodies[] = { 0, -1, INT32_MAX };

	(void)state;
	assert_int_equal(proc_sole_restore_thread(start_zombie()), 0);
	for (size_t i = 0; i < ARRAY_SIZE(nobodies); i++)
		assert_int_equal(proc_sole_restore_thread(nobodies[i]), 0);
}

/* --- threads that cannot be seen
 * ------------------------------------------------------------ */

static const char *unreadable; /* what cannot be opened: the end of its path */
static int error;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (!unreadable || !strstr(path, unreadable))
		return __real_fopen(path, mode);

	errno = error;
	return NULL;
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
	if (!unreadable || !strstr(path, unreadable))
		return __real_opendir(path);

	errno = error;
	return NULL;
}

static void none_is_beyond_doubt_where_threads_cannot_be_seen(void **state)
{
	static const char *const paths[] = { "/task", "/comm" };
	pid_t tid = UNTOUCHED;

	(void)state;
	start_child(start_restore_thread);
	error = EMFILE;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		unreadable = paths[i];

		assert_int_equal(proc_sole_restore_thread(child), 0);
		assert_int_equal(proc_find_restore_thread(child, &tid), -EMFILE);
		assert_int_equal(tid, UNTOUCHED);
	}
}

/* A thread that has ended since it was listed. */
static void thread_that_ends_meanwhile_does_not_count(void **state)
{
	pid_t tid = UNTOUCHED;

	(void)state;
	start_child(start_restore_thread);
	unreadable = "/comm";
	error = ESRCH;

	assert_int_equal(proc_sole_restore_thread(child), 0);
	assert_int_equal(proc_find_restore_thread(child, &tid), 0);
	assert_int_equal(tid, 0);
}

static int set_up(void **state)
{
	unreadable = NULL;

	return no_child_yet(state);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, end_child)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_the_drivers_name_makes_a_restore_thread),
		CASE(sole_thread_with_a_whole_name_is_the_drivers),
		CASE(it_is_seen_in_another_process_which_may_be_stopped),
		CASE(process_that_is_gone_has_none),
		CASE(none_is_beyond_doubt_where_threads_cannot_be_seen),
		CASE(thread_that_ends_meanwhile_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

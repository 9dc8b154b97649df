/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRIU is killed while the restore thread makes a system call of ours: the guardian gives
 * it back its registers, and the process sees nothing of it.
 */
#include "settle.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guardian_world.h"
#include "proc.h"
#include "restore_thread.h"

#define STOPS_MAX 8

/* In which stop of the thread CRIU dies; at the latest when there is nothing more. */
static int stops;

static void seize(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)PTRACE_O_TRACESYSGOOD) < 0 ||
	    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 ||
	    waitpid(tid, &status, __WALL) != tid)
		_exit(1);
}

/* Be CRIU in a checkpoint. */
static void die_in_checkpoint(struct guardian *guardian)
{
	struct debt *debt = &guardian->ledger->debts[0];
	const struct staging_order order = { .threads = 2, .tripwire = &debt->tripwire };
	struct restore_thread thread;

	seize(debtor);
	seize(debt->restore_tid);
	if (restore_thread_run(debtor, debt->restore_tid, &order, &thread))
		_exit(2);

	for (int seen = 0; seen < stops && staging_wants_system_calls(thread.staging);) {
		siginfo_t info = { .si_pid = 0 };

		if (waitid(P_PID, (id_t)debt->restore_tid, &info,
			   WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
			_exit(3);
		seen += info.si_pid != 0;
		/* Each stop is counted before it is seen to. */
		if ((info.si_pid || thread.halt) && restore_thread_tend(&thread))
			_exit(4);
	}

	sleep_ms(2);
	atomic_fetch_add(&guardian_world->tripped, atomic_load(&debt->tripwire.is_set));
	kill(getpid(), SIGKILL);
}

static void assert_goes_on(void)
{
	const unsigned long counts = atomic_load(&guardian_world->counts);
	const unsigned long buffers = atomic_load(&guardian_world->buffers);

	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		if (atomic_load(&guardian_world->counts) > counts + 2 &&
		    atomic_load(&guardian_world->buffers) > buffers + 2)
			return;
		sleep_ms(10);
	}
	fail_msg("in stop %d: it does not go on", stops);
}

static void process_goes_on_whenever_criu_dies(void **state)
{
	unsigned int tripped = 0;

	for (stops = 0; stops <= STOPS_MAX; stops++) {
		pid_t tid;

		assert_int_equal(begin_guardian_world(state), 0);
		use_mapping_debtor();

		start_criu(CUDA_RUNNING, die_in_checkpoint);
		wait_for_end();

		assert_int_equal(atomic_load(&guardian_world->brought), 1);
		assert_int_equal(atomic_load(&guardian_world->state), 't');
		assert_goes_on();
		assert_int_equal(proc_find_restore_thread(debtor, &tid), 0);
		assert_false(restore_thread_is_abandoned(tid));
		tripped += atomic_load(&guardian_world->tripped);
		assert_int_equal(end_guardian_world(state), 0);
	}
	assert_true(tripped >= 2);
}

static void stop_of_somebody_else_stays(void **state)
{
	unsigned long counts;

	(void)state;
	use_mapping_debtor();
	kill(debtor, SIGSTOP);
	start_criu(CUDA_RUNNING, just_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
	counts = atomic_load(&guardian_world->counts);
	sleep_ms(100);
	assert_int_equal(atomic_load(&guardian_world->counts), counts);
	kill(debtor, SIGCONT);
	assert_goes_on();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_goes_on_whenever_criu_dies),
		cmocka_unit_test_setup_teardown(stop_of_somebody_else_stays,
						begin_guardian_world, end_guardian_world),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

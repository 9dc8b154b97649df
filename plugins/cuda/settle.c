/* SPDX-License-Identifier: GPL-2.0-only */
#include "settle.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cuda_process.h"
#include "life.h"
#include "log.h"
#include "proc.h"
#include "restore_thread.h"

#define LOOK_MS	    50		 /* between looks at a process that must wait */
#define PATIENCE_MS (10 * 60000) /* for one process, all in all */

static bool is_stopped(pid_t pid)
{
	bool stopped;

	return !proc_is_stopped(pid, &stopped) && stopped;
}

/*
 * A process is left alone as long as it may yet end by itself (CRIU has killed it), it is
 * stopped (as CRIU leaves it with --leave-stopped) and answers nobody, a utility is at
 * work on it, or somebody traces it.
 */
static bool is_to_be_left_alone(const struct debt *debt, const struct tool *tool)
{
	pid_t tracer;

	return life_is_ending(debt->pid) || is_stopped(debt->pid) ||
	       proc_is_worked_on(debt->pid, tool->program) ||
	       proc_tracer(debt->pid, &tracer) || tracer;
}

/* CRIU may have died while the restore thread ran with its signals blocked. */
static void put_back_signals(const struct debt *debt)
{
	if (debt->restore_tid && restore_thread_is_abandoned(debt->restore_tid) &&
	    restore_thread_put_back(debt->restore_tid, debt->signal_mask))
		pr_warn("pid %d: its restore thread keeps its signals blocked; it "
			"works on all the same\n",
			debt->pid);
}

/* Try once. Return: 0 when nothing is owed any more; else it is to be tried again. */
static int settle_once(const struct debt *debt, const struct tool *tool)
{
	struct cuda_process process = { .pid = debt->pid, .found = debt->found };
	int ret;

	if (!life_goes_on(debt->pid, debt->start))
		return 0;
	if (is_to_be_left_alone(debt, tool))
		return -EAGAIN;

	/* CRIU sends its tasks SIGKILL and then ends: that must have had time to strike.
	 */
	clock_sleep_ms(LOOK_MS);
	if (life_is_ending(debt->pid) || !life_goes_on(debt->pid, debt->start))
		return -EAGAIN;

	put_back_signals(debt);
	ret = cuda_process_bring(tool, &process, debt->found);
	if (!ret)
		pr_warn("pid %d: CRIU did not bring it back; done now, it is %s\n",
			debt->pid, cuda_state_name(debt->found));

	return ret;
}

static void give_up(const struct debt *debt)
{
	pr_err("pid %d: giving up; it is not %s, as it was found: cuda-checkpoint "
	       "--get-state --pid %d says where it is, --action restore and unlock "
	       "bring it back\n",
	       debt->pid, cuda_state_name(debt->found), debt->pid);
}

static void settle(struct debt *debt, const struct tool *tool)
{
	int64_t end = clock_ms() + PATIENCE_MS;

	while (settle_once(debt, tool)) {
		/* A stopped process has all the time until it is continued. */
		if (is_stopped(debt->pid))
			end = clock_ms() + PATIENCE_MS;
		if (clock_ms() > end) {
			give_up(debt);
			return;
		}
		/* Utilities that were left at work. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		clock_sleep_ms(LOOK_MS);
	}

	atomic_store(&debt->is_open, false);
}

/* Return: is there a process that sees to it? */
static bool settle_beside(struct debt *debt, const struct tool *tool)
{
	const pid_t child = fork();

	if (child == 0) {
		settle(debt, tool);
		_exit(EXIT_SUCCESS);
	}

	return child > 0;
}

static void wait_for_children(void)
{
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

void settle_all(struct ledger *ledger, const struct tool *tool)
{
	const size_t count = atomic_load(&ledger->count);
	const struct tool patient = {
		.program = tool->program,
		.operation_timeout_ms = PATIENCE_MS,
	};

	for (size_t i = 0; i < count; i++) {
		struct debt *debt = &ledger->debts[i];

		debt->is_in_hand =
			!atomic_load(&debt->is_open) || settle_beside(debt, &patient);
	}
	wait_for_children();

	/* Where there could be no other process it takes longer. */
	for (size_t i = 0; i < count; i++)
		if (!ledger->debts[i].is_in_hand)
			settle(&ledger->debts[i], &patient);
}

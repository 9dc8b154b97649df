/* SPDX-License-Identifier: GPL-2.0-only */
#include "settle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "at_work.h"
#include "climb.h"
#include "clock.h"
#include "hold.h"
#include "life.h"
#include "log.h"
#include "offload.h"
#include "proc.h"
#include "restore_thread.h"
#include "tripwire.h"

#define LOOK_MS	     50		  /* between looks at a process that must wait */
#define PAUSE_MAX_MS 5000	  /* between attempts that fail */
#define PATIENCE_MS  (10 * 60000) /* for one process, all in all */
#define HOLD_S	     10		  /* after which the kernel is stuck with it */
#define LIVES	     5		  /* of a process that sees to one debt */

static bool is_stopped(pid_t pid)
{
	bool stopped;

	return !proc_is_stopped(pid, &stopped) && stopped;
}

/* One debt, on its way to be paid. */
struct settlement {
	struct debt *debt;
	const struct tool *tool;
	int turn; /* a file to be locked by who goes alone; negative: there is none */
	struct hold hold;
	bool is_held; /* all threads but the restore thread, or all */
	bool is_all_held;
};

/*
 * CRIU had it frozen, and it must not run before it is where it was found. Its restore
 * thread may be at work, for a utility that outlives CRIU. What cannot be held is brought
 * back all the same, when it runs.
 */
static void hold(struct settlement *settlement)
{
	const struct debt *debt = settlement->debt;

	if (settlement->is_held || !atomic_load(&debt->is_frozen) || !debt->restore_tid)
		return;

	/*
	 * An execve() of one of its threads and the attaching to another can wait for
	 * each other for ever: only the end of this process helps then. There is a next
	 * one.
	 */
	alarm(HOLD_S);
	settlement->is_held =
		hold_process(debt->pid, debt->restore_tid, &settlement->hold) == 0;
	alarm(0);
}

/*
 * CRIU may have died while the restore thread had registers that were not its own: it has
 * stopped then, and its process with it.
 *
 * Return: 0 if it has its own; -EAGAIN as long as that is to be waited for; another
 * -errno, logged.
 */
static int put_back_registers(struct debt *debt)
{
	int ret;

	if (!atomic_load(&debt->tripwire.is_set))
		return 0;

	alarm(HOLD_S);
	ret = tripwire_mend(&debt->tripwire);
	alarm(0);
	if (ret && ret != -EAGAIN)
		pr_warn("pid %d: cannot give its restore thread its registers back: "
			"%s; trying again\n",
			debt->pid, strerror(-ret));

	return ret;
}

static bool is_left_stopped(const struct settlement *settlement)
{
	return !settlement->is_held && is_stopped(settlement->debt->pid);
}

/*
 * A process is left alone as long as it may yet end by itself (CRIU has killed it), a
 * utility is at work on it, or somebody else traces it; and one that could not be held
 * and is stopped, since it answers nobody.
 */
static bool is_to_be_left_alone(const struct settlement *settlement)
{
	const pid_t pid = settlement->debt->pid;
	pid_t tracer;

	return life_is_ending(pid) || is_left_stopped(settlement) ||
	       at_work_on(pid, settlement->tool->program) || proc_tracer(pid, &tracer) ||
	       (tracer && !settlement->is_held);
}

/* CRIU may have died while the restore thread ran with its signals blocked. */
static void put_back_signals(const struct debt *debt)
{
	if (restore_thread_is_abandoned(debt->restore_tid) &&
	    restore_thread_put_back(debt->restore_tid, debt->signal_mask))
		pr_warn("pid %d: its restore thread keeps its signals blocked; it "
			"works on all the same\n",
			debt->pid);
}

/* Nobody is at work any more: its last thread, for the whole to be as under CRIU. */
static int hold_the_rest(struct settlement *settlement)
{
	int ret;

	if (!settlement->is_held || settlement->is_all_held)
		return 0;

	ret = hold_thread(&settlement->hold, settlement->debt->restore_tid);
	if (ret)
		return ret;

	put_back_signals(settlement->debt);
	settlement->is_all_held = true;
	return 0;
}

/*
 * Those that go alone take turns, and those whose memory is to come back, for which there
 * need not be room for all together: by a lock that ends with the process which has it.
 * Without one they go all the same.
 */
static void take_turn(const struct settlement *settlement, short type)
{
	struct flock turn = { .l_type = type, .l_whence = SEEK_SET };

	(void)fcntl(settlement->turn, F_SETLKW, &turn);
}

/* What CRIU had open of its image is open here: the name may be gone by now. */
static void take_image(const struct settlement *settlement, struct cuda_process *process)
{
	const int fd = settlement->debt->image;

	if (fd && process->is_offloaded && !process->image &&
	    offload_take_image(settlement->tool->offload, process, fd))
		pr_warn("pid %d: trying the name of its image\n", process->pid);
}

static int bring_back(const struct settlement *settlement, struct cuda_process *process)
{
	const struct debt *debt = settlement->debt;
	const bool takes_turn = debt->goes_alone || process->is_offloaded;
	int ret;

	if (takes_turn)
		take_turn(settlement, F_WRLCK);
	ret = climb_to(settlement->tool, &process, 1, debt->found);
	if (takes_turn)
		take_turn(settlement, F_UNLCK);

	return ret;
}

/* Try once. Return: 0 when nothing is owed any more; else it is to be tried again. */
static int settle_once(struct settlement *settlement)
{
	struct debt *debt = settlement->debt;
	struct cuda_process process = {
		.pid = debt->pid,
		.found = debt->found,
		.debt = debt,
		.buffer = debt->buffer,
		.is_offloaded = atomic_load(&debt->is_offloaded),
	};
	struct cuda_process *const one = &process;
	int ret;

	if (!life_goes_on(debt->pid, debt->start))
		return 0;
	if (life_is_ending(debt->pid))
		return -EAGAIN;

	hold(settlement);
	/* A thread of CRIU's may still be writing to its memory. */
	if (!life_is_over(debt->criu, debt->criu_start))
		return -EAGAIN;
	ret = put_back_registers(settlement->debt);
	if (ret)
		return ret;
	if (is_to_be_left_alone(settlement))
		return -EAGAIN;

	/* CRIU sends its tasks SIGKILL and then ends: that must have had time to strike.
	 */
	clock_sleep_ms(LOOK_MS);
	if (life_is_ending(debt->pid) || !life_goes_on(debt->pid, debt->start) ||
	    is_to_be_left_alone(settlement))
		return -EAGAIN;

	ret = hold_the_rest(settlement);
	/* CRIU may have died before it had looked for the memory of a restored one. */
	if (!ret && !process.is_offloaded)
		ret = offload_find(settlement->tool->offload, &one, 1);
	if (!ret) {
		take_image(settlement, one);
		ret = bring_back(settlement, one);
		offload_close(&one, 1);
		/* After a failure its last thread may run: see to it again. */
		settlement->is_all_held &= !ret;
	}
	if (ret == -ENODATA)
		return 0;
	if (!ret)
		pr_warn("pid %d: CRIU did not bring it back; done now, it is %s\n",
			debt->pid, cuda_state_name(debt->found));

	return ret;
}

static void give_up(const struct debt *debt)
{
	if (atomic_load(&debt->is_offloaded))
		pr_err("pid %d: giving up; its GPU memory is in cuda-memory-%d.img, and "
		       "could not be put back: by hand, the driver would restore zeros\n",
		       debt->pid, debt->buffer.image_pid);
	else if (atomic_load(&debt->tripwire.is_set))
		pr_err("pid %d: giving up; its restore thread %d has registers that are "
		       "not its own: to continue it by hand would crash it\n",
		       debt->pid, debt->tripwire.tid);
	else
		pr_err("pid %d: giving up; it is not %s, as it was found: "
		       "cuda-checkpoint --get-state --pid %d says where it is, --action "
		       "restore and unlock bring it back\n",
		       debt->pid, cuda_state_name(debt->found), debt->pid);
}

static void settle(struct debt *debt, const struct tool *tool, int turn)
{
	struct settlement settlement = { .debt = debt, .tool = tool, .turn = turn };
	int64_t end = clock_ms() + PATIENCE_MS;
	long pause_ms = LOOK_MS;
	int ret;

	while ((ret = settle_once(&settlement))) {
		/* A stopped process has all the time until it is continued. */
		if (is_left_stopped(&settlement))
			end = clock_ms() + PATIENCE_MS;
		if (clock_ms() > end)
			break;
		/* What failed, and was logged, need not be tried too often. */
		if (ret != -EAGAIN && pause_ms < PAUSE_MAX_MS)
			pause_ms *= 2;
		clock_sleep_ms(pause_ms);
	}

	hold_release(&settlement.hold);
	if (ret)
		give_up(debt);
	else
		atomic_store(&debt->is_open, false);
}

/* Return: is there a process that sees to it? */
static bool settle_beside(struct debt *debt, const struct tool *tool, int turn)
{
	const pid_t child = fork();

	if (child == 0) {
		settle(debt, tool, turn);
		_exit(EXIT_SUCCESS);
	}

	if (child < 0)
		return false;

	debt->keeper = child;
	return true;
}

static struct debt *debt_of(struct ledger *ledger, pid_t keeper)
{
	for (size_t i = 0; i < atomic_load(&ledger->count); i++)
		if (ledger->debts[i].keeper == keeper)
			return &ledger->debts[i];

	return NULL;
}

/* One that was killed has a successor, a few times. */
static void wait_for_children(struct ledger *ledger, const struct tool *tool, int turn)
{
	unsigned int killed = 0;
	int status;
	pid_t child;

	while ((child = waitpid(-1, &status, 0)) > 0 || errno == EINTR) {
		struct debt *debt = child > 0 ? debt_of(ledger, child) : NULL;

		if (!debt || !WIFSIGNALED(status) || !atomic_load(&debt->is_open))
			continue;
		if (++killed > LIVES * atomic_load(&ledger->count) ||
		    !settle_beside(debt, tool, turn))
			give_up(debt);
	}
}

void settle_all(struct ledger *ledger, const struct tool *tool)
{
	const size_t count = atomic_load(&ledger->count);
	const int turn = memfd_create("turn", MFD_CLOEXEC);
	const struct tool patient = {
		.program = tool->program,
		.operation_timeout_ms = PATIENCE_MS,
		.offload = tool->offload,
	};

	for (size_t i = 0; i < count; i++)
		if (atomic_load(&ledger->debts[i].is_open))
			(void)settle_beside(&ledger->debts[i], &patient, turn);
	wait_for_children(ledger, &patient, turn);

	/* Where there could be no other process it takes longer. */
	for (size_t i = 0; i < count; i++)
		if (atomic_load(&ledger->debts[i].is_open) && !ledger->debts[i].keeper)
			settle(&ledger->debts[i], &patient, turn);
	if (turn >= 0)
		close(turn);
}

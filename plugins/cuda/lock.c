/* SPDX-License-Identifier: GPL-2.0-only */
#include "lock.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>

#include "clock.h"
#include "log.h"
#include "proc.h"
#include "team.h"

#define REFUSED		  1 /* beside 0 and errors: one is at work */
#define TRIES_TO_TELL	  100
#define REFUSALS_TO_LEARN 3 /* from one time that it is asked by itself to the next */

enum pace {
	QUICK,
	SLOW,
};

struct member {
	struct cuda_process *process;
	enum pace pace;
	unsigned int need_ms; /* that its own work took; of a slow one */
	unsigned int refusals;
	bool is_refused; /* in the last try */
};

struct locking {
	const struct tool *tool;
	struct member *members;
	struct cuda_process **chosen; /* those of the try; the memory is the caller's */
	size_t count;
	int64_t deadline; /* 0: none */
	unsigned int tries;
	unsigned int slow_refusals;
	unsigned int tries_around; /* since the slow ones are held */
	unsigned int overhead_ms;  /* of each run of the utility; 0: not known */
	bool time_is_up;	   /* the last try was the last */
};

/* --- time --------------------------------------------------------------------------- */

static bool is_over(const struct locking *lock)
{
	return lock->deadline && clock_ms() >= lock->deadline;
}

/* @ms, or what is left if that is less; 0 is for ever. */
static unsigned int at_most(const struct locking *lock, unsigned int ms)
{
	const unsigned int left = clock_left_ms(lock->deadline);

	return ms && (!left || ms < left) ? ms : left;
}

static void pause_at_random(void)
{
	unsigned char number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (unsigned char)clock_ms();
	clock_sleep_ms(number % (LOCK_PAUSE_MAX_MS + 1));
}

/* --- one try ------------------------------------------------------------------------ */

static struct member *member_of(const struct locking *lock,
				const struct cuda_process *process)
{
	for (size_t i = 0; i < lock->count; i++)
		if (lock->members[i].process == process)
			return &lock->members[i];

	return NULL;
}

/* A lock or an unlock that had nothing to wait for takes as long as starting a program.
 */
static void learn_overhead(struct locking *lock, const struct team *team)
{
	for (size_t i = 0; i < team->count; i++) {
		const unsigned int took_ms = team->targets[i].took_ms;

		if (!team->targets[i].ret &&
		    (!lock->overhead_ms || took_ms < lock->overhead_ms))
			lock->overhead_ms = took_ms;
	}
}

/* The utility may have found it dead sooner than its watch did. */
static void pass_over_dead(const struct team *team)
{
	for (size_t i = 0; i < team->count; i++) {
		struct operation_target *target = &team->targets[i];

		if (target->ret && !operation_is_refused(target) &&
		    proc_is_gone(target->pid))
			target->ret = team->processes[i]->ret = -ESRCH;
	}
}

/* What came of it for one. Return: 0, REFUSED or -errno. */
static int judge(struct locking *lock, const struct operation_target *target,
		 struct cuda_process *process)
{
	if (!target->ret || target->ret == -ESRCH)
		return 0; /* it is locked, or has ended */
	if (!operation_is_refused(target))
		return target->ret;

	if (lock->time_is_up)
		tool_log_refusal(target, lock->tries);
	member_of(lock, process)->is_refused = true;
	return REFUSED;
}

/*
 * Lock the first @count of the chosen at once, in @slot_ms; 0: in all the time that is
 * left. Return: 0, REFUSED or the first -errno.
 */
static int try(struct locking *lock, size_t count, unsigned int slot_ms)
{
	struct team team;
	int ret = 0, one;

	if (!count)
		return 0;
	if (team_init(&team, lock->chosen, count, TEAM_ANSWERS, 0))
		return -ENOMEM;

	tool_try_lock(lock->tool, at_most(lock, slot_ms), team.targets, count);
	team_note_action(&team, CUDA_LOCK);
	pass_over_dead(&team);
	lock->time_is_up = !slot_ms || is_over(lock);
	for (size_t i = 0; i < count; i++) {
		one = judge(lock, &team.targets[i], lock->chosen[i]);
		lock->chosen[i]->lock_tries = lock->tries;
		ret = ret < 0 || one == 0 ? ret : one;
	}
	team_release(&team);
	return ret;
}

/* Choose those of that pace that still run. */
static size_t choose(struct locking *lock, enum pace pace)
{
	size_t chosen = 0;

	for (size_t i = 0; i < lock->count; i++) {
		const struct member *member = &lock->members[i];

		if (member->process->rung == CUDA_RUNNING &&
		    member->process->ret != -ESRCH && member->pace == pace)
			lock->chosen[chosen++] = member->process;
	}

	return chosen;
}

/* --- letting go --------------------------------------------------------------------- */

/* Let go of those that are locked, up to @pace: the quick ones, or the slow ones too. */
static int let_go(struct locking *lock, enum pace pace)
{
	size_t chosen = 0;
	struct team team;
	int ret = 0;

	for (size_t i = 0; i < lock->count; i++) {
		const struct member *member = &lock->members[i];

		if (member->process->rung == CUDA_LOCKED &&
		    member->process->rung_is_certain && member->pace <= pace)
			lock->chosen[chosen++] = member->process;
	}
	if (!chosen)
		return 0;
	if (team_init(&team, lock->chosen, chosen, TEAM_OPERATES,
		      lock->tool->operation_timeout_ms))
		return -ENOMEM;

	tool_act(lock->tool, CUDA_UNLOCK, 0, team.targets, chosen);
	team_note_action(&team, CUDA_UNLOCK);
	pass_over_dead(&team);
	learn_overhead(lock, &team);
	for (size_t i = 0; !ret && i < chosen; i++)
		/* One that has ended holds nobody up. */
		ret = lock->chosen[i]->ret == -ESRCH ? 0 : lock->chosen[i]->ret;
	team_release(&team);
	return ret;
}

/* --- what one needs ----------------------------------------------------------------- */

static size_t count_slow(const struct locking *lock)
{
	size_t count = 0;

	for (size_t i = 0; i < lock->count; i++)
		count += lock->members[i].pace == SLOW;

	return count;
}

/* Ask @member by itself; all others run. It is locked then. */
static int learn_need(struct locking *lock, struct member *member, bool is_slow)
{
	unsigned int took_ms;
	int ret;

	ret = let_go(lock, SLOW);
	if (ret)
		return ret;

	lock->tries++;
	lock->chosen[0] = member->process;
	ret = try(lock, 1, 0);
	if (ret || member->process->ret)
		return ret;

	took_ms = member->process->steps[CUDA_LOCK].took_ms;
	took_ms -= took_ms > lock->overhead_ms ? lock->overhead_ms : took_ms;
	if (is_slow || took_ms > LOCK_SLOT_MS) {
		member->pace = SLOW;
		member->need_ms = took_ms;
	}

	return 0;
}

/* Not at each refusal: it takes time in which the others may agree. */
static bool is_to_be_asked(const struct member *member)
{
	return member->pace == QUICK && member->refusals % REFUSALS_TO_LEARN == 1;
}

/*
 * Learn from those that were refused. @are_slow: they are to be locked with the slow ones
 * from now on. If there is one slow one alone, and it has just been asked, it is held;
 * else nothing is locked any more.
 */
static int learn(struct locking *lock, bool are_slow)
{
	const struct member *last = NULL;

	for (size_t i = 0; i < lock->count; i++) {
		struct member *member = &lock->members[i];
		int ret;

		if (!member->is_refused)
			continue;
		member->is_refused = false;
		member->refusals++;
		if (!is_to_be_asked(member) && !(are_slow && member->pace == QUICK))
			continue;

		ret = learn_need(lock, member, are_slow);
		if (ret)
			return ret;
		last = member;
	}

	if (last && last->pace == SLOW && count_slow(lock) == 1)
		return 0;

	return let_go(lock, SLOW);
}

/* --- all of them -------------------------------------------------------------------- */

/*
 * Twice what the slowest one needs, so that a kernel begun late has its time; and twice
 * that after each two refusals, since it may have been asked at the end of one.
 */
static unsigned int slot_for_slow(const struct locking *lock)
{
	unsigned int need_ms = LOCK_SLOT_MS / 2, doublings = 1 + lock->slow_refusals / 2;

	for (size_t i = 0; i < lock->count; i++)
		if (lock->members[i].need_ms > need_ms)
			need_ms = lock->members[i].need_ms;

	while (doublings-- && need_ms < UINT_MAX / 2)
		need_ms *= 2;

	return need_ms;
}

/* The slow ones, then the others around them. */
static int try_all(struct locking *lock, bool *ret_slow_are_held)
{
	int ret;

	lock->tries++;
	for (size_t i = 0; i < lock->count; i++)
		lock->members[i].is_refused = false;

	ret = try(lock, choose(lock, SLOW), slot_for_slow(lock));
	*ret_slow_are_held = !ret;
	lock->slow_refusals += ret == REFUSED;
	return ret ? ret : try(lock, choose(lock, QUICK), LOCK_SLOT_MS);
}

/* After a try in which one was refused. Return: 0 to go on; REFUSED if it is over. */
static int prepare_next(struct locking *lock, bool slow_are_held)
{
	bool around = slow_are_held && count_slow(lock);
	int ret;

	if (lock->time_is_up)
		return REFUSED;
	if (lock->tries % TRIES_TO_TELL == 0)
		pr_info("%zu CUDA processes are at work, or wait for each other: not "
			"locked in %u tries, trying on\n",
			lock->count, lock->tries);

	if (around && ++lock->tries_around < LOCK_TRIES_AROUND) {
		ret = let_go(lock, QUICK);
	} else {
		lock->tries_around = 0;
		ret = learn(lock, around);
	}
	pause_at_random();
	return ret;
}

static int lock_all(struct locking *lock)
{
	bool slow_are_held;
	int ret;

	if (lock->count == 1) {
		lock->tries = 1;
		lock->chosen[0] = lock->members[0].process;
		return try(lock, 1, 0);
	}

	for (;;) {
		ret = try_all(lock, &slow_are_held);
		if (ret != REFUSED)
			return ret;
		ret = prepare_next(lock, slow_are_held);
		if (ret)
			return ret;
	}
}

static void log_locked(const struct cuda_process *process)
{
	const unsigned int ms = process->steps[CUDA_LOCK].took_ms;

	if (process->ret == -ESRCH)
		pr_info("pid %d: it has ended meanwhile\n", process->pid);
	else if (process->lock_tries > 1)
		pr_info("pid %d: locked in %u ms, after %u tries\n", process->pid, ms,
			process->lock_tries);
	else
		pr_info("pid %d: locked in %u ms\n", process->pid, ms);
}

int lock_together(const struct tool *tool, struct cuda_process *const processes[],
		  size_t count, unsigned int timeout_ms)
{
	struct member *members autofree = calloc(count, sizeof(*members));
	struct cuda_process **chosen autofree = calloc(count, sizeof(*chosen));
	struct locking lock = {
		.tool = tool,
		.members = members,
		.chosen = chosen,
		.count = count,
		.deadline = timeout_ms ? clock_ms() + timeout_ms : 0,
	};
	int ret;

	if (!members || !chosen)
		return cuda_process_out_of_memory(processes, count);

	for (size_t i = 0; i < count; i++) {
		members[i].process = processes[i];
		processes[i]->ret = 0;
	}
	ret = lock_all(&lock);
	/* Those of tries that failed are not what is told. */
	for (size_t i = 0; i < count; i++)
		processes[i]->steps[CUDA_UNLOCK] = (struct cuda_step){ .is_done = false };
	for (size_t i = 0; !ret && i < count; i++)
		log_locked(processes[i]);
	if (!ret)
		return 0;

	(void)let_go(&lock, SLOW);
	return ret == REFUSED ? -ETIMEDOUT : ret;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "operation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "run.h"
#include "sigchld.h"

#define HURRY_MS 1 /* between looks, where nothing tells when to look */

/* Where the targets of one kind, those that go alone or the others, have got to. */
struct queue {
	bool goes_alone;
	size_t next;
};

struct work {
	const struct operation *operation;
	struct operation_target *targets;
	size_t count;
	struct queue alone, others;
	struct run *runs[SPAWN_AT_ONCE_MAX];
	size_t run_count;
	unsigned int started;
	int64_t next_look;
	int sigchld;	   /* descriptor; negative: there is none */
	bool took_sigchld; /* so that it is to be sent again */
};

static struct operation_target *first_of(const struct work *work, struct queue *queue)
{
	while (queue->next < work->count &&
	       work->targets[queue->next].goes_alone != queue->goes_alone)
		queue->next++;

	return queue->next < work->count ? &work->targets[queue->next] : NULL;
}

/* How many are at work, and is one of them one that goes alone? */
static size_t count_at_work(const struct work *work, bool *ret_one_goes_alone)
{
	size_t count = 0;

	*ret_one_goes_alone = false;
	for (size_t i = 0; i < work->run_count; i++) {
		const struct run *run = work->runs[i];

		count += run->open;
		for (size_t j = 0; j < run->count; j++)
			*ret_one_goes_alone |= !run->members[j].is_done &&
					       run->members[j].target->goes_alone;
	}

	return count;
}

static struct operation_target *take(struct work *work, struct queue *queue)
{
	struct operation_target *target = first_of(work, queue);

	if (target)
		queue->next++;

	return target;
}

/* Fill @run with those that may begin now; one that goes alone has it for itself. */
static void add_targets(struct work *work, struct run *run)
{
	const size_t at_once = work->operation->at_once;
	struct operation_target *target = NULL;
	bool one_goes_alone;
	size_t at_work = count_at_work(work, &one_goes_alone);

	if (at_once && at_work >= at_once)
		return;
	if (!one_goes_alone)
		target = take(work, &work->alone);
	if (target) {
		run_add(run, target);
		return;
	}

	while (run_has_room(run) && (!at_once || at_work + run->count < at_once)) {
		target = take(work, &work->others);
		if (!target)
			return;
		run_add(run, target);
	}
}

/* Return: did one begin, or fail to? */
static bool start_run(struct work *work)
{
	struct run *run = malloc(sizeof(*run));

	if (!run)
		return false;

	run_init(run, work->operation);
	add_targets(work, run);
	if (!run->count) {
		free(run);
		return false;
	}

	work->started++;
	if (run_start(run))
		work->runs[work->run_count++] = run;
	else
		free(run);
	return true;
}

static bool is_waited_for(struct work *work)
{
	return first_of(work, &work->alone) || first_of(work, &work->others);
}

/* There is no memory for even one run. */
static void fail(const struct operation *operation, struct operation_target *target,
		 int error)
{
	target->began_ms = clock_ms();
	target->took_ms = 0;
	target->ret = utility_explain(operation->words[0], error, 0, target->text);
}

static void fail_waiting(struct work *work)
{
	for (; first_of(work, &work->alone); work->alone.next++)
		fail(work->operation, first_of(work, &work->alone), -ENOMEM);
	for (; first_of(work, &work->others); work->others.next++)
		fail(work->operation, first_of(work, &work->others), -ENOMEM);
}

/* One that goes alone has been left at work: none of the others may begin. */
static void fail_behind(struct work *work, const struct run *run)
{
	const struct operation_target *left = run->members[0].target;
	struct operation_target *target;

	if (!left->goes_alone || left->ret != OPERATION_LEAVE)
		return;

	while ((target = take(work, &work->alone))) {
		fail(work->operation, target, -EBUSY);
		target->ret = -EBUSY;
		snprintf(target->text, sizeof(target->text),
			 "pid %d, of the same job, is still at work", left->pid);
	}
}

/* Those that are over leave; the others close ranks. */
static void finish_runs(struct work *work)
{
	size_t kept = 0;

	for (size_t i = 0; i < work->run_count; i++) {
		struct run *run = work->runs[i];

		if (run_is_over(run)) {
			fail_behind(work, run);
			free(run);
		} else {
			work->runs[kept++] = run;
		}
	}
	work->run_count = kept;
}

static void set_next_look(struct work *work)
{
	work->next_look =
		clock_ms() + (work->sigchld < 0 ? HURRY_MS : OPERATION_WATCH_MS);
}

/* Something has stopped, or ended, or it is time. Then some may be given up. */
static void look(struct work *work)
{
	const bool has_come = work->sigchld >= 0 && sigchld_has_come(work->sigchld);

	work->took_sigchld |= has_come;
	if (!has_come && clock_ms() < work->next_look)
		return;

	for (size_t i = 0; i < work->run_count; i++)
		run_look(work->runs[i]);
	set_next_look(work);
	finish_runs(work);
}

static void wait_for_news(struct work *work)
{
	struct spawn *spawns[SPAWN_AT_ONCE_MAX];
	int64_t end = work->next_look;

	for (size_t i = 0; i < work->run_count; i++) {
		const int64_t deadline = work->runs[i]->deadline;

		spawns[i] = &work->runs[i]->spawn;
		if (deadline >= 0 && deadline < end)
			end = deadline;
	}
	spawn_wait(spawns, work->run_count, work->sigchld, end);
}

static void do_all(struct work *work)
{
	set_next_look(work);
	while (work->run_count || is_waited_for(work)) {
		while (work->run_count < SPAWN_AT_ONCE_MAX && start_run(work))
			;
		if (!work->run_count) {
			fail_waiting(work);
			return;
		}
		wait_for_news(work);
		/* First: one that is done is not looked at any more. */
		finish_runs(work);
		look(work);
	}
}

unsigned int operation_run(const struct operation *operation,
			   struct operation_target *targets, size_t count)
{
	struct work work = {
		.operation = operation,
		.targets = targets,
		.count = count,
		.alone = { .goes_alone = true },
	};
	struct sigchld held;
	int ret;

	for (size_t i = 0; i < count; i++) {
		targets[i].text[0] = '\0';
		targets[i].is_cut = targets[i].is_in_doubt = false;
	}

	ret = sigchld_hold(&held);
	for (size_t i = 0; ret && i < count; i++)
		fail(operation, &targets[i], ret);
	if (ret)
		return 0;

	work.sigchld = sigchld_open();
	do_all(&work);
	if (work.sigchld >= 0)
		close(work.sigchld);
	if (work.took_sigchld)
		sigchld_send_again();
	sigchld_put_back(&held);
	return work.started;
}

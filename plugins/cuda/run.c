/* SPDX-License-Identifier: GPL-2.0-only */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answer_line.h"
#include "clock.h"

#define WORDS_MAX  8  /* of the program, before the pids or after */
#define NUMBER_MAX 16 /* digits of a pid, and the end */

/* @text may be the target's own. */
static void settle(struct run *run, struct run_member *member, int ret, const char *text)
{
	struct operation_target *target = member->target;

	if (text != target->text)
		snprintf(target->text, sizeof(target->text), "%s", text);
	target->ret = member->given_up ? member->given_up : ret;
	target->took_ms = (unsigned int)(clock_ms() - target->began_ms);
	member->is_done = true;
	run->open--;
}

static void settle_open(struct run *run, int ret, const char *text)
{
	for (size_t i = 0; i < run->count; i++)
		if (!run->members[i].is_done)
			settle(run, &run->members[i], ret, text);
}

/* It could not be run, or not to its end. */
static void settle_not_run(struct run *run, int error)
{
	char reason[UTILITY_MESSAGE_SIZE];
	int ret = utility_explain(run->operation->words[0], error,
				  run->operation->timeout_ms, reason);

	for (size_t i = 0; i < run->count; i++)
		run->members[i].target->is_cut |=
			!run->members[i].is_done && error == -ETIMEDOUT;
	settle_open(run, ret, reason);
}

/* --- the beginning ------------------------------------------------------------------ */

void run_init(struct run *run, const struct operation *operation)
{
	memset(run, 0, sizeof(*run));
	run->operation = operation;
	run->deadline = -1;
}

bool run_has_room(const struct run *run)
{
	return run->count < (run->operation->takes_several ? CONTRACT_AT_ONCE : 1);
}

void run_add(struct run *run, struct operation_target *target)
{
	target->began_ms = clock_ms();
	run->members[run->count++] = (struct run_member){ .target = target };
	run->open++;
}

static size_t add_words(const char **argv, const char *const *words)
{
	size_t count = 0;

	for (; words && words[count] && count < WORDS_MAX; count++)
		argv[count] = words[count];

	return count;
}

static int start_program(struct run *run)
{
	const char *argv[2 * WORDS_MAX + 2 * CONTRACT_AT_ONCE + 1] = { NULL };
	char pids[CONTRACT_AT_ONCE][NUMBER_MAX];
	size_t used;

	used = add_words(argv, run->operation->words);
	for (size_t i = 0; i < run->count; i++) {
		snprintf(pids[i], NUMBER_MAX, "%d", run->members[i].target->pid);
		argv[used++] = "--pid";
		argv[used++] = pids[i];
	}
	used += add_words(argv + used, run->operation->settings);
	argv[used] = NULL;

	return spawn_start(argv, &run->spawn);
}

bool run_start(struct run *run)
{
	const unsigned int timeout_ms = run->operation->timeout_ms;
	int ret;

	ret = start_program(run);
	if (ret) {
		settle_not_run(run, ret);
		return false;
	}

	run->deadline = timeout_ms ? clock_ms() + timeout_ms : -1;
	return true;
}

void run_look(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		struct run_member *member = &run->members[i];
		const struct operation_watch *watch = &member->target->watch;

		if (!member->is_done && !member->given_up && watch->look)
			member->given_up = watch->look(watch->subject);
	}
}

/* --- the answers of a run for several ----------------------------------------------- */

static struct run_member *member_of(struct run *run, pid_t pid)
{
	for (size_t i = 0; i < run->count; i++)
		if (run->members[i].target->pid == pid)
			return &run->members[i];

	return NULL;
}

/* Return: does the line make sense? */
static bool take_line(struct run *run, const char *line)
{
	struct answer_line answer;
	struct run_member *member;
	int ret;

	if (answer_line_parse(line, &answer))
		return false;
	member = member_of(run, answer.pid);
	if (!member || member->is_done)
		return false;
	if (!answer.has_failed && !run->operation->is_question &&
	    strncmp(answer.text, "ok ", 3) != 0)
		return false;

	ret = answer.has_failed ? utility_judge_words(answer.text) : 0;
	settle(run, member, ret, answer.text);
	return true;
}

/* Take the lines that are whole out of what was printed. */
static void take_lines(struct run *run)
{
	struct spawn_output *out = &run->spawn.result.out;
	char *end;

	while (!run->is_rubbish && (end = memchr(out->text, '\n', out->length))) {
		const size_t length = (size_t)(end - out->text) + 1;

		*end = '\0';
		/* A NUL in the middle makes it none. */
		run->is_rubbish =
			strlen(out->text) + 1 != length || !take_line(run, out->text);
		*end = '\n';
		if (run->is_rubbish)
			return;

		out->length -= length;
		memmove(out->text, out->text + length, out->length + 1);
	}

	/* What comes next does not follow what is there. */
	run->is_rubbish |= out->truncated;
}

/* --- the end ------------------------------------------------------------------------ */

/* All that a run for one process printed is the answer. */
static void settle_single(struct run *run)
{
	struct spawn_result *result = &run->spawn.result;
	struct operation_target *target = run->members[0].target;
	const char *text = target->text;
	int ret;

	ret = utility_judge(result, target->text);
	if (!ret && run->operation->is_question) {
		text = utility_word(result);
		ret = text ? 0 : -EBADMSG;
	} else if (!ret) {
		target->is_in_doubt = result->out.length || result->err.length;
	}
	if (ret == -EBADMSG || target->is_in_doubt) {
		utility_quote(result, target->text);
		text = target->text;
	}

	settle_open(run, ret, text);
}

/* Each has had its line, or something went wrong. */
static void settle_several(struct run *run)
{
	char reason[UTILITY_MESSAGE_SIZE];

	take_lines(run);
	utility_quote(&run->spawn.result, reason);
	settle_open(run, run->spawn.result.status > 128 ? -EIO : -EBADMSG, reason);
}

static bool is_left(const struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		if (!run->members[i].is_done &&
		    run->members[i].given_up == OPERATION_LEAVE)
			return true;

	return false;
}

/* Whatever is not done has been given up. */
static bool is_in_vain(const struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		if (!run->members[i].is_done && !run->members[i].given_up)
			return false;

	return true;
}

static void begin_to_end(struct run *run)
{
	const int64_t grace = clock_ms() + SPAWN_GRACE_MS;

	if (!run->is_ending && (run->deadline < 0 || grace < run->deadline))
		run->deadline = grace;
	run->is_ending = true;
}

/* It has not ended. Return: has it been given up now? */
static bool end_if_in_vain(struct run *run)
{
	if (is_in_vain(run)) {
		if (is_left(run)) {
			spawn_leave(&run->spawn);
			settle_open(run, OPERATION_LEAVE, "");
			return true;
		}
		begin_to_end(run);
	}
	if (run->deadline < 0 || clock_ms() < run->deadline)
		return false;

	(void)spawn_kill(&run->spawn);
	settle_not_run(run, -ETIMEDOUT);
	return true;
}

bool run_is_over(struct run *run)
{
	int ret;

	ret = spawn_reap(&run->spawn);
	if (ret < 0)
		settle_not_run(run, ret);
	else if (ret && run->count > 1)
		settle_several(run);
	else if (ret)
		settle_single(run);
	if (ret)
		return true;

	if (run->count > 1)
		take_lines(run);
	return end_if_in_vain(run);
}

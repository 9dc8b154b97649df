/* SPDX-License-Identifier: GPL-2.0-only */
#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cuda-checkpoint/contract.h"
#include "log.h"
#include "remedy.h"
#include "utility.h"

#define NUMBER_MAX 16 /* digits of a pid or of milliseconds, and the end */

/* What a lock may take beyond its timeout: starting the utility on a large node. */
#define LOCK_GRACE_MS 5000
#define QUESTION_MS   60000

/* Asked about at once: the answer has a line for each, and must fit. */
#define MEMORY_PIDS_MAX 200

struct number {
	char text[NUMBER_MAX];
};

static struct number number(unsigned int value)
{
	struct number n;

	snprintf(n.text, sizeof(n.text), "%u", value);
	return n;
}

static void count_runs(const struct tool *tool, unsigned int runs)
{
	if (tool->runs)
		*tool->runs += runs;
}

/* --- questions ---------------------------------------------------------------------- */

/* Answered, a finding, or something that the watch has logged. */
static bool is_silent(int ret)
{
	return !ret || ret == -ENXIO || ret == -ESRCH || ret == -ECANCELED ||
	       ret == OPERATION_LEAVE;
}

static void ask(const struct tool *tool, const char *question, unsigned int timeout_ms,
		struct operation_target *targets, size_t count)
{
	const char *words[] = { tool->program, question, NULL };
	const struct operation operation = {
		.words = words,
		.timeout_ms = timeout_ms,
		.at_once = tool->takes_several ? 0 : tool->at_once,
		.takes_several = tool->takes_several,
		.is_question = true,
	};

	count_runs(tool, operation_run(&operation, targets, count));

	for (size_t i = 0; i < count; i++) {
		const struct operation_target *target = &targets[i];

		if (target->ret == -EBADMSG)
			pr_err("pid %d: %s %s: cannot understand the answer \"%s\"\n",
			       target->pid, tool->program, question, target->text);
		else if (!is_silent(target->ret))
			pr_err("pid %d: %s %s: %s\n", target->pid, tool->program,
			       question, target->text);
	}
}

void tool_get_states(const struct tool *tool, unsigned int timeout_ms,
		     struct operation_target *targets, size_t count)
{
	ask(tool, "--get-state", timeout_ms, targets, count);

	for (size_t i = 0; i < count; i++) {
		struct operation_target *target = &targets[i];

		if (target->ret || !cuda_state_parse(target->text, &target->state))
			continue;

		pr_err("pid %d: %s --get-state: \"%s\" is no state that is known\n",
		       target->pid, tool->program, target->text);
		target->ret = -EBADMSG;
	}
}

static int parse_tid(const char *word, pid_t *ret_tid)
{
	char *end;
	long tid;

	errno = 0;
	tid = strtol(word, &end, 10);
	if (errno || *end || *word < '0' || *word > '9' || tid <= 0 || tid > INT_MAX)
		return -EBADMSG;

	*ret_tid = (pid_t)tid;
	return 0;
}

void tool_get_restore_tids(const struct tool *tool, struct operation_target *targets,
			   size_t count)
{
	ask(tool, "--get-restore-tid", QUESTION_MS, targets, count);

	for (size_t i = 0; i < count; i++) {
		struct operation_target *target = &targets[i];

		if (target->ret || !parse_tid(target->text, &target->tid))
			continue;

		pr_err("pid %d: %s --get-restore-tid: \"%s\" is no thread\n", target->pid,
		       tool->program, target->text);
		target->ret = -EBADMSG;
	}
}

/* --- actions ------------------------------------------------------------------------ */

static unsigned int lock_deadline_ms(unsigned int timeout_ms)
{
	return timeout_ms > UINT_MAX - LOCK_GRACE_MS ? UINT_MAX
						     : timeout_ms + LOCK_GRACE_MS;
}

/*
 * An action that is done is done in silence. Whoever talks instead may have done
 * something else, or nothing: see where the process stands.
 */
static void resolve_doubt(const struct tool *tool, enum cuda_action action,
			  struct operation_target *target)
{
	const char *name = cuda_action_name(action);
	const unsigned int took_ms = target->took_ms;
	const int64_t began_ms = target->began_ms;

	pr_warn("pid %d: %s --action %s said \"%s\"; seeing what it has done\n",
		target->pid, tool->program, name, target->text);

	/* The watch over a lock bounds nothing: a lock has a timeout of its own. */
	tool_get_states(tool, target->watch.look && action != CUDA_LOCK ? 0 : QUESTION_MS,
			target, 1);
	target->began_ms = began_ms;
	target->took_ms = took_ms;
	if (target->ret && target->ret != -ENXIO)
		return;
	if (!target->ret && target->state == cuda_action_to(action))
		return;

	pr_err("pid %d: cannot %s: the utility reported success, and it is %s\n",
	       target->pid, name,
	       target->ret ? "no CUDA process" : cuda_state_name(target->state));
	target->ret = -EIO;
}

static void log_failure(enum cuda_action action, const struct operation_target *target,
			const char *circumstance)
{
	const char *remedy = remedy_of_action(action, target->text);

	pr_err("pid %d: cannot %s: %s%s%s%s\n", target->pid, cuda_action_name(action),
	       target->text, circumstance, remedy ? "; " : "", remedy ? remedy : "");
}

static void judge(const struct tool *tool, enum cuda_action action, bool may_be_refused,
		  struct operation_target *target)
{
	const bool is_refused = may_be_refused && operation_is_refused(target);

	if (!target->ret && target->is_in_doubt)
		resolve_doubt(tool, action, target);
	else if (target->ret == -ENXIO || (!is_silent(target->ret) && !is_refused))
		log_failure(action, target, "");
	if (target->ret == -ENXIO)
		target->ret = -EIO;
}

static void act(const struct tool *tool, enum cuda_action action, unsigned int timeout_ms,
		bool may_be_refused, struct operation_target *targets, size_t count)
{
	const bool limited = action == CUDA_LOCK && timeout_ms;
	const struct number timeout = number(timeout_ms);
	const char *words[] = { tool->program, "--action", cuda_action_name(action),
				NULL };
	const char *settings[] = { "--timeout", timeout.text, NULL };
	const struct operation operation = {
		.words = words,
		.settings = limited ? settings : NULL,
		.timeout_ms = limited ? lock_deadline_ms(timeout_ms) : 0,
		.at_once = action == CUDA_LOCK ? 0 : tool->at_once,
		.takes_several = tool->takes_several,
	};

	count_runs(tool, operation_run(&operation, targets, count));

	for (size_t i = 0; i < count; i++)
		judge(tool, action, may_be_refused, &targets[i]);
}

void tool_act(const struct tool *tool, enum cuda_action action, unsigned int timeout_ms,
	      struct operation_target *targets, size_t count)
{
	act(tool, action, timeout_ms, false, targets, count);
}

void tool_try_lock(const struct tool *tool, unsigned int timeout_ms,
		   struct operation_target *targets, size_t count)
{
	act(tool, CUDA_LOCK, timeout_ms, true, targets, count);
}

void tool_log_refusal(const struct operation_target *target, unsigned int tries)
{
	char circumstance[sizeof(" (4294967295 tries)")];

	snprintf(circumstance, sizeof(circumstance), " (%u %s)", tries,
		 tries == 1 ? "try" : "tries");
	log_failure(CUDA_LOCK, target, circumstance);
}

/* --- questions of our own ----------------------------------------------------------- */

/* MEMORY_PIDS_MAX of them at most; @bytes is written on failure too. */
static int ask_memory(const struct tool *tool, const pid_t *pids, size_t count,
		      uint64_t *bytes)
{
	const char *argv[2 + 2 * MEMORY_PIDS_MAX + 1] = { tool->program, "--get-memory" };
	struct number processes[MEMORY_PIDS_MAX];
	char message[UTILITY_MESSAGE_SIZE];
	struct spawn_result result = { 0 };
	int ret;

	for (size_t i = 0; i < count; i++) {
		processes[i] = number((unsigned int)pids[i]);
		argv[2 + 2 * i] = "--pid";
		argv[3 + 2 * i] = processes[i].text;
	}

	count_runs(tool, 1);
	ret = utility_run(argv, QUESTION_MS, &result, message);
	if (ret && result.status == 1) {
		pr_info("the GPU memory of pid %d%s is not known: %.*s\n", pids[0],
			count > 1 ? " and others" : "", (int)strcspn(message, ";"),
			message);
		return -ENODATA;
	}
	if (!ret) {
		utility_quote(&result, message);
		ret = memory_answer_parse(result.out.text, result.out.length, pids, count,
					  bytes);
	}
	if (ret)
		pr_err("pid %d%s: %s --get-memory: %s%s\n", pids[0],
		       count > 1 ? " and others" : "", tool->program,
		       ret == -EBADMSG ? "cannot understand the answer: " : "", message);

	return ret;
}

int tool_get_memory(const struct tool *tool, const pid_t *pids, size_t count,
		    uint64_t *ret_bytes)
{
	uint64_t *bytes autofree = calloc(count, sizeof(*bytes));
	int ret = bytes ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < count; i += MEMORY_PIDS_MAX)
		ret = ask_memory(tool, pids + i,
				 count - i < MEMORY_PIDS_MAX ? count - i
							     : MEMORY_PIDS_MAX,
				 bytes + i);
	if (!ret)
		memcpy(ret_bytes, bytes, count * sizeof(*bytes));

	return ret;
}

/* Is @line one of @text, but for blanks before it? */
static bool has_line(const char *text, const char *line)
{
	while (text) {
		text += strspn(text, " \n");
		if (strncmp(text, line, strlen(line)) == 0 && text[strlen(line)] == '\n')
			return true;
		text = strchr(text, '\n');
	}

	return false;
}

void tool_learn(struct tool *tool)
{
	const char *argv[] = { tool->program, "--help", NULL };
	char message[UTILITY_MESSAGE_SIZE];
	struct spawn_result result = { 0 };

	if (tool->has_learned)
		return;

	tool->has_learned = true;
	count_runs(tool, 1);
	tool->takes_several = utility_run(argv, QUESTION_MS, &result, message) == 0 &&
			      has_line(result.out.text, CONTRACT_SEVERAL_PIDS);
}

/* Did a run that succeeded print a thread, as it has to? The message is kept. */
static int check_is_tid(struct spawn_result *result, char message[UTILITY_MESSAGE_SIZE])
{
	const char *word;
	pid_t tid;

	utility_quote(result, message);
	word = utility_word(result);

	return word ? parse_tid(word, &tid) : -EBADMSG;
}

int tool_probe(const struct tool *tool, char *ret_reason, size_t size)
{
	struct number self = number((unsigned int)getpid());
	const char *argv[] = { tool->program, "--get-restore-tid", "--pid", self.text,
			       NULL };
	char message[UTILITY_MESSAGE_SIZE];
	struct spawn_result result = { 0 };
	int ret;

	count_runs(tool, 1);
	ret = utility_run(argv, QUESTION_MS, &result, message);
	if (!ret)
		ret = check_is_tid(&result, message);
	if (!ret || ret == -ENXIO)
		return 0;

	snprintf(ret_reason, size, "%s%s",
		 ret == -EBADMSG ? "cannot understand its answer: " : "", message);
	return ret;
}

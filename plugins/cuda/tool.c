/* SPDX-License-Identifier: GPL-2.0-only */
#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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

/* The watch has logged it. */
static bool is_said_by_watch(int ret)
{
	return ret == -ESRCH || ret == -ECANCELED || ret == SPAWN_LEAVE;
}

/* Ask a question about @pid; *@ret_word lies in @answer. Logs failures. */
static int ask(const struct tool *tool, const char *question, pid_t pid,
	       unsigned int timeout_ms, const struct spawn_watch *watch,
	       struct utility_answer *answer, const char **ret_word)
{
	struct number process = number((unsigned int)pid);
	const char *argv[] = { tool->program, question, "--pid", process.text, NULL };
	const char *word;
	int ret;

	ret = utility_run(argv, timeout_ms, watch, answer);
	if (ret == -ENXIO || is_said_by_watch(ret))
		return ret;
	if (ret) {
		pr_err("pid %d: %s %s: %s\n", pid, tool->program, question,
		       answer->message);
		return ret;
	}

	word = utility_word(answer);
	if (!word) {
		pr_err("pid %d: %s %s: cannot understand the answer \"%s\"\n", pid,
		       tool->program, question, answer->message);
		return -EBADMSG;
	}

	*ret_word = word;
	return 0;
}

int tool_get_state(const struct tool *tool, pid_t pid, unsigned int timeout_ms,
		   const struct spawn_watch *watch, enum cuda_state *ret_state)
{
	struct utility_answer answer = { 0 };
	const char *word;
	int ret;

	ret = ask(tool, "--get-state", pid, timeout_ms, watch, &answer, &word);
	if (ret)
		return ret;

	ret = cuda_state_parse(word, ret_state);
	if (ret) {
		pr_err("pid %d: %s --get-state: \"%s\" is no state that is known\n", pid,
		       tool->program, word);
		return -EBADMSG;
	}

	return 0;
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

int tool_get_restore_tid(const struct tool *tool, pid_t pid, pid_t *ret_tid)
{
	struct utility_answer answer = { 0 };
	const char *word;
	int ret;

	ret = ask(tool, "--get-restore-tid", pid, QUESTION_MS, NULL, &answer, &word);
	if (ret)
		return ret;

	ret = parse_tid(word, ret_tid);
	if (ret)
		pr_err("pid %d: %s --get-restore-tid: \"%s\" is no thread\n", pid,
		       tool->program, word);

	return ret;
}

static unsigned int lock_deadline_ms(unsigned int timeout_ms)
{
	if (!timeout_ms)
		return 0;

	return timeout_ms > UINT_MAX - LOCK_GRACE_MS ? UINT_MAX
						     : timeout_ms + LOCK_GRACE_MS;
}

static void log_failure(enum cuda_action action, pid_t pid,
			const struct utility_answer *answer)
{
	const char *remedy = remedy_of_action(action, answer->message);

	pr_err("pid %d: cannot %s: %s%s%s\n", pid, cuda_action_name(action),
	       answer->message, remedy ? "; " : "", remedy ? remedy : "");
}

/*
 * An action that is done is done in silence. Whoever talks instead may have done
 * something else, or nothing: see where the process stands.
 */
static int check_done(const struct tool *tool, enum cuda_action action, pid_t pid,
		      const struct spawn_watch *watch, struct utility_answer *answer)
{
	const char *name = cuda_action_name(action);
	enum cuda_state state;
	int ret;

	if (!answer->result.out.length && !answer->result.err.length)
		return 0;

	utility_keep_message(answer);
	pr_warn("pid %d: %s --action %s said \"%s\"; seeing what it has done\n", pid,
		tool->program, name, answer->message);

	ret = tool_get_state(tool, pid, watch ? 0 : QUESTION_MS, watch, &state);
	if (ret && ret != -ENXIO)
		return ret;
	if (!ret && state == cuda_action_to(action))
		return 0;

	pr_err("pid %d: cannot %s: the utility reported success, and it is %s\n", pid,
	       name, ret ? "no CUDA process" : cuda_state_name(state));
	return -EIO;
}

int tool_act(const struct tool *tool, enum cuda_action action, pid_t pid,
	     unsigned int timeout_ms, const struct spawn_watch *watch)
{
	const bool limited = action == CUDA_LOCK && timeout_ms;
	const char *name = cuda_action_name(action);
	struct number process = number((unsigned int)pid), timeout = number(timeout_ms);
	/* clang-format off */
	const char *argv[] = {
		tool->program, "--action", name, "--pid", process.text,
		limited ? "--timeout" : NULL, timeout.text, NULL,
	};
	/* clang-format on */
	struct utility_answer answer = { 0 };
	int ret;

	ret = utility_run(argv, limited ? lock_deadline_ms(timeout_ms) : 0, watch,
			  &answer);
	if (!ret)
		return check_done(tool, action, pid, watch, &answer);
	if (is_said_by_watch(ret))
		return ret;

	log_failure(action, pid, &answer);
	return ret == -ENXIO ? -EIO : ret;
}

/* MEMORY_PIDS_MAX of them at most; @bytes is written on failure too. */
static int ask_memory(const struct tool *tool, const pid_t *pids, size_t count,
		      uint64_t *bytes)
{
	const char *argv[2 + 2 * MEMORY_PIDS_MAX + 1] = { tool->program, "--get-memory" };
	struct number processes[MEMORY_PIDS_MAX];
	struct utility_answer answer = { 0 };
	int ret;

	for (size_t i = 0; i < count; i++) {
		processes[i] = number((unsigned int)pids[i]);
		argv[2 + 2 * i] = "--pid";
		argv[3 + 2 * i] = processes[i].text;
	}

	ret = utility_run(argv, QUESTION_MS, NULL, &answer);
	if (ret && answer.result.status == 1) {
		pr_info("the GPU memory of pid %d%s is not known: %.*s\n", pids[0],
			count > 1 ? " and others" : "", (int)strcspn(answer.message, ";"),
			answer.message);
		return -ENODATA;
	}
	if (!ret) {
		utility_keep_message(&answer);
		ret = memory_answer_parse(answer.result.out.text,
					  answer.result.out.length, pids, count, bytes);
	}
	if (ret)
		pr_err("pid %d%s: %s --get-memory: %s%s\n", pids[0],
		       count > 1 ? " and others" : "", tool->program,
		       ret == -EBADMSG ? "cannot understand the answer: " : "",
		       answer.message);

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

/* Did a run that succeeded print a thread, as it has to? The message is kept. */
static int check_is_tid(struct utility_answer *answer)
{
	const char *word;
	pid_t tid;

	utility_keep_message(answer);
	word = utility_word(answer);

	return word ? parse_tid(word, &tid) : -EBADMSG;
}

int tool_probe(const struct tool *tool, char *ret_reason, size_t size)
{
	struct number self = number((unsigned int)getpid());
	const char *argv[] = { tool->program, "--get-restore-tid", "--pid", self.text,
			       NULL };
	struct utility_answer answer = { 0 };
	int ret;

	ret = utility_run(argv, QUESTION_MS, NULL, &answer);
	if (!ret)
		ret = check_is_tid(&answer);
	if (!ret || ret == -ENXIO)
		return 0;

	snprintf(ret_reason, size, "%s%s",
		 ret == -EBADMSG ? "cannot understand its answer: " : "", answer.message);
	return ret;
}

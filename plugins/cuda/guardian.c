/* SPDX-License-Identifier: GPL-2.0-only */
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "guardian_log.h"
#include "life.h"
#include "log.h"
#include "proc.h"
#include "sigchld.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define NAME	    "cuda-guardian"
#define LOOK_MS	    50		 /* between looks at CRIU, and at a debtor */
#define PATIENCE_MS (10 * 60000) /* without any progress */
#define IMAGE_DIR   3		 /* its descriptor; the only one that is kept */

struct duty {
	const struct guardian *guardian;
	pid_t criu;
	uint64_t criu_start;
};

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000,
				       .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* --- when CRIU is no more ----------------------------------------------------- */

/*
 * A process is left alone as long as it may yet end by itself (CRIU has killed it), a
 * utility is at work on it, or somebody traces it.
 */
static bool is_to_be_left_alone(const struct guardian *guardian, const struct debt *debt)
{
	pid_t tracer;

	return life_is_ending(debt->pid) ||
	       proc_is_worked_on(debt->pid, guardian->tool->program) ||
	       proc_tracer(debt->pid, &tracer) || tracer;
}

/* Bring one process back. Return: 0 when nothing is owed any more; else try again. */
static int settle(const struct guardian *guardian, const struct debt *debt)
{
	struct cuda_process process = { .pid = debt->pid, .found = debt->found };
	int ret;

	if (!life_goes_on(debt->pid, debt->start))
		return 0;
	if (is_to_be_left_alone(guardian, debt))
		return -EAGAIN;

	/* CRIU sends its tasks SIGKILL and then ends: that must have had time to strike.
	 */
	pause_ms(LOOK_MS);
	if (life_is_ending(debt->pid) || !life_goes_on(debt->pid, debt->start))
		return -EAGAIN;

	ret = cuda_process_bring(guardian->tool, &process, debt->found);
	if (!ret)
		pr_warn("pid %d: CRIU did not bring it back; done now, it is %s\n",
			debt->pid, cuda_state_name(debt->found));

	return ret;
}

/* Try once for each. Return: how many debts are still open. */
static size_t settle_each(const struct guardian *guardian, bool *ret_progress)
{
	struct ledger *ledger = guardian->ledger;
	size_t open = 0;

	*ret_progress = false;
	for (size_t i = 0; i < atomic_load(&ledger->count); i++) {
		struct debt *debt = &ledger->debts[i];

		if (!atomic_load(&debt->is_open))
			continue;
		if (settle(guardian, debt) == 0) {
			atomic_store(&debt->is_open, false);
			*ret_progress = true;
			continue;
		}
		open++;
	}

	return open;
}

static void settle_all(const struct guardian *guardian)
{
	int64_t last_progress = clock_ms();
	bool progress;
	size_t open;

	while ((open = settle_each(guardian, &progress))) {
		if (progress)
			last_progress = clock_ms();
		if (clock_ms() - last_progress > PATIENCE_MS) {
			pr_err("giving up; %zu processes are not where they were found: "
			       "cuda-checkpoint --action restore, then unlock\n",
			       open);
			return;
		}
		pause_ms(LOOK_MS);
	}
}

/* --- becoming the guardian ------------------------------------------------------ */

static void reset_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		signal(signo, SIG_DFL);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Keep nothing open of CRIU's but the image directory. */
static void reset_descriptors(int image_dir)
{
	int null;

	if (image_dir >= 0 && image_dir != IMAGE_DIR)
		dup3(image_dir, IMAGE_DIR, O_CLOEXEC);
	closefrom(image_dir >= 0 ? IMAGE_DIR + 1 : IMAGE_DIR);

	null = open("/dev/null", O_RDWR);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > IMAGE_DIR)
		close(null);
}

/*
 * The cgroup that CRIU was started in may be killed as a whole, or have to be empty to
 * be removed: go up to the root of all that can be written.
 */
static void leave_cgroup(void)
{
	static const char *const roots[] = {
		"/sys/fs/cgroup/cgroup.procs",
		"/sys/fs/cgroup/unified/cgroup.procs",
		"/sys/fs/cgroup/systemd/cgroup.procs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		int fd autoclose = open(roots[i], O_WRONLY | O_CLOEXEC);
		ssize_t written = fd >= 0 ? write(fd, "0", 1) : 0;

		(void)written; /* one that is not ours to leave is stayed in */
	}
}

__attribute__((noreturn)) static void guard(const struct duty *duty)
{
	reset_signals();
	reset_descriptors(duty->guardian->image_dir);
	prctl(PR_SET_NAME, NAME);
	if (chdir("/") < 0)
		pr_info("the guardian stays in CRIU's folder: %s\n", strerror(errno));
	leave_cgroup();
	guardian_log_start(duty->guardian->image_dir >= 0 ? IMAGE_DIR : -1);

	while (life_goes_on(duty->criu, duty->criu_start))
		pause_ms(LOOK_MS);

	settle_all(duty->guardian);
	_exit(EXIT_SUCCESS);
}

/*
 * The child in between takes the guardian out of CRIU's session and children, and ends
 * at once.
 */
static int fork_guardian(const struct duty *duty)
{
	pid_t between = fork();
	int status;

	if (between < 0)
		return -errno;

	if (between == 0) {
		pid_t guardian;

		setsid();
		guardian = fork();
		if (guardian == 0)
			guard(duty);
		_exit(guardian < 0 ? errno : 0);
	}

	while (waitpid(between, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;

	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int start(struct guardian *guardian)
{
	struct duty duty = { .guardian = guardian, .criu = getpid() };
	struct sigchld held;
	int ret;

	ret = life_start(duty.criu, &duty.criu_start);
	if (!ret)
		ret = ledger_open(&guardian->ledger);
	if (!ret)
		ret = sigchld_hold(&held);
	if (!ret) {
		ret = fork_guardian(&duty);
		sigchld_put_back(&held);
	}
	if (!ret)
		return 0;

	ledger_close(guardian->ledger);
	guardian->ledger = NULL;
	pr_err("cannot start the guardian: %s; nothing is touched without it\n",
	       strerror(-ret));
	return ret;
}

void guardian_init(struct guardian *guardian, const struct tool *tool, int image_dir)
{
	*guardian = (struct guardian){ .tool = tool, .image_dir = image_dir };
}

void guardian_release(struct guardian *guardian)
{
	ledger_close(guardian->ledger);
	guardian->ledger = NULL;
}

int guardian_owe(struct guardian *guardian, const struct cuda_process *process)
{
	int ret;

	if (!guardian->ledger) {
		ret = start(guardian);
		if (ret)
			return ret;
	}

	ret = ledger_owe(guardian->ledger, process->pid, process->start, process->found);
	if (ret)
		pr_err("pid %d: cannot note what it is owed: %s\n", process->pid,
		       strerror(-ret));

	return ret;
}

void guardian_pay(struct guardian *guardian, pid_t pid)
{
	if (guardian->ledger)
		ledger_pay(guardian->ledger, pid);
}

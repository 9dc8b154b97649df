/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same with our own cuda-checkpoint, a real CUDA program and the simulated GPU in
 * place of the stand-ins: its count goes on, and it checks its memory at each step.
 */
#include "fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meanwhile.h"

#define PATIENCE_MS 10000

static const char *build_folder;

static struct {
	char options[PATH_MAX + 64];
	char utility[PATH_MAX];
	pid_t gpu;
	struct task counter[2];
	char out[2][PATH_MAX];
} sim;

static void in_build(char *path, const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", build_folder, name);
}

static bool is_built(void)
{
	static const char *const names[] = {
		"test/gpu-sim/gpu-sim",
		"test/gpu-sim/libcuda.so.1",
		"test/apps/counter",
		"cuda-checkpoint/cuda-checkpoint",
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		in_build(path, names[i]);
		if (access(path, F_OK) < 0)
			return false;
	}

	return true;
}

/* Start it with its output in the file @out, or where ours goes. Return: its pid. */
static pid_t start(const char *const argv[], const char *out)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		abort();
	if (pid)
		return pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (out) {
		fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
			abort();
		close(fd);
	}
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

/* The last number that the counter printed. */
static long count_in(const char *out)
{
	FILE *file = fopen(out, "re");
	char line[256];
	long count = -1;

	while (file && fgets(line, sizeof(line), file))
		if (strchr(line, '\n'))
			(void)sscanf(line, "count %ld", &count);
	if (file)
		fclose(file);

	return count;
}

static bool counts_on(int number)
{
	const long before = count_in(sim.out[number]);

	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		if (count_in(sim.out[number]) >= before + 3)
			return true;
		usleep(1000);
	}

	return false;
}

static bool stands_still(int number)
{
	const long before = count_in(sim.out[number]);

	usleep(100000);
	return count_in(sim.out[number]) == before;
}

/* The socket is there before anybody listens on it. */
static bool listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int ret = connect(fd, (const struct sockaddr *)address, sizeof(*address));

	close(fd);
	return ret == 0;
}

static void start_gpu(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char program[PATH_MAX];
	const char *const argv[] = { program, "--socket", address.sun_path, NULL };

	in_build(program, "test/gpu-sim/gpu-sim");
	snprintf(address.sun_path, sizeof(address.sun_path), "%.64s/gpu.socket",
		 utility_folder());
	setenv("CUDA_SIM_SOCKET", address.sun_path, 1);
	sim.gpu = start(argv, NULL);
	for (int ms = 0; !listens(&address) && ms < PATIENCE_MS; ms++)
		usleep(1000);
}

static void start_counter(int number)
{
	char program[PATH_MAX];
	const char *const argv[] = { program, "--mib", "4", "--interval", "5", NULL };

	in_build(program, "test/apps/counter");
	snprintf(sim.out[number], PATH_MAX, "%s/counter%d.out", utility_folder(), number);
	sim.counter[number] = (struct task){ .pid = start(argv, sim.out[number]) };
	if (!counts_on(number))
		print_error("%s does not count\n", program);
}

static int set_up(void **state)
{
	char libraries[PATH_MAX];

	(void)state;
	if (!is_built())
		return 0;

	utility_set_up();
	in_build(libraries, "test/gpu-sim");
	setenv("LD_LIBRARY_PATH", libraries, 1);
	in_build(sim.utility, "cuda-checkpoint/cuda-checkpoint");
	snprintf(sim.options, sizeof(sim.options), "force,cuda-checkpoint=%s",
		 sim.utility);
	start_gpu();
	start_counter(0);
	return 0;
}

static void end_process(pid_t pid)
{
	if (pid <= 0)
		return;

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int tear_down(void **state)
{
	(void)state;
	if (!is_built())
		return 0;

	end_process(sim.counter[0].pid);
	end_process(sim.counter[1].pid);
	end_process(sim.gpu);
	memset(&sim, 0, sizeof(sim));
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("CUDA_SIM_SOCKET");
	utility_remove();
	return 0;
}

static struct criu dump_of_counter(void)
{
	if (!is_built())
		skip();

	return (struct criu){
		.tasks = { &sim.counter[0] },
		.count = 1,
		.image_dir = utility_folder(),
		.environment = sim.options,
	};
}

static void act(const char *action)
{
	char pid[32];
	const char *const argv[] = {
		sim.utility, "--action", action, "--pid", pid, NULL
	};
	int status = -1;

	snprintf(pid, sizeof(pid), "%d", sim.counter[0].pid);
	waitpid(start(argv, NULL), &status, 0);
	assert_int_equal(status, 0);
}

static void counter_goes_on_after_leave_running(void **state)
{
	struct criu criu = dump_of_counter();
	const struct criu_report *report;

	(void)state;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_false(report->failed);
	assert_int_equal(report->checkpoint[0], 0);
	assert_true(counts_on(0));
}

static void two_counters_go_on_after_leave_running(void **state)
{
	struct criu criu = dump_of_counter();
	const struct criu_report *report;

	(void)state;
	start_counter(1);
	criu.tasks[criu.count++] = &sim.counter[1];

	report = criu_dump(&criu);

	assert_clean(report);
	assert_false(report->failed);
	assert_int_equal(report->checkpoint[1], 0);
	assert_true(counts_on(0));
	assert_true(counts_on(1));
}

static void counter_goes_on_after_a_dump_that_fails(void **state)
{
	(void)state;

	for (int failure = CRIU_FAILS_AFTER_PAUSE; failure <= CRIU_FAILS_LATER;
	     failure++) {
		struct criu criu = dump_of_counter();

		criu.failure = (enum criu_failure)failure;

		assert_clean(criu_dump(&criu));

		assert_true(counts_on(0));
	}
}

static void counter_found_locked_stays_locked(void **state)
{
	struct criu criu = dump_of_counter();

	(void)state;
	act("lock");

	assert_clean(criu_dump(&criu));

	assert_true(stands_still(0));
	act("unlock");
	assert_true(counts_on(0));
}

static void counter_found_checkpointed_is_resumed_by_a_restore(void **state)
{
	struct criu criu = dump_of_counter();
	const struct criu_report *report;

	(void)state;
	act("lock");
	act("checkpoint");
	assert_clean(criu_dump(&criu));
	assert_true(stands_still(0));
	criu.list = CRIU_LIST_PLUGIN;

	report = criu_restore(&criu);

	assert_clean(report);
	assert_int_equal(report->resume[0], 0);
	assert_true(counts_on(0));
}

/* SIGTRAP would end a program that does not expect it, dump or not: this one ignores it.
 */
static int set_up_slow_checkpoint(void **state)
{
	int ret;

	setenv("CUDA_SIM_CHECKPOINT", "delay=600", 1);
	signal(SIGTRAP, SIG_IGN);
	ret = set_up(state);
	signal(SIGTRAP, SIG_DFL);
	unsetenv("CUDA_SIM_CHECKPOINT");

	return ret;
}

static void signal_in_a_checkpoint_neither_halts_it_nor_is_lost(void **state)
{
	static const int signals[] = { SIGCONT, SIGTRAP, SIGTSTP, SIGSTOP };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct criu criu = dump_of_counter();
		const pid_t pid = sim.counter[0].pid;
		const struct criu_report *report;
		struct meanwhile sent;

		meanwhile_send(&sent, pid, signals[i]);
		report = criu_dump(&criu);
		meanwhile_end(&sent);

		assert_clean(report);
		assert_false(report->failed);
		if (signals[i] == SIGSTOP || signals[i] == SIGTSTP) {
			assert_true(stands_still(0));
			kill(pid, SIGCONT);
		}
		assert_true(counts_on(0));
	}
}

#define sim_claim(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int sim_tests(const char *build)
{
	const struct CMUnitTest tests[] = {
		sim_claim(counter_goes_on_after_leave_running),
		sim_claim(two_counters_go_on_after_leave_running),
		sim_claim(counter_goes_on_after_a_dump_that_fails),
		sim_claim(counter_found_locked_stays_locked),
		sim_claim(counter_found_checkpointed_is_resumed_by_a_restore),
		cmocka_unit_test_setup_teardown(
			signal_in_a_checkpoint_neither_halts_it_nor_is_lost,
			set_up_slow_checkpoint, tear_down),
	};

	build_folder = build;
	return cmocka_run_group_tests_name("simulated GPU", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver, and the utility by which it is reached.
 */
#include <errno.h>
#include <string.h>

#include "cuda-checkpoint/contract.h"
#include "driver_version.h"
#include "examination.h"
#include "utility.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define HELP_MS	  10000 /* of NVIDIA's with a driver that has to wake up, too */
#define WORDS_MAX 512

#if defined(__aarch64__)
#define ON_ARM 1
#else
#define ON_ARM 0
#endif

/* --- the utility -------------------------------------------------------------------- */

/* What there may be in a utility's help, and what it is good for. */
static const struct ability {
	const char *help, *name;
	bool is_needed;
} abilities[] = {
	{ "--get-state", "states", true },
	{ "--action", "actions", true },
	{ "--get-restore-tid", "restore threads", true },
	{ "--timeout", "a timeout for locks", false },
	{ "--device-map", "other GPUs in a restore", false },
	{ "--launch-job", "jobs with CUDA IPC", false },
	{ CONTRACT_SEVERAL_PIDS, "several processes in a run", false },
	{ "--get-memory", "how much GPU memory a process has", false },
};

static void add_word(char words[WORDS_MAX], const char *word)
{
	const size_t length = strlen(words);

	snprintf(words + length, WORDS_MAX - length, "%s%s", length ? ", " : "", word);
}

static void judge_utility(const char *program, const char *help,
			  struct diagnosis *ret_diagnosis)
{
	char has[WORDS_MAX] = "", lacks[WORDS_MAX] = "", needs[WORDS_MAX] = "";

	for (size_t i = 0; i < ARRAY_SIZE(abilities); i++) {
		const struct ability *ability = &abilities[i];

		if (strstr(help, ability->help))
			add_word(has, ability->name);
		else
			add_word(ability->is_needed ? needs : lacks, ability->name);
	}

	if (needs[0]) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "\"%s\" does not know what the plugin needs: %s", program,
			       needs);
		diagnosis_advise(ret_diagnosis, "install this project's cuda-checkpoint, "
						"or NVIDIA's of r555 or newer");
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK, "\"%s\" knows %s%s%s", program,
			       has, lacks[0] ? "; not " : "", lacks);
	}
}

void check_utility(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const char *program = examination->options.cuda_checkpoint;
	const char *const argv[] = { program, "--help", NULL };
	struct spawn_result result = { .status = 0 };
	char message[UTILITY_MESSAGE_SIZE];
	int ret;

	ret = utility_run(argv, HELP_MS, &result, message);
	if (ret == -ENOENT) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "there is no \"%s\"", program);
		diagnosis_advise(ret_diagnosis, "put cuda-checkpoint on PATH, or name it "
						"with the option cuda-checkpoint");
		return;
	}
	if (ret) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "\"%s\" cannot be used: %.512s", program, message);
		diagnosis_advise(ret_diagnosis,
				 "install cuda-checkpoint so that it runs, and "
				 "NVIDIA's driver with its libcuda.so.1");
		return;
	}

	examination->tool.takes_several =
		strstr(result.out.text, CONTRACT_SEVERAL_PIDS) != NULL;
	examination->tool.has_learned = true;
	judge_utility(program, result.out.text, ret_diagnosis);
}

/* --- the driver --------------------------------------------------------------------- */

/* What a driver brings, from that version on. */
static const struct feature {
	unsigned long since;
	const char *name;
} features[] = {
	{ 555, "checkpoints" },
	{ 570, "processes that use NVML" },
	{ 580, "restores on other GPUs" },
	{ 590, "launched jobs" },
	{ 595, "CUDA on Arm" },
	{ 610, "CUDA IPC in launched jobs" },
	{ 615, "storage of one's own" },
};

#define OLDEST	   555ul
#define OLDEST_ARM 595ul
#define WISHED	   570ul

static void list_features(unsigned long major, char brings[WORDS_MAX],
			  char lacks[WORDS_MAX])
{
	char name[128];

	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		const struct feature *feature = &features[i];

		if (major >= feature->since) {
			add_word(brings, feature->name);
			continue;
		}
		snprintf(name, sizeof(name), "%s (r%lu)", feature->name, feature->since);
		add_word(lacks, name);
	}
}

static void judge_driver(unsigned long major, const char *version,
			 struct diagnosis *ret_diagnosis)
{
	const unsigned long oldest = ON_ARM ? OLDEST_ARM : OLDEST;
	char brings[WORDS_MAX] = "", lacks[WORDS_MAX] = "";

	list_features(major, brings, lacks);
	if (major < oldest) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "%s cannot checkpoint processes here", version);
		diagnosis_advise(ret_diagnosis, "install r%lu or newer",
				 ON_ARM ? OLDEST_ARM : WISHED);
	} else {
		diagnosis_find(ret_diagnosis, major < WISHED ? GRADE_WARNING : GRADE_OK,
			       "%s brings %s%s%s", version, brings,
			       lacks[0] ? "; not " : "", lacks);
		if (major < WISHED)
			diagnosis_advise(ret_diagnosis,
					 "install r%lu or newer: before it only NVIDIA's "
					 "utility works, and a process with NVML, as "
					 "PyTorch, cannot be dumped",
					 WISHED);
	}
}

/* A machine without one is as it should be where the user says so. */
static enum grade grade_of_absence(const struct examination *examination)
{
	return examination->options.force ? GRADE_OK : GRADE_ERROR;
}

void check_driver(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	char version[DRIVER_VERSION_SIZE];
	const unsigned long major = driver_version_read(DRIVER_VERSION_FILE, version);

	if (major) {
		judge_driver(major, version, ret_diagnosis);
		return;
	}

	diagnosis_find(ret_diagnosis, grade_of_absence(examination),
		       "there is no NVIDIA driver, by " DRIVER_VERSION_FILE "%s",
		       examination->options.force ? ", and the option force is on" : "");
	if (!examination->options.force)
		diagnosis_advise(ret_diagnosis,
				 "load the driver, r570 or newer; in a container, have "
				 "the runtime bring it in");
}

void check_library(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	char reason[DIAGNOSIS_SIZE / 2];

	if (!examination->tool.has_learned)
		return;

	if (tool_probe(&examination->tool, reason, sizeof(reason))) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "the driver does not answer by the utility: %s", reason);
		diagnosis_advise(ret_diagnosis,
				 "install libcuda.so.1 of the driver that is loaded, "
				 "where the loader finds it (ldconfig -p)");
		return;
	}

	examination->utility_answers = true;
	diagnosis_find(ret_diagnosis, GRADE_OK, "the driver answers by the utility");
}

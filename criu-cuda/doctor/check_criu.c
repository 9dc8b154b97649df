/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRIU, and whether it would load the plugin.
 */
#include <errno.h>
#include <string.h>

#include "examination.h"
#include "plugin_file.h"
#include "utility.h"

#define CRIU		"criu"
#define OLDEST_MAJOR	4
#define VERSION_MS	10000
#define CHECK_MS	30000
#define LIBS_VARIABLE	"CRIU_LIBS_DIR"
#define PLUGIN		"cuda_plugin.so"
#define OPTION_VARIABLE "CRIU_CUDA_PLUGIN_OPTIONS"

/* Where CRIU looks by itself; the Makefile says it where that is another. */
#ifndef LIBS_DIRECTORY
#define LIBS_DIRECTORY "/usr/lib/criu"
#endif

/* Run CRIU. Return: 0 if it succeeded; else @message says why not. */
static int run(const char *word, unsigned int timeout_ms, struct spawn_result *ret_result,
	       char ret_message[UTILITY_MESSAGE_SIZE])
{
	const char *const argv[] = { CRIU, word, NULL };

	return utility_run(argv, timeout_ms, ret_result, ret_message);
}

/* A CRIU without hooks restores images that need none. */
static enum grade grade_of_no_hooks(const struct examination *examination)
{
	static const enum grade grades[] = {
		[INVENTORY_UNSET] = GRADE_WARNING,
		[INVENTORY_NOT_NEEDED] = GRADE_OK,
		[INVENTORY_NEEDED] = GRADE_ERROR,
	};

	return grades[examination_need(examination)];
}

static void judge_version(const struct examination *examination,
			  struct diagnosis *ret_diagnosis)
{
	const struct criu_version *version = &examination->criu;
	const bool has_hooks = criu_version_reaches(version, OLDEST_MAJOR, 0);
	const enum grade grade = has_hooks ? GRADE_OK : grade_of_no_hooks(examination);

	diagnosis_find(ret_diagnosis, grade, "version %u.%u.%u%s", version->major,
		       version->minor, version->sublevel,
		       has_hooks ? "" : " has no hooks for GPUs");
	if (grade != GRADE_OK)
		diagnosis_advise(ret_diagnosis, "install CRIU 4.0 or newer");
}

void check_criu(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	struct spawn_result result = { .status = 0 };
	char message[UTILITY_MESSAGE_SIZE];
	int ret;

	ret = run("--version", VERSION_MS, &result, message);
	if (ret == -ENOENT) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "there is no \"" CRIU "\" on PATH");
		diagnosis_advise(ret_diagnosis,
				 "install CRIU 4.0 or newer; it may be in /usr/sbin");
	} else if (ret) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       CRIU " --version fails: %.512s", message);
		diagnosis_advise(ret_diagnosis, "install CRIU 4.0 or newer");
	} else if (criu_version_parse(result.out.text, &examination->criu)) {
		utility_quote(&result, message);
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "its version cannot be understood: \"%.512s\"", message);
		diagnosis_advise(ret_diagnosis, "install CRIU 4.0 or newer");
	} else {
		judge_version(examination, ret_diagnosis);
	}
}

/* Its last line, in place, which is the conclusion. */
static const char *last_line(char *text)
{
	size_t length = strlen(text);
	const char *line;

	while (length && text[length - 1] == '\n')
		text[--length] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

void check_criu_kernel(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	struct spawn_result result = { .status = 0 };
	char message[UTILITY_MESSAGE_SIZE];
	int ret;

	if (!criu_version_is_known(&examination->criu))
		return;
	if (geteuid() != 0) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "only root can have CRIU look at the kernel");
		diagnosis_advise(ret_diagnosis, "run criu-cuda as root");
		return;
	}

	ret = run("check", CHECK_MS, &result, message);
	if (ret) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "criu check finds what it needs missing: %.512s", message);
		diagnosis_advise(ret_diagnosis, "see criu check for all of it");
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK, "criu check says: %.512s",
			       last_line(result.out.text[0] ? result.out.text
							    : result.err.text));
	}
}

/* --- the plugin --------------------------------------------------------------------- */

/* The order in which CRIU looks. */
static const char *plugin_directory(const struct examination *examination)
{
	const char *directory = getenv(LIBS_VARIABLE);

	if (examination->libdir)
		return examination->libdir;

	return directory && *directory ? directory : LIBS_DIRECTORY;
}

/* Images that have all GPU memory in CRIU's own are for any plugin of that name. */
static enum grade grade_of_others(const struct examination *examination)
{
	const struct inspection *images = examination->images;

	return !images || images->names_images || images->image_count ? GRADE_ERROR
								      : GRADE_WARNING;
}

static void judge_plugin(const struct examination *examination, const char *path,
			 const struct plugin_file *file, struct diagnosis *ret_diagnosis)
{
	const struct criu_version *criu = &examination->criu;
	const struct plugin_limits limits = criu_version_limits(criu);

	if (!file->is_ours) {
		diagnosis_find(ret_diagnosis, grade_of_others(examination),
			       "%s is another plugin of that name, which knows no images "
			       "of GPU memory",
			       path);
		diagnosis_advise(ret_diagnosis, "install this one in its place");
	} else if (criu_version_is_known(criu) &&
		   (file->version > limits.version || file->hooks > limits.hooks)) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "CRIU %u.%u would refuse %s: it asks for version %#x with "
			       "%u hooks, and CRIU has %#x with %u",
			       criu->major, criu->minor, path, file->version, file->hooks,
			       limits.version, limits.hooks);
		diagnosis_advise(ret_diagnosis, "install a plugin that fits, or a newer "
						"CRIU");
	} else if (!criu_version_reaches(criu, OLDEST_MAJOR, 0)) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "%s is there; whether CRIU takes it is not known", path);
		diagnosis_advise(ret_diagnosis, "see what is said of criu");
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK, "%s, which CRIU %u.%u takes",
			       path, criu->major, criu->minor);
	}
}

void check_plugin(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const char *directory = plugin_directory(examination);
	char *path autofree = NULL;
	char reason[REASON_MAX];
	struct plugin_file file;
	int ret;

	if (asprintf(&path, "%s/" PLUGIN, directory) < 0) {
		path = NULL;
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "out of memory");
		return;
	}

	ret = plugin_file_read(path, &file, reason);
	if (ret == -ENOENT) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "there is no " PLUGIN " in %s",
			       directory);
		diagnosis_advise(
			ret_diagnosis,
			"install it there, or give criu, and criu-cuda, --libdir "
			"with the directory that has it");
	} else if (ret) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, "%s: %s", path, reason);
		diagnosis_advise(ret_diagnosis, "install the plugin again");
	} else {
		judge_plugin(examination, path, &file, ret_diagnosis);
	}
}

void check_options(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const char *text = getenv(OPTION_VARIABLE);
	char reason[OPTIONS_REASON_MAX];

	options_init(&examination->options);
	if (options_parse_list(&examination->options, text, reason, sizeof(reason))) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR, OPTION_VARIABLE ": %s",
			       reason);
		diagnosis_advise(ret_diagnosis, "correct the variable, or unset it");
	} else if (text && *text) {
		diagnosis_find(ret_diagnosis, GRADE_OK, OPTION_VARIABLE " is \"%s\"",
			       text);
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "none in " OPTION_VARIABLE ": the defaults hold");
	}
	examination->tool.program = examination->options.cuda_checkpoint;
}

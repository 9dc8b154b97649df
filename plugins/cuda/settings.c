/* SPDX-License-Identifier: GPL-2.0-only */
#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu_share.h"
#include "host.h"
#include "image_place.h"
#include "log.h"
#include "machine.h"

#define OPTIONS_VARIABLE  "CRIU_CUDA_PLUGIN_OPTIONS"
#define FAULT_VARIABLE	  "CRIU_FAULT"
#define FAULT_WITHOUT_GPU "138" /* CRIU's own CI: a CUDA plugin, and no GPU */

static bool fault_without_gpu(void)
{
	const char *fault = getenv(FAULT_VARIABLE);

	return fault && strcmp(fault, FAULT_WITHOUT_GPU) == 0;
}

static int read_options(struct options *options)
{
	char reason[OPTIONS_REASON_MAX];
	char *const *argv;
	int argc, ret;

	options_init(options);

	ret = options_parse_list(options, getenv(OPTIONS_VARIABLE), reason,
				 sizeof(reason));
	if (ret) {
		pr_err("%s: %s\n", OPTIONS_VARIABLE, reason);
		return ret;
	}

	ret = host_plugin_options(&argc, &argv);
	if (ret)
		return ret;

	ret = options_parse_argv(options, argc, argv, reason, sizeof(reason));
	if (ret) {
		pr_err("--plugin-option: %s\n", reason);
		return ret;
	}

	options->force |= fault_without_gpu();
	return 0;
}

/* Work that is mostly done by the GPUs, and by a CPU for each process. */
static size_t default_parallel(void)
{
	const size_t cpus = machine_cpus(), gpus = machine_gpus();

	return cpus > gpus ? cpus : gpus;
}

/* A CPU each, of those that there are for us; 0: none. */
static unsigned int prefault_threads(const struct options *options)
{
	if (!options->prefault)
		return 0;

	return options->prefault_threads ? options->prefault_threads
					 : cpu_share_of(getpid());
}

static unsigned int memory_threads(const struct options *options)
{
	return options->memory_threads ? options->memory_threads : cpu_share_of(getpid());
}

int settings_read(struct settings *settings)
{
	const struct options *options = &settings->options;
	int ret;

	ret = read_options(&settings->options);
	if (ret)
		return ret;

	settings->runs = 0;
	settings->offload = (struct offload){
		.images = { .dirfd = host_image_dir(),
			    .threads = memory_threads(options),
			    .compress = options->compress_memory },
		.host_memory = options->host_memory,
		.is_checked = options->check_memory,
	};
	settings->tool = (struct tool){
		.program = options->cuda_checkpoint,
		.operation_timeout_ms = options->operation_timeout_ms,
		.at_once = options->parallel ? options->parallel : default_parallel(),
		.prefault_threads = prefault_threads(options),
		.offload = &settings->offload,
		.runs = &settings->runs,
	};
	settings->policy = (struct survey_policy){
		.ask_every_process = fault_without_gpu(),
		.allow_shared_memory = options->allow_shared_memory,
		.check_memory = options->check_memory,
	};
	return 0;
}

int settings_want_images(struct settings *settings)
{
	const enum options_memory_image wanted = settings->options.memory_image;
	char reason[REASON_MAX];
	int ret;

	if (wanted == OPTIONS_MEMORY_IMAGE_OFF)
		return 0;

	ret = image_place_check(host_image_dir(), reason);
	if (ret && wanted == OPTIONS_MEMORY_IMAGE_ON) {
		pr_err("memory-image: %s\n", reason);
		return ret;
	}
	if (ret) {
		pr_info("GPU memory goes into CRIU's own images: %s\n", reason);
		return 0;
	}

	settings->offload.is_wanted = true;
	settings->policy.in_waves = true;
	/* What lives on gets its memory back at once. */
	settings->offload.images.page_cache = host_tasks_live_on();
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the doctor's checks know of each other, and the checks: each looks at one thing
 * and says what it has found. One that has nothing to say leaves GRADE_NONE.
 *
 * doctor.c has the table, in whose order they are called: the later ones need what the
 * former have found. They only look, never hang, and never initialise CUDA (NVIDIA's
 * utility does that by itself, whenever it is run; this project's does not). None logs.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cuda_state.h"
#include "options.h"
#include "tool.h"

#include "criu_version.h"
#include "diagnosis.h"
#include "gpu_list.h"
#include "inspection.h"

/* A process and those below it. */
struct patient {
	pid_t pid;
	pid_t *tree; /* owned: it and all below it */
	size_t tree_count;
	pid_t *cuda; /* owned: those of them that may be CUDA processes */
	size_t cuda_count;
	bool is_held; /* one of them, by somebody else: it cannot be asked */
};

struct examination {
	const char *libdir;		 /* where the user has plugins; NULL: not said */
	const struct inspection *images; /* to be restored; NULL: any process, any dump */
	struct options options; /* of the plugin, as far as the environment says */
	struct tool tool;
	struct criu_version criu;
	bool utility_answers; /* it and the driver below it */
	struct gpu_list gpus;
	struct patient patient; /* all zero: only the machine is looked at */
};

/* Of the images; of the machine as such it is INVENTORY_NEEDED. */
enum inventory_need examination_need(const struct examination *examination);

/* Free what it holds; all zero is fine. */
void examination_release(struct examination *examination);

typedef void (*examine)(struct examination *examination, struct diagnosis *ret_diagnosis);

/* check_criu.c */
void check_criu(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_criu_kernel(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_plugin(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_options(struct examination *examination, struct diagnosis *ret_diagnosis);

/* check_driver.c */
void check_utility(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_driver(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_library(struct examination *examination, struct diagnosis *ret_diagnosis);

/* check_gpus.c */
void check_gpus(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_persistence(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_mig(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_mps(struct examination *examination, struct diagnosis *ret_diagnosis);

/* check_host.c */
void check_rights(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_kernel(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_memory(struct examination *examination, struct diagnosis *ret_diagnosis);

/* check_images.c; of images that are to be restored */
void check_images(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_dump_driver(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_restore_memory(struct examination *examination,
			  struct diagnosis *ret_diagnosis);

/* check_process.c */
void check_tree(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_hands(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_state(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_restore_thread(struct examination *examination,
			  struct diagnosis *ret_diagnosis);
void check_sharing(struct examination *examination, struct diagnosis *ret_diagnosis);
void check_memory_needed(struct examination *examination,
			 struct diagnosis *ret_diagnosis);

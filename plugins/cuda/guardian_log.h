/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the guardian's log lines go, now that CRIU's log is closed: to syslog, and to a
 * file in the image directory.
 *
 * The file is made with the first line: a dump after which there is nothing to say
 * leaves none. Where it cannot be written, syslog has it all.
 */
#pragma once

#define GUARDIAN_LOG_FILE "cuda-plugin-guardian.log"

/* From now on. @image_dir: descriptor, kept and borrowed; negative if there is none. */
void guardian_log_start(int image_dir);

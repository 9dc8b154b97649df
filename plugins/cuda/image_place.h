/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * May images of GPU memory be written where CRIU's images go?
 *
 * They are big files that are written in several places at once and later read again. So
 * they need a directory, and not a stream of images; and they are for a machine that has
 * the other images too, which a page server takes elsewhere. How it was started tells
 * what CRIU does: one that is told over a socket (criu swrk, criu service), or in a
 * configuration file, to use a page server is not found out.
 *
 * Only looks. Does not log.
 */
#pragma once

#include "cleanup.h"
#include "reason.h"

/*
 * See whether images may be written to @dirfd, CRIU's image directory, in a dump by the
 * calling process.
 *
 * Return: 0; otherwise @ret_reason says why they may not:
 *   -EBADF      there is no directory: @dirfd is negative
 *   -ENOTDIR    it is none
 *   -EROFS      its file system is read-only; -EACCES: it must not be written to
 *   -ESPIPE     CRIU's images go into a stream, by criu-image-streamer
 *   -EREMOTE    memory goes to a page server
 *   -errno      another: it cannot be found out
 */
int image_place_check(int dirfd, char ret_reason[REASON_MAX]) must_check;

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a failure means, and what can be done about it: for people. Pure.
 *
 * Sources: the driver's answers as measured on driver 580, NVIDIA's release notes of the
 * checkpoint functions, its issues 42 (MIG) and 44 (a restore without room).
 */
#pragma once

#include "cuda_state.h"

/*
 * The meaning of @message, which the utility printed when it failed to do @action.
 * Where one answer has several reasons, which cannot be told apart from outside, all are
 * named.
 *
 * Return: a text, borrowed, or NULL if the message says it all.
 */
const char *remedy_of_action(enum cuda_action action, const char *message);

/*
 * The meaning of @error, a negative errno of a read in another process's /proc: that of
 * strerror(), with the capability that would allow it. Borrowed until the next call.
 */
const char *remedy_of_proc(int error);

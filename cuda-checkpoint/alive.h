/* SPDX-License-Identifier: MIT */
/*
 * Whether a process has ended: the driver may wait for the answer of one that has, for
 * ever.
 */
#pragma once

#include <stdbool.h>

#include "cleanup.h"

/*
 * Has the process @pid ended (@pid may be the ID of one of its threads)? It may still be
 * a zombie. What cannot be known counts as no.
 */
bool alive_has_ended(int pid) must_check;

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for guardian.c over the world of fake_proc.h: each process knows whether
 * it is owed anything. That one which is owed nothing is locked or checkpointed is a
 * crime (fake_tool.c).
 */
#pragma once

#include "guardian.h"

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The version of all that is built here: the plugin, and the programs beside it.
 */
#pragma once

#define VERSION "0.1"

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guardian does when CRIU is no more: pay every debt that is still open.
 */
#pragma once

#include "ledger.h"
#include "tool.h"

/*
 * Give each process that is owed something its registers back, if CRIU died while its
 * restore thread had others (tripwire.h). Then bring it back to its rung, all at once,
 * and held still meanwhile (hold.h), so that it sees nothing of the time in between. One
 * that ends meanwhile is owed nothing; one that a utility is at work on, or that somebody
 * traces, is waited for, and one that is stopped, as after --leave-stopped, until it is
 * continued. What can be done in no way in ten minutes is given up, in the log with what
 * to do by hand; so this returns, but for a process that is never continued and never
 * ends.
 *
 * For a process of its own, without other children and signals: it forks one for each
 * debt, and reaps all.
 */
void settle_all(struct ledger *ledger, const struct tool *tool);

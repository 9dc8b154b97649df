/* SPDX-License-Identifier: MIT */
#include "help.h"

#include "contract.h"
#include "version.h"

static const char text[] =
	"CUDA checkpoint and restore utility.\n"
	"Version " VERSION ", of the CUDA plugin for CRIU. MIT licence.\n"
	"\n"
	"Operations:\n"
	"    --get-state --pid PID [--pid PID]...\n"
	"        print the state of CUDA in the process: running, locked,\n"
	"        checkpointed or failed\n"
	"    --action lock|checkpoint|restore|unlock --pid PID [--pid PID]...\n"
	"        lock        running -> locked: the process makes no new CUDA calls\n"
	"        checkpoint  locked -> checkpointed: GPU memory goes to host memory,\n"
	"                    the GPU is let go\n"
	"        restore     checkpointed -> locked: the GPU is taken again\n"
	"        unlock      locked -> running\n"
	"    --toggle --pid PID\n"
	"        running -> checkpointed, or checkpointed -> running\n"
	"    --get-restore-tid --pid PID [--pid PID]...\n"
	"        print the ID of the thread that the operations run in\n"
	"    --get-memory --pid PID [--pid PID]...\n"
	"        print each PID and the bytes of GPU memory that it holds, or\n"
	"        \"unknown\", a line each; NVIDIA's utility does not have this\n"
	"    --help\n"
	"        print this text\n"
	"\n"
	"Options:\n"
	"    -p, --pid PID\n"
	"        the process\n"
	"    " CONTRACT_SEVERAL_PIDS "\n"
	"        Not for --toggle. One line of answer for each, as it comes:\n"
	"            PID STATE               --get-state\n"
	"            PID TID                 --get-restore-tid\n"
	"            PID ok MILLISECONDS     --action\n"
	"            PID error CODE \"TEXT\"   what failed: the driver's number (0: not\n"
	"                                    its answer) and words; exit status 1\n"
	"    -t, --timeout MS\n"
	"        how long a lock may wait for running work, in milliseconds;\n"
	"        0, the default: without limit (lock and toggle)\n"
	"    -d, --device-map OLD=NEW[,OLD=NEW]...\n"
	"        the UUIDs of all GPUs at the checkpoint, and of those that take\n"
	"        their place (restore; driver r580 or newer)\n"
	"    -h, --help\n"
	"        print this text\n";

void help_print(FILE *stream)
{
	fputs(text, stream);
}

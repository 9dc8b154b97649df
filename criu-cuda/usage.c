/* SPDX-License-Identifier: GPL-2.0-only */
#include "usage.h"

static const char text[] =
	"Look at the images that the CUDA plugin for CRIU has made.\n"
	"\n"
	"    criu-cuda inspect [--json] DIR\n"
	"        print what the directory of a dump holds of GPU memory, and whether a\n"
	"        restore needs the plugin\n"
	"    criu-cuda verify [--threads N] DIR\n"
	"        read all of each GPU memory image and compare the checksums\n"
	"    criu-cuda --help | --version\n"
	"\n"
	"    --json\n"
	"        for programs: one JSON object\n"
	"    --threads N\n"
	"        read by so many threads, 1 to 64; the default is the number of CPUs\n"
	"\n"
	"Nothing is ever changed. Exit status: 0 all is good; 1 something is missing,\n"
	"incomplete or damaged; 2 the command line is wrong, DIR cannot be read, or\n"
	"what was found cannot be printed.\n";

void usage_print(FILE *stream)
{
	fputs(text, stream);
}

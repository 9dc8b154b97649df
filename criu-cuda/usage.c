/* SPDX-License-Identifier: GPL-2.0-only */
#include "usage.h"

static const char text[] =
	"Look at the images that the CUDA plugin for CRIU has made, and at the machine.\n"
	"\n"
	"    criu-cuda inspect [--json] DIR\n"
	"        print what the directory of a dump holds of GPU memory, and whether a\n"
	"        restore needs the plugin\n"
	"    criu-cuda verify [--threads N] DIR\n"
	"        read all of each GPU memory image and compare the checksums\n"
	"    criu-cuda stats [--svg] [--line N] FILE\n"
	"        print what a dump or restore took, as the plugin's option stats=FILE\n"
	"        has written it: a table\n"
	"    criu-cuda doctor [--pid PID] [--json] [--libdir DIR]\n"
	"        see what would make a dump or a restore fail here: a line for each\n"
	"        thing that was looked at, and what can be done about it\n"
	"    criu-cuda recover --pid PID | --tree PID [--images DIR]\n"
	"        bring a process, or this one and all below it, that was left locked or\n"
	"        checkpointed back to running\n"
	"    criu-cuda --help | --version\n"
	"\n"
	"    --json\n"
	"        for programs: one JSON object\n"
	"    --libdir DIR\n"
	"        where CRIU is told to look for plugins, by its own option of that name\n"
	"    --pid PID\n"
	"        this process; the doctor looks at those below it, too\n"
	"    --images DIR\n"
	"        the directory of its dump, if its GPU memory is in an image there\n"
	"    --threads N\n"
	"        read by so many threads, 1 to 64; the default is the number of CPUs\n"
	"    --svg\n"
	"        a picture: when what was done with each process\n"
	"    --line N\n"
	"        what is in line N of FILE, from 1 on; the default is the last\n"
	"\n"
	"But for recover nothing is ever changed. Exit status: 0 all is good, but "
	"perhaps\n"
	"for warnings; 1 something is missing, incomplete or damaged, the doctor has "
	"found\n"
	"an error, or a process could not be brought back; 2 the command line is wrong,\n"
	"DIR or FILE cannot be read, or what was found cannot be printed.\n";

void usage_print(FILE *stream)
{
	fputs(text, stream);
}

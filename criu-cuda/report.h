/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found in a directory, and whether it can be restored here, printed:
 * report_text.c for people, report_json.c for programs.
 *
 * The latter is one line, one JSON object:
 *
 *     {"format":1,"directory":"/dumps/7","plugin":"needed",
 *      "images":[{"pid":4711,"file":"cuda-memory-4711.img","memory_bytes":67108864,
 *        "file_bytes":33562624,"stored_bytes":33554432,"chunk_bytes":4194304,"chunks":16,
 *        "zero_chunks":8,"compression":"none","address":"0x7f1234560000",
 *        "driver":"NVIDIA 570.86.15"}],
 *      "memory_bytes":67108864,"file_bytes":33562624,
 *      "pages":{"files":2,"bytes":71303168},
 *      "problems":[{"file":"cuda-memory-4712.img","verdict":"damaged",
 *        "reason":"its header is damaged"}],
 *      "restore":{"verdict":"error",
 *        "checks":[{"check":"images","verdict":"error","finding":"...","remedy":"..."}]}}
 *
 *     format     raised when what is here changes its meaning; keys may be added
 *     plugin     what inventory.img says of the plugin: "needed", "not needed" or
 *                "not said" (there is no list, as before CRIU 4.1); null if it cannot be
 *                read
 *     images     GPU memory images whose header, index and footer are good, by pid;
 *                "stored_bytes" is of the chunks as they are in the file, "zero_chunks"
 *                are those that are not, being all zeros; "compression" is "none" or
 *                "zstd"
 *     memory_bytes, file_bytes   of all images
 *     pages      CRIU's own images of memory
 *     problems   each other file: "verdict" is "missing", "incomplete", "damaged",
 *                "unknown" (of another version), "unreadable" or "wrong"; "reason" is for
 *                people
 *     restore    of the images on this machine, as diagnosis.h has it: "verdict" is
 *                "error" if it cannot be done
 *
 * Errors are left in the stream, for the caller to see.
 */
#pragma once

#include <stdio.h>

#include "doctor/diagnosis.h"
#include "inspection.h"

/* @restore: what doctor_examine_restore() has found. */
void report_text(FILE *stream, const struct inspection *inspection,
		 const struct diagnoses *restore);
void report_json(FILE *stream, const struct inspection *inspection,
		 const struct diagnoses *restore);

/* The word for it. */
const char *report_compression(enum memory_image_compression compression);

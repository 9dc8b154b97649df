/* SPDX-License-Identifier: GPL-2.0-only */
#include "diagnosis.h"

#include <stdarg.h>

#include "foreign_text.h"

#define FORMAT 1

const char *grade_name(enum grade grade)
{
	static const char *const names[] = {
		[GRADE_NONE] = "none",
		[GRADE_OK] = "ok",
		[GRADE_WARNING] = "warning",
		[GRADE_ERROR] = "error",
	};

	return names[grade];
}

void diagnosis_find(struct diagnosis *diagnosis, enum grade grade, const char *format,
		    ...)
{
	va_list values;

	diagnosis->grade = grade;
	diagnosis->remedy[0] = '\0';
	va_start(values, format);
	vsnprintf(diagnosis->finding, sizeof(diagnosis->finding), format, values);
	va_end(values);
}

void diagnosis_advise(struct diagnosis *diagnosis, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(diagnosis->remedy, sizeof(diagnosis->remedy), format, values);
	va_end(values);
}

enum grade diagnoses_worst(const struct diagnoses *diagnoses)
{
	enum grade worst = GRADE_OK;

	for (size_t i = 0; i < diagnoses->count; i++)
		if (diagnoses->at[i].grade > worst)
			worst = diagnoses->at[i].grade;

	return worst;
}

void diagnoses_print(FILE *stream, const struct diagnoses *diagnoses)
{
	for (size_t i = 0; i < diagnoses->count; i++) {
		const struct diagnosis *diagnosis = &diagnoses->at[i];

		fprintf(stream, "%-7s  %s: ", grade_name(diagnosis->grade),
			diagnosis->check);
		foreign_text_print(stream, diagnosis->finding);
		if (diagnosis->remedy[0])
			fputs("; ", stream);
		foreign_text_print(stream, diagnosis->remedy);
		fputc('\n', stream);
	}
}

static void print_one_json(FILE *stream, const struct diagnosis *diagnosis)
{
	fprintf(stream,
		"{\"check\":\"%s\",\"verdict\":\"%s\",\"finding\":", diagnosis->check,
		grade_name(diagnosis->grade));
	foreign_text_print_json(stream, diagnosis->finding);
	fputs(",\"remedy\":", stream);
	if (diagnosis->remedy[0])
		foreign_text_print_json(stream, diagnosis->remedy);
	else
		fputs("null", stream);
	fputc('}', stream);
}

void diagnoses_print_json_members(FILE *stream, const struct diagnoses *diagnoses)
{
	fprintf(stream, "\"verdict\":\"%s\",\"checks\":[",
		grade_name(diagnoses_worst(diagnoses)));
	for (size_t i = 0; i < diagnoses->count; i++) {
		fputs(i ? "," : "", stream);
		print_one_json(stream, &diagnoses->at[i]);
	}
	fputc(']', stream);
}

void diagnoses_print_json(FILE *stream, const struct diagnoses *diagnoses, pid_t pid)
{
	fprintf(stream, "{\"format\":%d,\"pid\":", FORMAT);
	if (pid)
		fprintf(stream, "%d", (int)pid);
	else
		fputs("null", stream);
	fputc(',', stream);
	diagnoses_print_json_members(stream, diagnoses);
	fputs("}\n", stream);
}

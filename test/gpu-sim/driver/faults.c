/* SPDX-License-Identifier: GPL-2.0-only */
#include "faults.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "settings.h"

static const struct {
	const char *word;
	bool has_value;
} kinds[] = {
	[FAULT_FAIL] = { "fail", true },
	[FAULT_DELAY] = { "delay", true },
	[FAULT_HANG] = { "hang", false },
	[FAULT_DIE] = { "die", false },
};

static const char *const variables[OPERATIONS] = {
	[OPERATION_GET_STATE] = "CUDA_SIM_GET_STATE",
	[OPERATION_LOCK] = "CUDA_SIM_LOCK",
	[OPERATION_CHECKPOINT] = "CUDA_SIM_CHECKPOINT",
	[OPERATION_RESTORE] = "CUDA_SIM_RESTORE",
	[OPERATION_UNLOCK] = "CUDA_SIM_UNLOCK",
};

/* Cut @text at @mark. Return: what comes after it, or NULL without @mark. */
static char *cut(char *text, char mark)
{
	char *at = strchr(text, mark);

	if (at)
		*at++ = '\0';
	return at;
}

static int parse_kind(const char *word, enum fault_kind *ret_kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(word, kinds[i].word) == 0) {
			*ret_kind = (enum fault_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_fault(char *text, struct fault *fault)
{
	const char *call = cut(text, '@');
	const char *value = cut(text, '=');

	*fault = (struct fault){ 0 };
	if (parse_kind(text, &fault->kind) < 0 || !!value != kinds[fault->kind].has_value)
		return -EINVAL;
	if (value && settings_parse_number(value, &fault->value) < 0)
		return -EINVAL;
	if (fault->kind == FAULT_FAIL && fault->value == CUDA_SUCCESS)
		return -EINVAL;
	if (call && (settings_parse_number(call, &fault->call) < 0 || !fault->call))
		return -EINVAL;
	return 0;
}

static int parse_list(char *text, struct fault *list, unsigned int *ret_count)
{
	unsigned int count = 0;

	for (char *next; text; text = next) {
		next = cut(text, ',');
		if (count == FAULTS_MAX || parse_fault(text, &list[count]) < 0)
			return -EINVAL;
		count++;
	}
	*ret_count = count;
	return 0;
}

static int read_operation(struct faults *faults, enum operation operation)
{
	const char *text = getenv(variables[operation]);
	char *autofree copy = NULL;

	if (!text || !*text)
		return 0;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	if (parse_list(copy, faults->operations[operation].list,
		       &faults->operations[operation].count) < 0)
		return settings_refuse(variables[operation], text);
	return 0;
}

int faults_read(struct faults *ret_faults)
{
	memset(ret_faults, 0, sizeof(*ret_faults));
	for (enum operation operation = 0; operation < OPERATIONS; operation++) {
		int ret = read_operation(ret_faults, operation);

		if (ret)
			return ret;
	}
	return 0;
}

static void hang(void)
{
	for (;;)
		pause();
}

static void suffer(const struct fault *fault)
{
	if (fault->kind == FAULT_DELAY)
		clock_sleep_ms(fault->value);
	else if (fault->kind == FAULT_HANG)
		hang();
	else if (fault->kind == FAULT_DIE)
		kill(getpid(), SIGKILL);
}

CUresult faults_meet(struct faults *faults, enum operation operation)
{
	const struct fault *list = faults->operations[operation].list;
	unsigned int call = ++faults->operations[operation].calls;

	for (unsigned int i = 0; i < faults->operations[operation].count; i++) {
		if (list[i].call && list[i].call != call)
			continue;
		suffer(&list[i]);
		if (list[i].kind == FAULT_FAIL)
			return (CUresult)list[i].value;
	}
	return CUDA_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "timeline.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#define FORMAT 1
/* The object, "processes", a process, one of its steps, and some for keys to come. */
#define DEPTH_MAX 8
/* The year 9999, for which dates are made. */
#define BEGAN_MAX 253402300799.0

static const char *const phase_names[] = {
	[PHASE_FIND] = "find",
	[PHASE_LOCK] = "lock",
	[PHASE_CHECKPOINT] = "checkpoint",
	[PHASE_RESTORE] = "restore",
};

static const char *const step_names[] = {
	[STEP_LOCK] = "lock", [STEP_CHECKPOINT] = "checkpoint", [STEP_WRITE] = "write",
	[STEP_FILL] = "fill", [STEP_RESTORE] = "restore",	[STEP_UNLOCK] = "unlock",
};

static const char *const found_names[] = {
	[FOUND_RUNNING] = "running",
	[FOUND_LOCKED] = "locked",
	[FOUND_CHECKPOINTED] = "checkpointed",
};

const char *timeline_phase_name(enum timeline_phase phase)
{
	return phase_names[phase];
}

const char *timeline_step_name(enum timeline_step step)
{
	return step_names[step];
}

const char *timeline_found_name(enum timeline_found found)
{
	return found_names[found];
}

/* @key is one of ours, for the reason. */
static int bad(const char *key, char reason[REASON_MAX])
{
	reason_set(reason, -EBADMSG, "\"%s\" is missing, or makes no sense", key);
	return -EBADMSG;
}

static int get(struct json_object *object, const char *key, enum json_type type,
	       struct json_object **ret_value, char reason[REASON_MAX])
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, type))
		return bad(key, reason);

	*ret_value = value;
	return 0;
}

/* Whole numbers may stand for decimal ones. */
static int get_decimal(struct json_object *object, const char *key, double most,
		       double *ret_number, char reason[REASON_MAX])
{
	struct json_object *value;
	double number;

	if (!json_object_object_get_ex(object, key, &value) ||
	    (!json_object_is_type(value, json_type_double) &&
	     !json_object_is_type(value, json_type_int)))
		return bad(key, reason);
	number = json_object_get_double(value);
	if (!(number >= 0 && number <= most)) /* also if it is no number */
		return bad(key, reason);

	*ret_number = number;
	return 0;
}

static int get_whole(struct json_object *object, const char *key, uint64_t *ret_number,
		     char reason[REASON_MAX])
{
	struct json_object *value;
	int ret;

	ret = get(object, key, json_type_int, &value, reason);
	if (ret < 0)
		return ret;
	if (json_object_get_int64(value) < 0)
		return bad(key, reason);

	*ret_number = json_object_get_uint64(value);
	return 0;
}

/* The place of the word in @words. */
static int get_word(struct json_object *object, const char *key,
		    const char *const words[], int count, char reason[REASON_MAX])
{
	struct json_object *value;
	int ret;

	ret = get(object, key, json_type_string, &value, reason);
	if (ret < 0)
		return ret;
	for (int i = 0; i < count; i++) {
		if (strcmp(json_object_get_string(value), words[i]) == 0)
			return i;
	}

	return bad(key, reason);
}

/* One that is not there did not take place. */
static int get_span(struct json_object *object, const char *key,
		    struct timeline_span *ret_span, char reason[REASON_MAX])
{
	struct timeline_span span = { .took_place = true };
	struct json_object *value;
	int ret;

	if (!json_object_object_get_ex(object, key, &value)) {
		*ret_span = (struct timeline_span){ .took_place = false };
		return 0;
	}
	if (!json_object_is_type(value, json_type_object))
		return bad(key, reason);
	ret = get_decimal(value, "begin_ms", TIMELINE_MS_MAX, &span.begin_ms, reason);
	if (ret < 0)
		return ret;
	ret = get_decimal(value, "ms", TIMELINE_MS_MAX, &span.ms, reason);
	if (ret < 0)
		return ret;

	*ret_span = span;
	return 0;
}

static int get_steps(struct json_object *object, struct timeline_process *process,
		     char reason[REASON_MAX])
{
	struct json_object *lock;
	int ret;

	for (int i = 0; i < STEP_COUNT; i++) {
		ret = get_span(object, step_names[i], &process->steps[i], reason);
		if (ret < 0)
			return ret;
	}

	if (!json_object_object_get_ex(object, step_names[STEP_LOCK], &lock))
		return 0;
	return get_whole(lock, "tries", &process->lock_tries, reason);
}

/* null: it is not known. */
static int get_bytes(struct json_object *object, struct timeline_process *process,
		     char reason[REASON_MAX])
{
	struct json_object *value;

	if (json_object_object_get_ex(object, "bytes", &value) && !value)
		return 0;

	process->is_bytes_known = true;
	return get_whole(object, "bytes", &process->bytes, reason);
}

static int get_process(struct json_object *object, struct timeline_process *process,
		       char reason[REASON_MAX])
{
	uint64_t pid;
	int ret;

	if (!json_object_is_type(object, json_type_object))
		return bad("processes", reason);
	ret = get_whole(object, "pid", &pid, reason);
	if (ret < 0)
		return ret;
	if (pid < 1 || pid > INT_MAX)
		return bad("pid", reason);
	ret = get_word(object, "found", found_names, FOUND_COUNT, reason);
	if (ret < 0)
		return ret;

	process->pid = (int)pid;
	process->found = (enum timeline_found)ret;
	ret = get_bytes(object, process, reason);
	if (ret < 0)
		return ret;

	return get_steps(object, process, reason);
}

static int get_processes(struct json_object *line, struct timeline *timeline,
			 char reason[REASON_MAX])
{
	struct json_object *array;
	size_t count;
	int ret;

	ret = get(line, "processes", json_type_array, &array, reason);
	if (ret < 0)
		return ret;

	count = json_object_array_length(array);
	timeline->processes = calloc(count + 1, sizeof(*timeline->processes));
	if (!timeline->processes)
		return reason_set(reason, -ENOMEM, "there is no memory for it");
	for (size_t i = 0; i < count; i++) {
		ret = get_process(json_object_array_get_idx(array, i),
				  &timeline->processes[i], reason);
		if (ret < 0)
			return ret;
	}

	timeline->process_count = count;
	return 0;
}

static int get_phases(struct json_object *line, struct timeline *timeline,
		      char reason[REASON_MAX])
{
	struct json_object *phases;
	int ret;

	ret = get(line, "phases", json_type_object, &phases, reason);
	for (int i = 0; ret == 0 && i < PHASE_COUNT; i++)
		ret = get_span(phases, phase_names[i], &timeline->phases[i], reason);

	return ret;
}

static int get_summary(struct json_object *line, struct timeline *timeline,
		       char reason[REASON_MAX])
{
	static const char *const operations[] = { "dump", "restore" };
	struct json_object *succeeded;
	int ret;

	ret = get_word(line, "operation", operations, 2, reason);
	if (ret < 0)
		return ret;
	timeline->is_restore = ret == 1;

	ret = get(line, "succeeded", json_type_boolean, &succeeded, reason);
	if (ret < 0)
		return ret;
	timeline->succeeded = json_object_get_boolean(succeeded);

	ret = get_decimal(line, "began", BEGAN_MAX, &timeline->began, reason);
	if (ret < 0)
		return ret;
	ret = get_whole(line, "parallel", &timeline->parallel, reason);
	if (ret < 0)
		return ret;
	ret = get_whole(line, "others", &timeline->others, reason);
	if (ret < 0)
		return ret;

	return get_whole(line, "runs", &timeline->runs, reason);
}

static int get_format(struct json_object *line, char reason[REASON_MAX])
{
	uint64_t format;
	int ret;

	ret = get_whole(line, "format", &format, reason);
	if (ret < 0)
		return ret;
	if (format != FORMAT)
		return reason_set(reason, -EBADMSG, "it is of another format than %d",
				  FORMAT);

	return 0;
}

static int understand(struct json_object *line, struct timeline *ret_timeline,
		      char reason[REASON_MAX])
{
	struct timeline timeline = { .processes = NULL };
	int ret;

	ret = get_format(line, reason);
	if (ret == 0)
		ret = get_summary(line, &timeline, reason);
	if (ret == 0)
		ret = get_phases(line, &timeline, reason);
	if (ret == 0)
		ret = get_processes(line, &timeline, reason);
	if (ret < 0) {
		timeline_release(&timeline);
		return ret;
	}

	*ret_timeline = timeline;
	return 0;
}

static int read_json(struct json_tokener *tokener, const char *text, size_t length,
		     struct json_object **ret_line, char reason[REASON_MAX])
{
	enum json_tokener_error error;
	struct json_object *line;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	line = json_tokener_parse_ex(tokener, text, (int)length);
	error = json_tokener_get_error(tokener);
	if (error == json_tokener_continue)
		return reason_set(reason, -EBADMSG, "it ends too early");
	if (error != json_tokener_success)
		return reason_set(reason, -EBADMSG, "it is no JSON: %s",
				  json_tokener_error_desc(error));
	if (!json_object_is_type(line, json_type_object)) {
		json_object_put(line);
		return reason_set(reason, -EBADMSG, "it is no JSON object");
	}

	*ret_line = line;
	return 0;
}

int timeline_parse(const char *text, size_t length, struct timeline *ret_timeline,
		   char ret_reason[REASON_MAX])
{
	struct json_tokener *tokener;
	struct json_object *line = NULL;
	int ret;

	if (length && text[length - 1] == '\n')
		length--;
	if (length > TIMELINE_LINE_MAX)
		return reason_set(ret_reason, -EBADMSG, "it is longer than %u bytes",
				  TIMELINE_LINE_MAX);
	tokener = json_tokener_new_ex(DEPTH_MAX);
	if (!tokener)
		return reason_set(ret_reason, -ENOMEM, "there is no memory for it");

	ret = read_json(tokener, text, length, &line, ret_reason);
	if (ret == 0)
		ret = understand(line, ret_timeline, ret_reason);
	json_object_put(line);
	json_tokener_free(tokener);
	return ret;
}

void timeline_release(struct timeline *timeline)
{
	free(timeline->processes);
	*timeline = (struct timeline){ .processes = NULL };
}

static double latest(double end_ms, const struct timeline_span spans[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (spans[i].took_place && spans[i].begin_ms + spans[i].ms > end_ms)
			end_ms = spans[i].begin_ms + spans[i].ms;
	}

	return end_ms;
}

double timeline_end_ms(const struct timeline *timeline)
{
	double end_ms = latest(0, timeline->phases, PHASE_COUNT);

	for (size_t i = 0; i < timeline->process_count; i++)
		end_ms = latest(end_ms, timeline->processes[i].steps, STEP_COUNT);

	return end_ms;
}

/*
 * git_remote_read in a process of its own, which can be killed.
 *
 * The process is this program again (source_child_main). What it is to do goes to its standard input
 * and its answer comes from its standard output, as JSON: the command line, which others can see, has
 * nothing of a URL. It keeps the clone's lock for as long as it lives.
 */
#include "agent/source_git_remote.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <git2.h>

#include "agent/child.h"
#include "agent/source.h"
#include "agent/source_git_cache.h"
#include "diff/json.h"

#define CHILD_NAME     "tranche-fetch"
#define MAX_JSON_BYTES (1024u * 1024)

/* --- the agent's side ------------------------------------------------------------------------- */

static int set_optional(cJSON *object, const char *key, const char *value, struct err *err)
{
	return value ? json_set_str(object, key, value, err) : 0;
}

static int print_refs(const struct remote_request *request, cJSON *object, struct err *err)
{
	cJSON *refs = cJSON_AddArrayToObject(object, "refs");

	for (size_t i = 0; i < request->ref_count; i++) {
		cJSON *ref = request->refs[i] ? cJSON_CreateString(request->refs[i])
					      : cJSON_CreateNull();
		if (!refs || !cJSON_AddItemToArray(refs, ref))
			return err_no_memory(err);
	}
	return refs ? 0 : err_no_memory(err);
}

static int print_request(const struct remote_request *request, struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();

	if (!object)
		return err_no_memory(err);
	if (json_set_int(object, "parent", getpid(), err) < 0 ||
	    json_set_str(object, "url", request->url, err) < 0 ||
	    json_set_str(object, "name", request->name, err) < 0 ||
	    json_set_str(object, "folder", request->folder, err) < 0 ||
	    print_refs(request, object, err) < 0 ||
	    set_optional(object, "credentials", request->credentials, err) < 0 ||
	    json_set_int(object, "maxBytes", request->max_bytes, err) < 0 ||
	    json_set_int(object, "maxObjects", request->max_objects, err) < 0 ||
	    json_set_int(object, "manyPacks", request->many_packs, err) < 0)
		return -1;
	json_print(object, out);
	return buf_check(out, "the request to fetch", err);
}

static int copy_optional(const cJSON *object, const char *key, char **ret_value, struct err *err)
{
	const char *value = json_str(object, key);

	if (!value)
		return 0;
	*ret_value = strdup(value);
	return *ret_value ? 0 : err_no_memory(err);
}

/* What is said to be wrong; false: nothing. */
static bool read_error(const cJSON *object, struct err *err)
{
	const char *message = json_str(object, "message");

	if (message)
		err_set(err, (enum err_class)json_int_or(object, "class", ERR_INTERNAL), "%s",
			message);
	return message != NULL;
}

static int read_ref(const cJSON *object, struct remote_answer *answer, struct err *err)
{
	if (read_error(object, &answer->err))
		return 0;
	if (copy_optional(object, "commit", &answer->commit, err) < 0 ||
	    copy_optional(object, "tag", &answer->tag, err) < 0 ||
	    copy_optional(object, "label", &answer->label, err) < 0)
		return -1;
	return answer->commit ? 0 : err_set(err, ERR_INTERNAL, "a ref without a commit");
}

static int read_answers(const cJSON *object, size_t count, struct remote_answer **ret_answers,
			struct err *err)
{
	struct remote_answer *answers = calloc(count + 1, sizeof(*answers));
	const cJSON *item;
	size_t filled = 0;

	if (!answers)
		return err_no_memory(err);
	int result = 0;
	cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(object, "answers")) {
		if (filled < count && result == 0)
			result = read_ref(item, &answers[filled++], err);
	}
	if (result == 0 && filled < count)
		result = err_set(err, ERR_INTERNAL, "the process that fetches answered in part");
	if (result < 0)
		remote_answers_free(answers, count);
	else
		*ret_answers = answers;
	return result;
}

static int read_output(const struct child_result *result, size_t count,
		       struct remote_answer **ret_answers, bool *ret_damaged, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	struct err unread;

	if (json_parse(buf_str(&result->output), result->output.length, &object, &unread) < 0)
		return err_set(err, ERR_INTERNAL,
			       "the process that fetches ended with exit code %d",
			       result->exit_code);
	*ret_damaged = json_true(object, "damaged");
	if (read_error(object, err))
		return -1;
	return read_answers(object, count, ret_answers, err);
}

/* git_remote_read in the other process; ERR_TRANSIENT where it takes longer than `deadline_ms`. */
static int read_in_child(const struct remote_request *request, int lock_fd, int64_t deadline_ms,
			 struct remote_answer **ret_answers, bool *ret_damaged, struct err *err)
{
	static const char *const args[] = {CHILD_NAME, NULL};
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_JSON_BYTES);
	CLEANUP(child_result_release) struct child_result result = {0};

	*ret_damaged = false;
	if (print_request(request, &text, err) < 0)
		return -1;
	const struct child_options options = {
		.file = "/proc/self/exe",
		.args = args,
		.input = buf_str(&text),
		.input_length = text.length,
		.deadline_ms = deadline_ms,
		.keep_fd = lock_fd,
		.shares_errors = true,
	};
	int code = child_run(&options, &result, err);
	if (text.data)
		explicit_bzero(text.data, text.length);
	if (code == 0)
		return read_output(&result, request->ref_count, ret_answers, ret_damaged, err);
	git_cache_sweep(request->folder);
	if (err->class == ERR_TRANSIENT)
		return err_set(
			err, ERR_TRANSIENT,
			"cannot read %s: the server took longer than %lld s (--fetch-timeout)",
			request->name, (long long)(deadline_ms + 999) / 1000);
	if (err->class == ERR_NOT_FOUND)
		return err_set(err, ERR_INTERNAL,
			       "cannot read %s: /proc is not mounted, through which the process "
			       "that fetches is started",
			       request->name);
	return err_prefix(err, "cannot read %s", request->name);
}

/* --- the clone, and what is fetched into it ---------------------------------------------------- */

static int take_answer(const struct remote_answer *answer, struct resolved *ret, struct err *err)
{
	if (answer->err.class != ERR_NONE) {
		*err = answer->err;
		return -1;
	}
	return resolved_set(ret, answer->commit, answer->tag, answer->label, err);
}

/* Packs of a clone that is somebody else's are not ours to merge. */
static int64_t many_packs(const struct git_source *git)
{
	if (!git_cache_is_ours(git->folder))
		return 0;
	return git->options->many_packs ? git->options->many_packs : SOURCE_MANY_PACKS;
}

static int fetch(struct git_source *git, int lock_fd, const char *const *refs, size_t count,
		 struct resolved *ret, bool *ret_damaged, struct err *err)
{
	const struct source_options *options = git->options;
	const struct remote_request request = {
		.url = options->repo,
		.name = git->name,
		.refs = refs,
		.ref_count = count,
		.folder = git->folder,
		.credentials = options->credentials,
		.max_bytes = options->max_fetch_bytes ? options->max_fetch_bytes
						      : SOURCE_MAX_FETCH_BYTES,
		.max_objects = options->max_fetch_objects ? options->max_fetch_objects
							  : SOURCE_MAX_FETCH_OBJECTS,
		.many_packs = many_packs(git),
	};
	struct remote_answer *answers = NULL;
	int64_t deadline_ms = options->fetch_ms ? options->fetch_ms : SOURCE_FETCH_MS;

	*ret_damaged = false;
	if (!git->repository && git_cache_open(git, err) < 0) {
		*ret_damaged = err->class == ERR_INVALID;
		return -1;
	}
	if (read_in_child(&request, lock_fd, deadline_ms, &answers, ret_damaged, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		take_answer(&answers[i], &ret[i], &ret[i].err);
	remote_answers_free(answers, count);
	return 0;
}

/* What is wrong with a ref because the clone may be damaged. */
static struct err *find_damage(struct resolved *resolved, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (resolved[i].err.class == ERR_INVALID)
			return &resolved[i].err;
	return NULL;
}

int git_resolve_remote(struct git_source *git, int lock_fd, const char *const *refs, size_t count,
		       struct resolved *ret, struct err *err)
{
	struct err first; /* on success *err stays as it was */
	bool is_damaged;
	int result = fetch(git, lock_fd, refs, count, ret, &is_damaged, &first);
	struct err *of_ref = result == 0 && is_damaged ? find_damage(ret, count) : NULL;

	if (of_ref)
		first = *of_ref;
	if (!is_damaged || git_cache_discard(git, &first) < 0) {
		if (of_ref)
			*of_ref = first;
		else if (result < 0)
			*err = first;
		return result;
	}
	for (size_t i = 0; i < count; i++) {
		resolved_release(&ret[i]);
		ret[i] = (struct resolved){0};
	}
	return fetch(git, lock_fd, refs, count, ret, &is_damaged, err);
}

/* --- the other process ------------------------------------------------------------------------ */

bool source_is_child(char *const *argv)
{
	return argv[0] && strcmp(argv[0], CHILD_NAME) == 0;
}

static int read_input(cJSON **ret_request, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_JSON_BYTES);
	char chunk[4096];
	ssize_t length;

	while ((length = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		buf_append(&text, chunk, (size_t)length);
	if (buf_check(&text, "the request to fetch", err) < 0)
		return -1;
	return json_parse(buf_str(&text), text.length, ret_request, err);
}

/* The refs of a request; *ret_refs is the caller's, what it points to the request's. */
static int read_refs(const cJSON *object, const char ***ret_refs, size_t *ret_count,
		     struct err *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "refs"), *item;
	const char **refs = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*refs));
	size_t count = 0;

	if (!refs)
		return err_no_memory(err);
	cJSON_ArrayForEach (item, list)
		refs[count++] = cJSON_GetStringValue(item);
	*ret_refs = refs;
	*ret_count = count;
	return 0;
}

static int serve(const cJSON *object, struct remote_request *request,
		 struct remote_answer **ret_answers, bool *ret_damaged, struct err *err)
{
	const char **refs = NULL;

	*request = (struct remote_request){
		.url = json_str(object, "url"),
		.name = json_str(object, "name"),
		.folder = json_str(object, "folder"),
		.credentials = json_str(object, "credentials"),
		.max_bytes = json_int_or(object, "maxBytes", 0),
		.max_objects = json_int_or(object, "maxObjects", 0),
		.many_packs = json_int_or(object, "manyPacks", 0),
	};
	if (!request->url || !request->name || !request->folder)
		return err_set(err, ERR_INVALID, "%s is not for people to run", CHILD_NAME);
	if (read_refs(object, &refs, &request->ref_count, err) < 0)
		return -1;
	request->refs = refs;
	int code = git_libgit2_init() < 0 ? err_set(err, ERR_INTERNAL, "libgit2 cannot start")
					  : git_remote_read(request, ret_answers, ret_damaged, err);
	git_libgit2_shutdown();
	free(refs);
	return code;
}

static int print_error_of(cJSON *object, const struct err *fault, struct err *err)
{
	if (json_set_int(object, "class", fault->class, err) < 0)
		return -1;
	return json_set_str(object, "message", fault->message, err);
}

static int print_ref(cJSON *list, const struct remote_answer *answer, struct err *err)
{
	cJSON *object = cJSON_CreateObject();

	if (!object || !cJSON_AddItemToArray(list, object))
		return err_no_memory(err);
	if (answer->err.class != ERR_NONE)
		return print_error_of(object, &answer->err, err);
	if (set_optional(object, "commit", answer->commit, err) < 0 ||
	    set_optional(object, "tag", answer->tag, err) < 0)
		return -1;
	return set_optional(object, "label", answer->label, err);
}

static int print_answers(cJSON *object, const struct remote_answer *answers, size_t count,
			 struct err *err)
{
	cJSON *list = cJSON_AddArrayToObject(object, "answers");

	if (!list)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++)
		if (print_ref(list, &answers[i], err) < 0)
			return -1;
	return 0;
}

/* `answers` NULL: all of it failed. */
static int print_output(const struct remote_answer *answers, size_t count, bool is_damaged,
			const struct err *fault)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_JSON_BYTES);
	struct err err;

	if (!object)
		return 1;
	if ((answers ? print_answers(object, answers, count, &err)
		     : print_error_of(object, fault, &err)) < 0 ||
	    json_set(object, "damaged", cJSON_CreateBool(is_damaged), &err) < 0)
		return 1;
	json_print(object, &text);
	for (size_t done = 0; done < text.length;) {
		ssize_t written = write(STDOUT_FILENO, buf_str(&text) + done, text.length - done);
		if (written < 0)
			return 1;
		done += (size_t)written;
	}
	return 0;
}

int source_child_main(void)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	struct remote_request request = {0};
	struct remote_answer *answers = NULL;
	bool is_damaged = false;
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody else would end it */
	int code = read_input(&object, &err);
	if (code == 0 && getppid() != json_int_or(object, "parent", 0))
		return 1; /* it was gone before the line above */
	if (code == 0)
		serve(object, &request, &answers, &is_damaged, &err);
	code = print_output(answers, request.ref_count, is_damaged, &err);
	remote_answers_free(answers, request.ref_count);
	return code;
}

#include "diff/webhook.h"

#include <stdlib.h>
#include <string.h>

#include "diff/json_reader.h"

#define HEADS "refs/heads/"
#define TAGS  "refs/tags/"

/* What the events mean; one that is not here is passed over. */
static const struct event_row {
	enum webhook_provider provider;
	const char *name;
	enum webhook_event event;
} event_rows[] = {
	{WEBHOOK_GITHUB, "push", WEBHOOK_PUSH},
	{WEBHOOK_GITHUB, "create", WEBHOOK_PUSH},
	{WEBHOOK_GITHUB, "ping", WEBHOOK_PING},
	{WEBHOOK_GITLAB, "Push Hook", WEBHOOK_PUSH},
	{WEBHOOK_GITLAB, "Tag Push Hook", WEBHOOK_PUSH},
	{WEBHOOK_GITLAB, "System Hook", WEBHOOK_PUSH}, /* of the whole server: the body tells */
	{WEBHOOK_GITEA, "push", WEBHOOK_PUSH},
	{WEBHOOK_GITEA, "create", WEBHOOK_PUSH},
	{WEBHOOK_GOGS, "push", WEBHOOK_PUSH},
	{WEBHOOK_GOGS, "create", WEBHOOK_PUSH}, /* all that it says of a tag */
	{WEBHOOK_BITBUCKET, "repo:push", WEBHOOK_PUSH},
	{WEBHOOK_BITBUCKET, "repo:refs_changed", WEBHOOK_PUSH},
	{WEBHOOK_BITBUCKET, "mirror:repo_synchronized", WEBHOOK_PUSH},
	{WEBHOOK_BITBUCKET, "diagnostics:ping", WEBHOOK_PING},
	{WEBHOOK_GENERIC, "push", WEBHOOK_PUSH},
};

/* Where a payload names its repository: all the ways in which it does count. */
static const char *const repository_paths[] = {
	"repository.clone_url",        "repository.ssh_url",   "repository.git_http_url",
	"repository.git_ssh_url",      "repository.html_url",  "repository.links.html.href",
	"repository.full_name",        "project.git_http_url", "project.git_ssh_url",
	"project.path_with_namespace",
};

static const char *const default_branch_paths[] = {"repository.default_branch",
						   "project.default_branch"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum webhook_event event_of(enum webhook_provider provider, const char *name)
{
	for (size_t i = 0; i < COUNT(event_rows); i++)
		if (event_rows[i].provider == provider && strcmp(event_rows[i].name, name) == 0)
			return event_rows[i].event;
	return WEBHOOK_IGNORED;
}

/* --- the body -------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What GitHub sends unless it is told to send JSON: "payload=%7B...", application/x-www-form-urlencoded. */
static int decode_form(const char *body, size_t length, struct buf *out, struct err *err)
{
	static const char field[] = "payload=";
	size_t at = strlen(field);

	if (length < at || memcmp(body, field, at) != 0)
		return err_set(err, ERR_INVALID, "the form has no payload");
	for (; at < length && body[at] != '&'; at++) {
		if (body[at] == '%' && length - at > 2 && hex_digit(body[at + 1]) >= 0 &&
		    hex_digit(body[at + 2]) >= 0) {
			buf_putc(out,
				 (char)(hex_digit(body[at + 1]) << 4 | hex_digit(body[at + 2])));
			at += 2;
		} else {
			buf_putc(out, body[at] == '+' ? ' ' : body[at]);
		}
	}
	return buf_check(out, "the payload", err);
}

static int read_body(const struct webhook_request *request, cJSON **ret_body, struct err *err)
{
	CLEANUP(buf_release) struct buf decoded = BUF_INIT(WEBHOOK_MAX_BYTES);
	CLEANUP(json_reader_release) struct json_reader reader = {0};
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	const char *type = request->header(request->context, "Content-Type");
	bool is_form = strncmp(type, "application/x-www-form-urlencoded", 33) == 0;

	/* curl says that of whatever it sends, so only what looks like it counts. */
	if (is_form && request->length > 0 && request->body[0] == 'p') {
		if (decode_form(request->body, request->length, &decoded, err) < 0)
			return -1;
		json_reader_init(&reader, buf_str(&decoded), decoded.length);
	} else {
		json_reader_init(&reader, request->body, request->length);
	}
	reader.max_nodes = WEBHOOK_MAX_NODES;
	json_reader_skip_space(&reader);
	if (reader.at == reader.length)
		return 0; /* none: *ret_body stays NULL */
	if (json_reader_value(&reader, &body, err) < 0)
		return -1;
	json_reader_skip_space(&reader);
	if (reader.at != reader.length)
		return json_reader_error(&reader, reader.at, ERR_INVALID, err,
					 "more than one value");
	if (!cJSON_IsObject(body))
		return err_set(err, ERR_INVALID, "the body is no JSON object");
	*ret_body = STEAL(body);
	return 0;
}

/* --- what it tells --------------------------------------------------------------------------- */

/* Appends HEAD and TAIL as one text; what does not fit any more is left out. */
static int add(char ***texts, size_t *count, size_t max, const char *head, const char *tail,
	       struct err *err)
{
	char *text, **grown;

	if (*count == max)
		return 0;
	text = malloc(strlen(head) + strlen(tail) + 1);
	grown = realloc(*texts, (*count + 1) * sizeof(*grown));
	if (grown)
		*texts = grown;
	if (!text || !grown) {
		free(text);
		return err_no_memory(err);
	}
	stpcpy(stpcpy(text, head), tail);
	grown[(*count)++] = text;
	return 0;
}

static int add_repository(struct webhook_push *push, const char *url, struct err *err)
{
	if (!url || !*url)
		return 0;
	return add(&push->repositories, &push->repository_count, WEBHOOK_MAX_REPOSITORIES, url, "",
		   err);
}

/* One more than the cap is kept, so that it is known that there were more. */
static int add_ref(struct webhook_push *push, const char *kind, const char *name, struct err *err)
{
	if (!name || !*name)
		return 0;
	return add(&push->refs, &push->ref_count, WEBHOOK_MAX_REFS + 1,
		   strncmp(name, "refs/", 5) == 0 ? "" : kind, name, err);
}

/* Bitbucket Data Center: [{"href": URL, "name": "ssh"}]; its payload may have just key and slug. */
static int read_bitbucket_repository(const cJSON *repository, struct webhook_push *push,
				     struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(WEBHOOK_MAX_BYTES);
	const char *key = json_str(repository, "project.key"), *slug = json_str(repository, "slug");
	const cJSON *link;

	json_each (link, json_at(repository, "links.clone"))
		if (add_repository(push, json_str(link, "href"), err) < 0)
			return -1;
	if (!key || !slug)
		return 0;
	buf_printf(&path, "%s/%s", key, slug);
	return add_repository(push, buf_str(&path), err);
}

static int read_repositories(const cJSON *body, struct webhook_push *push, struct err *err)
{
	/* Of a generic one it may be the URL itself. */
	if (add_repository(push, json_str(body, "repository"), err) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(repository_paths); i++)
		if (add_repository(push, json_str(body, repository_paths[i]), err) < 0)
			return -1;
	return read_bitbucket_repository(json_get(body, "repository"), push, err);
}

static const char *kind_of(const char *type)
{
	return type && (strcmp(type, "tag") == 0 || strcmp(type, "TAG") == 0) ? TAGS : HEADS;
}

/* Bitbucket: {"new": {"type", "name"}, "old": ...}, or {"ref": {"id"}}. */
static int read_change(const cJSON *change, struct webhook_push *push, struct err *err)
{
	const cJSON *side = json_get(change, "new");

	if (!cJSON_IsObject(side))
		side = json_get(change, "old"); /* it was deleted */
	if (add_ref(push, kind_of(json_str(side, "type")), json_str(side, "name"), err) < 0)
		return -1;
	return add_ref(push, HEADS, json_str(change, "ref.id"), err);
}

static int read_refs(const cJSON *body, struct webhook_push *push, struct err *err)
{
	const cJSON *item;

	if (add_ref(push, kind_of(json_str(body, "ref_type")), json_str(body, "ref"), err) < 0)
		return -1;
	json_each (item, json_get(body, "refs"))
		if (cJSON_IsString(item) && add_ref(push, HEADS, item->valuestring, err) < 0)
			return -1;
	json_each (item, json_at(body, "push.changes"))
		if (read_change(item, push, err) < 0)
			return -1;
	json_each (item, json_get(body, "changes"))
		if (read_change(item, push, err) < 0)
			return -1;
	return 0;
}

static int read_default_branch(const cJSON *body, struct webhook_push *push, struct err *err)
{
	for (size_t i = 0; i < COUNT(default_branch_paths) && !push->default_branch; i++) {
		const char *name = json_str(body, default_branch_paths[i]);

		if (name && !(push->default_branch = strdup(name)))
			return err_no_memory(err);
	}
	return 0;
}

/* A hook of a whole GitLab tells of much else. */
static bool is_push_of_system(const cJSON *body)
{
	const char *name = json_str(body, "event_name");

	return name && (strcmp(name, "push") == 0 || strcmp(name, "tag_push") == 0 ||
			strcmp(name, "repository_update") == 0);
}

int webhook_read(const struct webhook_request *request, struct webhook_push *ret_push,
		 struct err *err)
{
	CLEANUP(webhook_push_release) struct webhook_push push = {0};
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	const char *event = webhook_event_name(request);

	push.event = event_of(webhook_provider_of(request), event);
	push.what = strdup(event);
	if (!push.what)
		return err_no_memory(err);
	if (push.event == WEBHOOK_PUSH) {
		if (read_body(request, &body, err) < 0 || read_repositories(body, &push, err) < 0 ||
		    read_refs(body, &push, err) < 0 || read_default_branch(body, &push, err) < 0)
			return -1;
		if (strcmp(event, "System Hook") == 0 && !is_push_of_system(body))
			push.event = WEBHOOK_IGNORED;
		push.any_ref = push.ref_count == 0 || push.ref_count > WEBHOOK_MAX_REFS;
	}
	*ret_push = push;
	push = (struct webhook_push){0};
	return 0;
}

#include "agent/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/whoami.h"
#include "apply/resource.h"
#include "apply/secret_file.h"
#include "diff/base64.h"

#define API           "/api/v1"
#define MAX_PATH      4096
#define MAX_HEADERS   (64u * 1024)
#define TOKEN_HEADER  "X-Tranche-Token"
#define USER_HEADER   "X-Tranche-User"
#define REASON_HEADER "X-Tranche-Reason"

/* --- one request ------------------------------------------------------------------------------ */

struct asking {
	const struct remote *remote;
	cJSON *answer;
	struct err err;
	int status;
	bool failed;
};

/*
 * The agent says what is wrong in its own shape, the API server in a Status; a proxy that found nobody
 * is told from an agent that has no answer by there being no such shape.
 */
static void on_answer(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct asking *asking = ctx;
	const char *words = json_str(answer->body, "error.message");

	asking->status = answer->status;
	if (!err) {
		asking->answer = STEAL(answer->body);
		return;
	}
	asking->failed = true;
	if (words)
		err_set(&asking->err, err->class, "the agent: %s", words);
	else
		asking->err = *err;
}

/* What helps, where that is known. */
static const char *advice(const struct asking *asking)
{
	if (strstr(asking->err.message, "services/proxy"))
		return "; the right is get and create on services/proxy there";
	if (strstr(asking->err.message, "no endpoints available"))
		return ": no agent is ready behind it";
	if (asking->status == 404 && strstr(asking->err.message, "services \""))
		return "; --agent=NAMESPACE/SERVICE names another";
	if (strstr(asking->err.message, "rror trying to reach service"))
		return "; does the agent serve its API (--listen, server: in its configuration)?";
	return "";
}

static int tell(const struct asking *asking)
{
	const struct remote *remote = asking->remote;
	CLEANUP(buf_release) struct buf text = BUF_INIT(2 * ERR_MESSAGE_MAX);
	struct err err = asking->err;

	buf_printf(&text, "agent %s/%s: %s%s", remote->namespace, remote->service, err.message,
		   advice(asking));
	fprintf(stderr, "tranche: %s\n", buf_str(&text));
	if (err.class == ERR_NO_MEMORY)
		return EXIT_INTERNAL;
	return asking->status == 404 && strncmp(err.message, "the agent", 9) == 0 ? EXIT_USAGE
										  : EXIT_CLUSTER;
}

static int ask(struct remote *remote, const struct cluster_request *request, struct asking *asking)
{
	struct cluster_request sent = *request;

	*asking = (struct asking){.remote = remote};
	sent.on_done = on_answer;
	sent.ctx = asking;
	if (cluster_send(remote->session.cluster, &sent, &asking->err))
		session_run(&remote->session);
	else
		asking->failed = true;
	return asking->failed ? -1 : 0;
}

static int print_path(const struct remote *remote, const char *path, struct buf *out,
		      struct err *err)
{
	buf_puts(out, "/api/v1/namespaces/");
	resource_print_encoded(remote->namespace, out);
	buf_puts(out, "/services/");
	resource_print_encoded(remote->service, out);
	buf_printf(out, ":%s/proxy%s", REMOTE_PORT, path);
	return buf_check(out, "the path", err);
}

static int send_to_agent(struct remote *remote, const char *method, const char *path,
			 bool *ret_refused, cJSON **ret_answer)
{
	CLEANUP(buf_release) struct buf target = BUF_INIT(MAX_PATH);
	struct asking asking = {.remote = remote};
	bool is_order = strcmp(method, "POST") == 0;

	if (print_path(remote, path, &target, &asking.err) < 0)
		return tell(&asking);
	const struct cluster_request request = {
		.method = method,
		.path = buf_str(&target),
		.headers = is_order ? remote->headers : NULL,
	};
	if (ask(remote, &request, &asking) < 0) {
		if (!ret_refused || asking.status != 409)
			return tell(&asking);
		*ret_refused = true;
	}
	*ret_answer = asking.answer;
	return EXIT_OK;
}

int remote_get(struct remote *remote, const char *path, cJSON **ret_answer)
{
	return send_to_agent(remote, "GET", path, NULL, ret_answer);
}

int remote_order(struct remote *remote, const char *app, const char *order, bool *ret_refused)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH);
	CLEANUP(cJSON_Delete_p) cJSON *answer = NULL;

	buf_puts(&path, API "/apps/");
	resource_print_encoded(app, &path);
	buf_printf(&path, "/%s", order);
	return send_to_agent(remote, "POST", buf_str(&path), ret_refused, &answer);
}

/* --- opening ---------------------------------------------------------------------------------- */

int remote_open(struct remote *remote, const struct options *options)
{
	const char *agent = *options->agent ? options->agent : REMOTE_AGENT;
	const char *slash = strchr(agent, '/');
	struct err err;
	int code = session_open(&remote->session, options);

	if (code != EXIT_OK)
		return code;
	remote->namespace = strndup(agent, (size_t)(slash - agent));
	remote->service = strdup(slash + 1);
	if (remote->namespace && remote->service)
		return EXIT_OK;
	err_no_memory(&err);
	tell_error(&err);
	return EXIT_INTERNAL;
}

void remote_close(struct remote *remote)
{
	session_close(&remote->session);
	free(remote->namespace);
	free(remote->service);
	free(remote->headers);
}

/* --- who gives orders ------------------------------------------------------------------------- */

static int read_token_file(const char *path, struct buf *token, struct err *err)
{
	struct secret_file file = {.path = path, .tidy = secret_file_tidy_token};
	int result = secret_file_refresh(&file, err);

	if (result >= 0)
		buf_puts(token, file.text);
	secret_file_release(&file);
	return result < 0 ? -1 : 0;
}

static int decode_token(const cJSON *secret, struct buf *token, struct err *err)
{
	const cJSON *value = json_get(json_get(secret, "data"), TOKEN_KEY);
	CLEANUP(free_p) char *text = cJSON_IsString(value) ? strdup(value->valuestring) : NULL;
	size_t length = text ? strlen(text) : 0;

	if (!text || !base64_decode(text, &length) ||
	    secret_file_tidy_token("secret/" TOKEN_SECRET, text, length, err) < 0)
		return err_set(err, ERR_INVALID, "secret/%s has no %s that could be one",
			       TOKEN_SECRET, TOKEN_KEY);
	buf_puts(token, text);
	return 0;
}

static int read_token_secret(struct remote *remote, struct buf *token, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH);
	struct asking asking;

	buf_puts(&path, "/api/v1/namespaces/");
	resource_print_encoded(remote->namespace, &path);
	buf_puts(&path, "/secrets/" TOKEN_SECRET);
	const struct cluster_request request = {.method = "GET", .path = buf_str(&path)};
	if (ask(remote, &request, &asking) < 0) {
		*err = asking.err;
		return err_prefix(err, "the token for orders (--api-token-file names a file)");
	}
	int result = decode_token(asking.answer, token, err);
	cJSON_Delete(asking.answer);
	return result;
}

/* One line of printable text: what a header may hold. */
static void print_header(const char *name, const char *value, struct buf *out)
{
	buf_printf(out, "%s: ", name);
	for (; *value; value++)
		buf_putc(out, (unsigned char)*value < 0x20 || *value == 0x7f ? ' ' : *value);
	buf_putc(out, '\n');
}

int remote_sign(struct remote *remote, const struct options *options)
{
	CLEANUP(buf_release) struct buf token = BUF_INIT(MAX_HEADERS), who = BUF_INIT(MAX_HEADERS);
	CLEANUP(buf_release) struct buf headers = BUF_INIT(MAX_HEADERS);
	struct err err;
	int result = options->api_token_file
			     ? read_token_file(options->api_token_file, &token, &err)
			     : read_token_secret(remote, &token, &err);

	if (result < 0) {
		tell_error(&err);
		return EXIT_CLUSTER;
	}
	whoami_print(&who);
	print_header(TOKEN_HEADER, buf_str(&token), &headers);
	print_header(USER_HEADER, buf_str(&who), &headers);
	if (options->reason)
		print_header(REASON_HEADER, options->reason, &headers);
	remote->headers = buf_steal(&headers);
	if (remote->headers)
		return EXIT_OK;
	err_no_memory(&err);
	tell_error(&err);
	return EXIT_INTERNAL;
}

/* --- which app -------------------------------------------------------------------------------- */

int remote_app(struct remote *remote, const char *name, char **ret_app)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT(MAX_PATH);
	CLEANUP(cJSON_Delete_p) cJSON *answer = NULL;
	const cJSON *app, *apps;
	int code = EXIT_OK;

	if (!name && (code = remote_get(remote, API "/apps", &answer)) != EXIT_OK)
		return code;
	apps = json_get(answer, "apps");
	json_each (app, apps)
		buf_printf(&names, "%s%s", names.length ? ", " : "", json_str(app, "name"));
	if (!name && cJSON_GetArraySize(apps) != 1) {
		fprintf(stderr, "tranche: the agent has %d apps, name one: %s\n",
			cJSON_GetArraySize(apps), buf_str(&names));
		return EXIT_USAGE;
	}
	*ret_app = strdup(name ? name : buf_str(&names));
	return *ret_app ? EXIT_OK : EXIT_INTERNAL;
}

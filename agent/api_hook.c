#include "agent/api_private.h"

#include <string.h>

#include "agent/metrics.h"
#include "diff/webhook.h"

/* So many hooks in a row are followed at once; then one a second, to which all others come together. */
#define HOOK_BURST   10
#define HOOK_EACH_MS 1000

static const char *header(const void *context, const char *name)
{
	return server_header(context, name);
}

static struct webhook_request read_request(const struct api_call *call)
{
	return (struct webhook_request){
		.header = header,
		.context = call->request,
		.body = call->request->body,
		.length = call->request->body_length,
	};
}

static void count(const struct webhook_request *request, const char *result)
{
	const char *provider = webhook_provider_name(webhook_provider_of(request));

	metrics_add(METRIC_WEBHOOKS, 1, LABELS(provider, result));
}

static void deny(const struct api_call *call, const struct webhook_request *request,
		 const struct err *err)
{
	count(request, "denied");
	log_limited(&call->api->refused_hooks, uv_now(call->api->options.loop),
		    "a %s webhook from %s is refused: %s",
		    webhook_provider_name(webhook_provider_of(request)), call->request->peer,
		    err->message);
	api_fail(call, 401, err);
}

void api_hook_head(const struct api_call *call)
{
	const struct webhook_request request = read_request(call);
	struct api *api = call->api;
	struct err err;

	if (!api->hook_secret.path)
		api_fail_with(call, 404, ERR_NOT_FOUND,
			      "webhooks are off: name a file with their secret "
			      "(--webhook-secret-file, server.hookSecretFile)");
	else if (!api_refresh_secret(api, &api->hook_secret))
		api_fail_with(call, 403, ERR_DENIED,
			      "the agent's webhook secret cannot be read; its log says why");
	else if (webhook_is_signed(&request, &err) < 0)
		deny(call, &request, &err);
}

/*
 * When what was pushed is looked at: at once, unless hooks rain. Each takes its part of a virtual time
 * that may be HOOK_BURST of them in the past; what is due later than the next part comes together
 * with that, for of several requests for a pass the earliest counts.
 */
static int64_t hook_delay_ms(struct api *api)
{
	uint64_t now = uv_now(api->options.loop), burst = (HOOK_BURST - 1) * HOOK_EACH_MS;
	uint64_t earliest = now > burst ? now - burst : 0;

	if (api->hook_at_ms < earliest)
		api->hook_at_ms = earliest;
	int64_t delay = api->hook_at_ms > now ? (int64_t)(api->hook_at_ms - now) : 0;
	if (delay < HOOK_EACH_MS)
		api->hook_at_ms += HOOK_EACH_MS;
	return delay;
}

static void reply(const struct api_call *call, int status, const char *result, const char *reason,
		  size_t apps)
{
	CLEANUP(cJSON_Delete_p) cJSON *answer = cJSON_CreateObject();
	struct err err;

	if (!answer || json_set_str(answer, "result", result, &err) < 0 ||
	    json_set_str(answer, "reason", reason, &err) < 0 ||
	    json_set_int(answer, "apps", (int64_t)apps, &err) < 0)
		api_reply_json(call, status, NULL);
	else
		api_reply_json(call, status, STEAL(answer));
}

/* "main of https://git.example.org/shop/deploy.git", as far as it is told. */
static void print_push(const struct webhook_push *push, struct buf *out)
{
	buf_printf(out, "%s of %s", push->ref_count ? push->refs[0] : "any ref",
		   push->repository_count ? push->repositories[0] : "any repository");
	if (push->ref_count > 1)
		buf_printf(out, " and %zu more", push->ref_count - 1);
}

static void follow(const struct api_call *call, const struct webhook_request *request,
		   const struct webhook_push *push)
{
	CLEANUP(buf_release) struct buf what = BUF_INIT(WEBHOOK_MAX_BYTES);
	struct api *api = call->api;
	const char *provider = webhook_provider_name(webhook_provider_of(request));
	int64_t delay_ms = hook_delay_ms(api);
	size_t apps = api->options.pushed(api->options.context, push, delay_ms);

	print_push(push, &what);
	log_line(apps ? LOG_INFO : LOG_DEBUG, NULL, "%s webhook: %s was pushed; %zu app%s follow%s",
		 provider, buf_str(&what), apps, apps == 1 ? "" : "s", apps == 1 ? "s" : "");
	count(request, apps ? "triggered" : "unfollowed");
	if (apps)
		reply(call, 202, "triggered", "", apps);
	else
		reply(call, 202, "unfollowed", "no app follows it", 0);
}

void api_hook(const struct api_call *call)
{
	CLEANUP(webhook_push_release) struct webhook_push push = {0};
	const struct webhook_request request = read_request(call);
	struct err err;

	if (webhook_verify(&request, call->api->hook_secret.text, &err) < 0) {
		deny(call, &request, &err);
	} else if (webhook_read(&request, &push, &err) < 0) {
		count(&request, "invalid");
		api_fail(call, err.class == ERR_LIMIT ? 413 : 400, &err);
	} else if (push.event == WEBHOOK_PUSH) {
		follow(call, &request, &push);
	} else if (push.event == WEBHOOK_PING) {
		count(&request, "ignored");
		reply(call, 200, "pong", "", 0);
	} else {
		count(&request, "ignored");
		reply(call, 200, "ignored", "only pushes are followed", 0);
	}
}

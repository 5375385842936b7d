#include "apply/credentials.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "apply/exec_credential.h"
#include "apply/exec_plugin.h"
#include "apply/secret_file.h"
#include "diff/cleanup.h"

struct credentials {
	uv_loop_t *loop;
	const struct endpoint *endpoint;
	void (*on_ready)(void *ctx, const struct err *err);
	void *ctx;
	uint64_t generation;

	struct secret_file token, cert, key; /* where the endpoint names files */

	struct exec_plugin *plugin; /* while it runs */
	struct credential given;    /* by the plugin */
	int64_t renew_at_ms;        /* Unix time; 0: nothing is given */
	struct err failure;         /* of the plugin's last run */
	int64_t failed_at_ms;       /* monotonic */
};

static int64_t unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t monotonic_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

struct credentials *credentials_new(struct uv_loop_s *loop, const struct endpoint *endpoint,
				    void (*on_ready)(void *ctx, const struct err *err), void *ctx,
				    struct err *err)
{
	struct credentials *credentials = calloc(1, sizeof(*credentials));

	if (!credentials) {
		err_no_memory(err);
		return NULL;
	}
	*credentials = (struct credentials){
		.loop = loop,
		.endpoint = endpoint,
		.on_ready = on_ready,
		.ctx = ctx,
		.token = {.path = endpoint->token_file, .tidy = secret_file_tidy_token},
		.cert = {.path = endpoint->cert_file, .tidy = secret_file_tidy_pem},
		.key = {.path = endpoint->key_file, .tidy = secret_file_tidy_pem},
	};
	return credentials;
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	exec_plugin_cancel(credentials->plugin);
	credential_release(&credentials->given);
	secret_file_release(&credentials->token);
	secret_file_release(&credentials->cert);
	secret_file_release(&credentials->key);
	free(credentials);
}

/* Other classes, "not found" above all, would be taken for what the server said of an object. */
static void as_denied(struct err *err)
{
	if (err->class != ERR_NO_MEMORY)
		err->class = ERR_DENIED;
}

/* --- files ------------------------------------------------------------------------------------ */

/* The token of the endpoint itself stands in for a file that cannot be read (yet). */
static int refresh_token(struct credentials *credentials, struct err *err)
{
	struct err own;
	int changed = secret_file_refresh(&credentials->token, &own);

	if (changed >= 0 || credentials->endpoint->token)
		return changed > 0;
	*err = own;
	return -1;
}

static int refresh_files(struct credentials *credentials, struct err *err)
{
	int token = refresh_token(credentials, err);
	int cert = token < 0 ? -1 : secret_file_refresh(&credentials->cert, err);
	int key = cert < 0 ? -1 : secret_file_refresh(&credentials->key, err);

	if (key < 0) {
		as_denied(err);
		return -1;
	}
	if (token || cert || key)
		credentials->generation++;
	return 1;
}

/* --- the plugin ------------------------------------------------------------------------------- */

static void note_failure(struct credentials *credentials, const struct err *err)
{
	credentials->failure = *err;
	as_denied(&credentials->failure);
	credentials->failed_at_ms = monotonic_ms();
}

static void take(struct credentials *credentials, struct credential *take_given)
{
	int64_t now = unix_ms(), expires = take_given->expires_at_ms;

	credential_release(&credentials->given);
	credentials->given = *take_given;
	*take_given = (struct credential){0};
	credentials->generation++;
	credentials->failure = (struct err){0};

	credentials->renew_at_ms = expires;
	if (expires < INT64_MAX) {
		int64_t early = (expires - now) / 5;

		credentials->renew_at_ms -=
			early < CREDENTIALS_EARLY_MS ? early : CREDENTIALS_EARLY_MS;
	}
	if (credentials->renew_at_ms < now + CREDENTIALS_MIN_USE_MS)
		credentials->renew_at_ms = now + CREDENTIALS_MIN_USE_MS;
}

static bool is_still_good(const struct credentials *credentials)
{
	return credentials->renew_at_ms && unix_ms() < credentials->given.expires_at_ms;
}

static void on_plugin_done(void *ctx, const struct err *err, const char *output, size_t length)
{
	struct credentials *credentials = ctx;
	const struct exec_config *exec = credentials->endpoint->exec;
	CLEANUP(credential_release) struct credential given = {0};
	struct err own = {0};

	credentials->plugin = NULL;
	if (err)
		own = *err;
	else if (exec_credential_parse(exec, output, length, &given, &own) < 0)
		err_prefix(&own, "%s", exec->origin);
	else
		take(credentials, &given);
	if (own.class)
		note_failure(credentials, &own);
	/* One that was asked early and failed is asked again before its last answer expires. */
	credentials->on_ready(credentials->ctx, own.class && !is_still_good(credentials)
							? &credentials->failure
							: NULL);
}

static int start_plugin(struct credentials *credentials, struct err *err)
{
	CLEANUP(buf_release) struct buf info = BUF_INIT(EXEC_INFO_MAX_BYTES);
	struct exec_plugin_options options = {
		.config = credentials->endpoint->exec,
		.on_done = on_plugin_done,
		.ctx = credentials,
	};

	if (exec_credential_print_info(credentials->endpoint, &info, err) < 0) {
		err_prefix(err, "%s", options.config->origin);
	} else {
		options.info = buf_str(&info);
		if (exec_plugin_start(credentials->loop, &options, &credentials->plugin, err) == 0)
			return 0;
	}
	return -1;
}

static int prepare_plugin(struct credentials *credentials, struct err *err)
{
	if (credentials->plugin)
		return 0;
	if (unix_ms() < credentials->renew_at_ms)
		return 1;
	if (credentials->failure.class &&
	    monotonic_ms() - credentials->failed_at_ms < CREDENTIALS_PAUSE_MS)
		*err = credentials->failure;
	else if (start_plugin(credentials, err) == 0)
		return 0;
	else
		note_failure(credentials, err);
	as_denied(err);
	return is_still_good(credentials) ? 1 : -1;
}

/* --- all together ----------------------------------------------------------------------------- */

int credentials_prepare(struct credentials *credentials, struct err *err)
{
	return credentials->endpoint->exec ? prepare_plugin(credentials, err)
					   : refresh_files(credentials, err);
}

void credentials_stop(struct credentials *credentials)
{
	exec_plugin_cancel(STEAL(credentials->plugin));
}

static char *text_of(const struct secret_file *file, char *otherwise)
{
	return file->text ? file->text : otherwise;
}

struct credential credentials_now(const struct credentials *credentials)
{
	const struct endpoint *endpoint = credentials->endpoint;

	if (endpoint->exec)
		return credentials->given;
	return (struct credential){
		.token = text_of(&credentials->token, endpoint->token),
		.cert_pem = text_of(&credentials->cert, endpoint->cert_pem),
		.key_pem = text_of(&credentials->key, endpoint->key_pem),
	};
}

uint64_t credentials_generation(const struct credentials *credentials)
{
	return credentials->generation;
}

bool credentials_renew(struct credentials *credentials, uint64_t generation)
{
	struct err ignored;

	if (credentials->generation != generation || credentials->plugin)
		return true;
	if (credentials->endpoint->exec) {
		credentials->renew_at_ms = 0;
		return true;
	}
	secret_file_distrust(&credentials->token);
	secret_file_distrust(&credentials->cert);
	secret_file_distrust(&credentials->key);
	return refresh_files(credentials, &ignored) > 0 && credentials->generation != generation;
}

bool credentials_may_change(const struct credentials *credentials)
{
	return credentials->cert.path || credentials->key.path;
}

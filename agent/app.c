#include "agent/app.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 200 /* with "tranche-" in front a ConfigMap's name, which has 253 */

/* Appends what a DNS label may hold; every other run of characters becomes one dash. */
static void print_label(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)tolower((unsigned char)text[i]);
		bool dash_before = out->length == 0 || out->data[out->length - 1] == '-';

		if (isalnum(c) && c < 0x80)
			buf_putc(out, (char)c);
		else if (!dash_before)
			buf_putc(out, '-');
	}
}

/* ".../shop.git" and "deploy/prod" as "shop-deploy-prod". */
static int make_name(const struct options *options, char **ret_name, struct err *err)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(4096);
	const char *repo = options->repo ? options->repo : "";
	size_t end = strlen(repo);

	while (end && repo[end - 1] == '/')
		end--;
	if (end >= 5 && strncmp(repo + end - 5, "/.git", 5) == 0)
		end -= 5;
	else if (end >= 4 && strncmp(repo + end - 4, ".git", 4) == 0)
		end -= 4;
	size_t start = end;
	while (start && repo[start - 1] != '/' && repo[start - 1] != ':')
		start--;
	print_label(repo + start, end - start, &name);
	if (options->path) {
		print_label("-", 1, &name);
		print_label(options->path, strlen(options->path), &name);
	}
	buf_truncate(&name, MAX_NAME);
	while (name.length && name.data[name.length - 1] == '-')
		buf_truncate(&name, name.length - 1);
	if (name.length == 0)
		buf_puts(&name, "default");
	*ret_name = buf_steal(&name);
	return *ret_name ? 0 : err_no_memory(err);
}

/* A name that may stand in a ConfigMap's: lower-case letters, digits and inner dashes. */
static int check_name(const char *name, struct err *err)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (!(islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) ||
		      (name[i] == '-' && i > 0 && i + 1 < length)))
			return err_set(err, ERR_INVALID,
				       "--app \"%s\" has to consist of a-z, 0-9 and inner dashes",
				       name);
	if (length > MAX_NAME)
		return err_set(err, ERR_INVALID, "--app is longer than %d characters", MAX_NAME);
	return 0;
}

int app_init(struct app *app, const struct options *options, const char *namespace, struct err *err)
{
	*app = (struct app){
		.self_heal = options->self_heal,
		.replicas_from_git = options->replicas && strcmp(options->replicas, "git") == 0,
		.namespace_only = options->namespace_only,
		.prune =
			{
				.enabled = options->prune,
				.kinds = options->prune_kinds,
				.limit_percent = options->prune_limit,
				.allow_empty = options->allow_empty,
			},
		.owns = options->repo != NULL,
		.source_options =
			{
				.repo = options->repo,
				.ref = options->ref,
				.path = options->path,
				.git_dir = options->git_dir,
				.credentials = options->git_credentials,
				.verify = options->verify,
				.fetch_ms = options->fetch_ms,
				.files = options->files.items,
				.file_count = options->files.count,
				.recursive = options->recursive,
			},
	};
	app->namespace = strdup(namespace);
	if (!app->namespace)
		return err_no_memory(err);
	if (options->app) {
		if (check_name(options->app, err) < 0)
			return -1;
		app->name = strdup(options->app);
		if (!app->name)
			return err_no_memory(err);
	} else if (make_name(options, &app->name, err) < 0) {
		return -1;
	}
	return source_new(&app->source_options, &app->source, err);
}

void app_release(struct app *app)
{
	fetched_release(&app->fetched);
	autoscalers_release(&app->autoscalers);
	inventory_release(&app->inventory);
	source_free(app->source);
	free(app->name);
	free(app->namespace);
	*app = (struct app){0};
}

const char *app_revision(const struct app *app)
{
	return app->fetched.snapshot.revision ? app->fetched.snapshot.revision : "";
}

const char *app_commit(const struct app *app)
{
	const char *at = strrchr(app_revision(app), '@');

	if (at)
		return at + 1;
	return *app_revision(app) ? app_revision(app) : NULL;
}

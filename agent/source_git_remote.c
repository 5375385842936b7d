#include "agent/source_git_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source_git.h"
#include "agent/source_git_auth.h"
#include "agent/source_git_offer.h"
#include "agent/source_private.h"

static void remote_free_p(git_remote **remote)
{
	git_remote_free(*remote);
}

static void repository_free_p(git_repository **repository)
{
	git_repository_free(*repository);
}

void remote_answer_release(struct remote_answer *answer)
{
	free(answer->commit);
	free(answer->tag);
	free(answer->label);
}

/* What is being read. */
struct reading {
	const struct remote_request *request;
	git_repository *repository;
	git_remote *remote;
	struct git_call *call;
	const git_remote_head **heads; /* what the remote offers; libgit2's */
	size_t head_count;
	bool is_damaged; /* what failed is the clone, as far as one can tell */
};

/* --- connecting ------------------------------------------------------------------------------- */

/* What a callback said, or else libgit2. */
static int call_fail(struct reading *reading, int code, const char *what, struct err *err)
{
	const struct git_call *call = reading->call;

	if (call->err.class != ERR_NONE) {
		*err = call->err;
		return err_prefix(err, "%s %s", what, call->request->name);
	}
	if (code == GIT_EAUTH && call->credentials.bearer_token && !call->host)
		return err_set(err, ERR_DENIED, "%s %s: the server refuses the bearer token of %s",
			       what, call->request->name, call->request->credentials);
	const git_error *last = git_error_last();
	if (call->host && call->credentials.identity && last && last->message &&
	    strstr(last->message, "Failed to authenticate"))
		return err_set(
			err, ERR_DENIED,
			"%s %s: the identity of %s cannot be used: is it a private key, and %s?",
			what, call->request->name, call->request->credentials,
			call->credentials.password ? "password its passphrase"
						   : "without a passphrase");
	if (last && last->message && strstr(last->message, "pkt-line"))
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s %s: the server's answer cannot be read; libgit2 cannot read a shallow "
			"clone, if that is what it has",
			what, call->request->name);
	git_fail(err, code, "%s %s", what, call->request->name);
	/* Of the network libgit2 speaks otherwise: an object or a setting is missing or broken. */
	reading->is_damaged = err->class == ERR_INVALID || err->class == ERR_NOT_FOUND;
	return -1;
}

static int connect_once(struct reading *reading)
{
	git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;

	git_call_prepare(reading->call, &options.callbacks);
	options.proxy_opts.type = GIT_PROXY_AUTO;
	/* Whoever may redirect us would get our credentials, if it were to another host. */
	options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	options.custom_headers.strings = &reading->call->bearer_header;
	options.custom_headers.count = reading->call->bearer_header != NULL;
	return git_remote_connect_ext(reading->remote, GIT_DIRECTION_FETCH, &options);
}

/* Whether the two have found no type of key in common: libgit2 asks for one type only. */
static bool found_no_key_type(const struct git_call *call)
{
	const git_error *last = git_error_last();

	return call->err.class == ERR_NONE && last && last->message &&
	       strstr(last->message, "failed to start SSH session");
}

/*
 * Asks for the types of keys that known_hosts has for the server, one after the other, and last for
 * any, which shows what it has.
 */
static int connect_ssh(struct reading *reading, struct err *err)
{
	struct git_call *call = reading->call;
	unsigned types = 0;
	int code = -1;

	if (call->known_hosts &&
	    known_hosts_types(call->known_hosts, call->host, call->port, &types, err) < 0)
		return -1;
	for (int type = 0; type <= HOST_KEY_TYPE_COUNT; type++) {
		if (type < HOST_KEY_TYPE_COUNT && !(types & 1u << type))
			continue;
		if (git_call_prefer(call, (enum host_key_type)type, err) < 0)
			return -1;
		code = connect_once(reading);
		if (code == 0 || !found_no_key_type(call))
			break;
	}
	return code < 0 ? call_fail(reading, code, "cannot read", err) : 0;
}

static int connect_remote(struct reading *reading, struct err *err)
{
	git_remote_create_options create = GIT_REMOTE_CREATE_OPTIONS_INIT;

	/*
	 * Without a look at url.*.insteadOf: the user's settings do not redirect an agent, and each
	 * look leaks 20 KiB per line of configuration in libgit2 1.5 (git_regexp_match keeps its
	 * match data where nothing matches).
	 */
	create.repository = reading->repository;
	create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
	int code = git_remote_create_with_opts(&reading->remote, reading->request->url, &create);
	if (code < 0)
		return call_fail(reading, code, "cannot read", err);
	if (reading->call->host)
		return connect_ssh(reading, err);
	if (git_call_trust(reading->call, err) < 0)
		return -1;
	code = connect_once(reading);
	return code < 0 ? call_fail(reading, code, "cannot read", err) : 0;
}

/* --- choosing --------------------------------------------------------------------------------- */

static const char *head_name(const void *context, size_t index)
{
	const struct reading *reading = context;

	return index < reading->head_count ? reading->heads[index]->name : NULL;
}

static const git_remote_head *find_head(const struct reading *reading, const char *name)
{
	for (size_t i = 0; i < reading->head_count; i++)
		if (strcmp(reading->heads[i]->name, name) == 0)
			return reading->heads[i];
	return NULL;
}

/* The ref that the remote's HEAD stands for, or HEAD itself where that is not told. */
static int choose_head(const struct reading *reading, char **ret_ref, struct err *err)
{
	const git_remote_head *head = find_head(reading, "HEAD");
	const char *target = head ? head->symref_target : NULL;

	if (!head)
		return err_set(err, ERR_NOT_FOUND, "%s: no HEAD; name a branch with --ref",
			       reading->request->name);
	*ret_ref = strdup(target && find_head(reading, target) ? target : "HEAD");
	return *ret_ref ? 0 : err_no_memory(err);
}

static int not_found(const struct reading *reading, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%s: no branch, tag or commit \"%s\"",
		       reading->request->name, reading->request->ref);
}

static int list_offers(struct reading *reading, struct err *err)
{
	int code = git_remote_ls(&reading->heads, &reading->head_count, reading->remote);

	if (code < 0)
		return call_fail(reading, code, "cannot read", err);
	if (reading->head_count == 0)
		return err_set(err, ERR_NOT_FOUND, "%s: the repository has no commit yet",
			       reading->request->name);
	return 0;
}

/* --- fetching --------------------------------------------------------------------------------- */

static bool has_object(git_repository *repository, const git_oid *id, git_object_t type)
{
	git_object *object = NULL;
	bool found = git_object_lookup(&object, repository, id, type) == 0;

	git_object_free(object);
	return found;
}

static int fetch(struct reading *reading, char **refspecs, size_t count, struct err *err)
{
	git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
	git_strarray specs = {.strings = refspecs, .count = count};

	git_call_prepare(reading->call, &options.callbacks);
	options.proxy_opts.type = GIT_PROXY_AUTO;
	options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	options.custom_headers.strings = &reading->call->bearer_header;
	options.custom_headers.count = reading->call->bearer_header != NULL;
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	options.update_fetchhead = 0; /* the URL would stand there, with its password */
	int code = git_remote_fetch(reading->remote, &specs, &options, "tranche");
	return code < 0 ? call_fail(reading, code, "cannot fetch from", err) : 0;
}

static char *hex_of(const git_oid *id)
{
	char hex[GIT_OID_HEXSZ + 1];

	return strdup(git_oid_tostr(hex, sizeof(hex), id));
}

/* A ref that the remote offers: fetched only if what it points at is not here yet. */
static int fetch_ref(struct reading *reading, const char *ref, struct remote_answer *answer,
		     struct err *err)
{
	CLEANUP(free_p) char *refspec = NULL, *peeled = NULL;
	const git_remote_head *head = find_head(reading, ref);

	if (asprintf(&peeled, "%s^{}", ref) < 0) {
		peeled = NULL;
		return err_no_memory(err);
	}
	const git_remote_head *target = find_head(reading, peeled);
	const git_oid id = head->oid, commit = target ? target->oid : head->oid;
	if (!has_object(reading->repository, &id, GIT_OBJECT_ANY) ||
	    !has_object(reading->repository, &commit, GIT_OBJECT_COMMIT)) {
		if (asprintf(&refspec, "+%s:refs/tranche/%s", ref, git_ref_short(ref)) < 0) {
			refspec = NULL;
			return err_no_memory(err);
		}
		if (fetch(reading, &refspec, 1, err) < 0)
			return -1;
	}
	if (!has_object(reading->repository, &commit, GIT_OBJECT_ANY))
		return err_set(err, ERR_TRANSIENT, "%s: %s moved while it was fetched",
			       reading->request->name, git_ref_short(ref));
	if (!has_object(reading->repository, &commit, GIT_OBJECT_COMMIT))
		return err_set(err, ERR_NOT_FOUND, "%s: %s is not a commit", reading->request->name,
			       git_ref_short(ref));
	answer->commit = hex_of(&commit);
	answer->tag = target ? hex_of(&id) : NULL;
	answer->label = strdup(git_ref_label(ref, reading->request->ref));
	if (!answer->commit || !answer->label || (target && !answer->tag))
		return err_no_memory(err);
	return 0;
}

/* A commit id: everything is fetched, unless the commit is here already. */
static int fetch_commit(struct reading *reading, struct remote_answer *answer, struct err *err)
{
	char heads[] = "+refs/heads/*:refs/heads/*", tags[] = "+refs/tags/*:refs/tags/*";
	char *everything[] = {heads, tags};
	const char *ref = reading->request->ref;
	git_oid id;

	if (!git_is_commit_id(ref))
		return not_found(reading, err);
	int code = git_commit_of_digits(reading->repository, ref, &id);
	if (code == GIT_ENOTFOUND) {
		if (fetch(reading, everything, 2, err) < 0)
			return -1;
		code = git_commit_of_digits(reading->repository, ref, &id);
	}
	if (code == GIT_ENOTFOUND)
		return not_found(reading, err);
	if (code < 0)
		return git_fail(err, code, "%s: commit %s", reading->request->name, ref);
	answer->commit = hex_of(&id);
	return answer->commit ? 0 : err_no_memory(err);
}

static int read_remote(struct reading *reading, struct remote_answer *answer, struct err *err)
{
	const struct ref_names names = {.at = head_name, .context = reading};
	const char *wanted = reading->request->ref;
	CLEANUP(free_p) char *ref = NULL;

	if (connect_remote(reading, err) < 0 || list_offers(reading, err) < 0)
		return -1;
	if (!wanted && choose_head(reading, &ref, err) < 0)
		return -1;
	if (wanted && git_offer_choose(&names, wanted, &ref, err) < 0)
		return err_prefix(err, "%s", reading->request->name);
	return ref ? fetch_ref(reading, ref, answer, err) : fetch_commit(reading, answer, err);
}

int git_remote_read(const struct remote_request *request, struct remote_answer *ret_answer,
		    bool *ret_damaged, struct err *err)
{
	CLEANUP(remote_answer_release) struct remote_answer answer = {0};
	CLEANUP(git_call_release) struct git_call call = {0};
	CLEANUP(repository_free_p) git_repository *repository = NULL;
	CLEANUP(remote_free_p) git_remote *remote = NULL;
	struct reading reading = {.request = request, .call = &call};

	*ret_damaged = false;
	if (git_call_init(&call, request, err) < 0)
		return -1;
	int code = git_repository_open_bare(&repository, request->folder);
	*ret_damaged = code < 0;
	if (code < 0)
		return git_fail(err, code, "clone %s", request->folder);
	reading.repository = repository;
	int result = read_remote(&reading, &answer, err);
	remote = reading.remote;
	*ret_damaged = reading.is_damaged;
	if (result < 0) {
		git_call_mask(&call, err);
		return -1;
	}
	*ret_answer = answer;
	answer = (struct remote_answer){0};
	return 0;
}

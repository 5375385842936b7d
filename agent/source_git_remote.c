#include "agent/source_git_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source_git.h"
#include "agent/source_git_auth.h"
#include "agent/source_git_loose.h"
#include "agent/source_git_offer.h"
#include "agent/source_git_packs.h"
#include "agent/source_private.h"

void remote_answers_free(struct remote_answer *answers, size_t count)
{
	for (size_t i = 0; answers && i < count; i++) {
		free(answers[i].commit);
		free(answers[i].tag);
		free(answers[i].label);
	}
	free(answers);
}

/* A ref that is asked for, and what the remote has for it. */
struct wanted {
	const char *asked; /* NULL: HEAD */
	char *ref;         /* in full; NULL: a commit is asked for */
	git_oid id;        /* what the ref points at */
	git_oid commit;
	bool is_peeled; /* `id` is a tag object, `commit` what it leads to */
	struct remote_answer *answer;
};

/* What is being read. */
struct reading {
	const struct remote_request *request;
	git_repository *repository;
	git_remote *remote;
	struct git_call *call;
	const git_remote_head **heads; /* what the remote offers; libgit2's */
	size_t head_count;
	struct wanted *wanted;
	struct remote_answer *answers; /* as many */
	bool has_fetched;              /* something */
	bool is_damaged;               /* what failed is the clone, as far as one can tell */
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

/*
 * libgit2's own TLS, which is used without a client certificate, does not tell that a server asks for
 * one: the handshake ends with any of several errors.
 */
static int connect_fail(struct reading *reading, int code, struct err *err)
{
	const git_error *last = git_error_last();

	if (reading->call->err.class == ERR_NONE && !reading->call->credentials.tls_certificate &&
	    last && last->message && strncmp(last->message, "SSL error: ", 11) == 0)
		return err_set(err, ERR_TRANSIENT,
			       "cannot read %s: %s; if the server asks for a client certificate, "
			       "put tls.crt and tls.key into the folder of --git-credentials",
			       reading->request->name, last->message);
	return call_fail(reading, code, "cannot read", err);
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
	return code < 0 ? connect_fail(reading, code, err) : 0;
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

static int not_found(const struct reading *reading, const char *ref, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%s: no branch, tag or commit \"%s\"",
		       reading->request->name, ref);
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

/*
 * ERR_INVALID where the clone has the ref's objects and cannot read them: no fetch would bring them again,
 * and a new clone may, unless it is the commit that is wrong.
 */
static int check_readable(struct reading *reading, struct wanted *wanted, struct err *err)
{
	const git_oid *const ids[] = {&wanted->id, &wanted->commit};
	git_odb *odb = NULL;
	int code = git_repository_odb(&odb, reading->repository);

	for (size_t i = 0; code == 0 && i < sizeof(ids) / sizeof(ids[0]); i++) {
		git_object *object = NULL;

		if (git_odb_exists(odb, ids[i]))
			code = git_object_lookup(&object, reading->repository, ids[i],
						 GIT_OBJECT_ANY);
		git_object_free(object);
	}
	git_odb_free(odb);
	if (code == 0)
		return 0;
	git_fail(err, code, "%s: cannot read %s", reading->request->name,
		 git_ref_short(wanted->ref));
	err->class = ERR_INVALID;
	reading->is_damaged = true;
	return -1;
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

/* What of the remote's refs is meant. */
static int choose(struct reading *reading, struct wanted *wanted, struct err *err)
{
	const struct ref_names names = {.at = head_name, .context = reading};
	CLEANUP(free_p) char *peeled = NULL;

	if (!wanted->asked && choose_head(reading, &wanted->ref, err) < 0)
		return -1;
	if (wanted->asked && git_offer_choose(&names, wanted->asked, &wanted->ref, err) < 0)
		return err_prefix(err, "%s", reading->request->name);
	if (!wanted->ref)
		return git_is_commit_id(wanted->asked) ? 0 : not_found(reading, wanted->asked, err);
	if (asprintf(&peeled, "%s^{}", wanted->ref) < 0) {
		peeled = NULL;
		return err_no_memory(err);
	}
	const git_remote_head *head = find_head(reading, wanted->ref);
	const git_remote_head *target = find_head(reading, peeled);
	wanted->id = head->oid;
	wanted->commit = target ? target->oid : head->oid;
	wanted->is_peeled = target != NULL;
	return 0;
}

/* Whether all of it is in the clone. */
static bool is_here(const struct reading *reading, const struct wanted *wanted)
{
	git_oid id;

	if (!wanted->ref)
		return git_commit_of_digits(reading->repository, wanted->asked, &id) !=
		       GIT_ENOTFOUND;
	return has_object(reading->repository, &wanted->id, GIT_OBJECT_ANY) &&
	       has_object(reading->repository, &wanted->commit, GIT_OBJECT_COMMIT);
}

static void refspecs_free(char **refspecs, size_t count)
{
	for (size_t i = 0; refspecs && i < count; i++)
		free(refspecs[i]);
	free(refspecs);
}

static bool add_refspec(char **refspecs, size_t *count, const char *from, const char *to)
{
	char *spec;

	if (asprintf(&spec, "+%s:%s", from, to) < 0)
		return false;
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(refspecs[i], spec) == 0) {
			free(spec);
			return true;
		}
	}
	refspecs[(*count)++] = spec;
	return true;
}

/* What of a ref has to be fetched; for a commit that is not here that is everything. */
static bool add_refspecs(char **refspecs, size_t *count, const struct wanted *wanted)
{
	char to[1024];

	if (!wanted->ref)
		return add_refspec(refspecs, count, "refs/heads/*", "refs/heads/*") &&
		       add_refspec(refspecs, count, "refs/tags/*", "refs/tags/*");
	snprintf(to, sizeof(to), "refs/tranche/%s", git_ref_short(wanted->ref));
	return add_refspec(refspecs, count, wanted->ref, to);
}

/* One fetch of all that is not here. */
static int fetch_missing(struct reading *reading, struct err *err)
{
	size_t total = reading->request->ref_count, count = 0;
	char **refspecs = calloc(2 * total + 1, sizeof(*refspecs));
	bool fits = refspecs != NULL;

	for (size_t i = 0; fits && i < total; i++) {
		struct wanted *wanted = &reading->wanted[i];
		struct err *of_ref = &reading->answers[i].err;

		if (of_ref->class != ERR_NONE || is_here(reading, wanted) ||
		    (wanted->ref && check_readable(reading, wanted, of_ref) < 0))
			continue;
		fits = add_refspecs(refspecs, &count, wanted);
	}
	int result = !fits ? err_no_memory(err) : count ? fetch(reading, refspecs, count, err) : 0;
	reading->has_fetched = result == 0 && count > 0;
	refspecs_free(refspecs, count);
	return result;
}

static int answer_commit(struct reading *reading, const struct wanted *wanted, struct err *err)
{
	const char *name = reading->request->name;
	git_oid id;
	int code = git_commit_of_digits(reading->repository, wanted->asked, &id);

	if (code == GIT_ENOTFOUND)
		return not_found(reading, wanted->asked, err);
	if (code < 0)
		return git_fail(err, code, "%s: commit %s", name, wanted->asked);
	wanted->answer->commit = hex_of(&id);
	return wanted->answer->commit ? 0 : err_no_memory(err);
}

static int answer(struct reading *reading, struct wanted *wanted, struct err *err)
{
	struct remote_answer *to = wanted->answer;
	const char *name = reading->request->name;

	if (!wanted->ref)
		return answer_commit(reading, wanted, err);
	if (check_readable(reading, wanted, err) < 0)
		return -1;
	if (!has_object(reading->repository, &wanted->commit, GIT_OBJECT_ANY))
		return err_set(err, ERR_TRANSIENT, "%s: %s moved while it was fetched", name,
			       git_ref_short(wanted->ref));
	if (!has_object(reading->repository, &wanted->commit, GIT_OBJECT_COMMIT))
		return err_set(err, ERR_NOT_FOUND, "%s: %s is not a commit", name,
			       git_ref_short(wanted->ref));
	to->commit = hex_of(&wanted->commit);
	to->tag = wanted->is_peeled ? hex_of(&wanted->id) : NULL;
	to->label = strdup(git_ref_label(wanted->ref, wanted->asked));
	if (!to->commit || !to->label || (wanted->is_peeled && !to->tag))
		return err_no_memory(err);
	return 0;
}

/* What is wrong with one ref is said in its answer. */
static void for_each_ref(struct reading *reading,
			 int (*step)(struct reading *reading, struct wanted *wanted,
				     struct err *err))
{
	for (size_t i = 0; i < reading->request->ref_count; i++) {
		struct err *err = &reading->answers[i].err;

		if (err->class == ERR_NONE)
			step(reading, &reading->wanted[i], err);
	}
}

static int read_remote(struct reading *reading, struct err *err)
{
	if (connect_remote(reading, err) < 0 || list_offers(reading, err) < 0)
		return -1;
	for_each_ref(reading, choose);
	if (fetch_missing(reading, err) < 0)
		return -1;
	for_each_ref(reading, answer);
	return 0;
}

static int make_lists(struct reading *reading, struct err *err)
{
	const struct remote_request *request = reading->request;

	reading->wanted = calloc(request->ref_count + 1, sizeof(*reading->wanted));
	reading->answers = calloc(request->ref_count + 1, sizeof(*reading->answers));
	if (!reading->wanted || !reading->answers)
		return err_no_memory(err);
	for (size_t i = 0; i < request->ref_count; i++) {
		reading->wanted[i].asked = request->refs[i];
		reading->wanted[i].answer = &reading->answers[i];
	}
	return 0;
}

static void reading_release(struct reading *reading)
{
	size_t count = reading->request->ref_count;

	for (size_t i = 0; reading->wanted && i < count; i++)
		free(reading->wanted[i].ref);
	free(reading->wanted);
	remote_answers_free(reading->answers, count);
	git_remote_free(reading->remote);
	git_repository_free(reading->repository);
}

int git_remote_read(const struct remote_request *request, struct remote_answer **ret_answers,
		    bool *ret_damaged, struct err *err)
{
	CLEANUP(git_call_release) struct git_call call = {0};
	CLEANUP(reading_release) struct reading reading = {.request = request, .call = &call};

	*ret_damaged = false;
	if (git_call_init(&call, request, err) < 0 || make_lists(&reading, err) < 0)
		return -1;
	int code = git_repository_open_bare(&reading.repository, request->folder);
	if (code == 0)
		code = git_loose_guard(reading.repository);
	*ret_damaged = code < 0;
	if (code < 0)
		return git_fail(err, code, "clone %s", request->folder);
	int result = read_remote(&reading, err);
	*ret_damaged = reading.is_damaged;
	if (result < 0) {
		git_call_mask(&call, err);
		return -1;
	}
	for (size_t i = 0; i < request->ref_count; i++)
		if (reading.answers[i].err.class != ERR_NONE)
			git_call_mask(&call, &reading.answers[i].err);
	if (reading.has_fetched && request->many_packs > 0)
		git_packs_merge(reading.repository, (size_t)request->many_packs);
	*ret_answers = STEAL(reading.answers);
	return 0;
}

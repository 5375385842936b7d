/*
 * The signature of a commit (its gpgsig header) or of a tag object (the end of its message), and what it
 * is a signature of.
 */
#include "agent/source_git.h"

#include <stdlib.h>
#include <string.h>

#include "agent/source_private.h"
#include "agent/source_verify.h"

static void git_buf_p(git_buf *buf)
{
	git_buf_dispose(buf);
}

static void commit_free_p(git_commit **commit)
{
	git_commit_free(*commit);
}

static void tag_free_p(git_tag **tag)
{
	git_tag_free(*tag);
}

static int verify(struct git_source *git, const struct signed_text *text, struct err *err)
{
	if (source_verify(git->options->verify, git->local ? NULL : git->folder, text, err) < 0)
		return err_prefix(err, "%s", git->name);
	return 0;
}

static int verify_commit(struct git_source *git, const git_oid *id, const char *what,
			 struct err *err)
{
	CLEANUP(git_buf_p) git_buf signature = GIT_BUF_INIT, payload = GIT_BUF_INIT;
	CLEANUP(commit_free_p) git_commit *commit = NULL;
	git_oid copy = *id;
	int code = git_commit_lookup(&commit, git->repository, id);

	if (code < 0)
		return git_fail(err, code, "%s: %s", git->name, what);
	code = git_commit_extract_signature(&signature, &payload, git->repository, &copy, NULL);
	if (code < 0 && code != GIT_ENOTFOUND)
		return git_fail(err, code, "%s: %s", git->name, what);
	const struct signed_text text = {
		.what = what,
		.signature = code == 0 ? signature.ptr : NULL,
		.payload = payload.ptr,
		.payload_length = payload.size,
		.when_s = git_commit_time(commit),
	};
	return verify(git, &text, err);
}

/* The last line that begins a signature, as git has it; NULL where there is none. */
static const char *find_signature(const char *text)
{
	static const char *const begins[] = {
		"-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP MESSAGE-----",
		"-----BEGIN SSH SIGNATURE-----", "-----BEGIN SIGNED MESSAGE-----"};
	const char *found = NULL;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
			if (strncmp(line, begins[i], strlen(begins[i])) == 0)
				found = line;
	}
	return found;
}

/* The raw text of an object, which ends in a NUL. */
static int read_raw(struct git_source *git, const git_oid *id, char **ret_text, size_t *ret_length,
		    struct err *err)
{
	git_odb *odb = NULL;
	git_odb_object *object = NULL;
	int code = git_repository_odb(&odb, git->repository);

	if (code == 0)
		code = git_odb_read(&object, odb, id);
	if (code == 0) {
		*ret_length = git_odb_object_size(object);
		*ret_text = malloc(*ret_length + 1);
		if (*ret_text) {
			memcpy(*ret_text, git_odb_object_data(object), *ret_length);
			(*ret_text)[*ret_length] = '\0';
		}
	}
	git_odb_object_free(object);
	git_odb_free(odb);
	if (code < 0)
		return git_fail(err, code, "%s: the tag", git->name);
	return *ret_text ? 0 : err_no_memory(err);
}

/* A tag object under another name would let an old version pass for a new one. */
static int check_tag(struct git_source *git, git_tag *tag, const struct resolved *resolved,
		     struct err *err)
{
	const char *label = resolved->label, *name = git_tag_name(tag);

	if (strncmp(label, "refs/tags/", 10) == 0)
		label += 10;
	if (strcmp(label, name) != 0)
		return err_set(
			err, ERR_DENIED,
			"%s: the tag %s is that of %s under another name, and is not applied",
			git->name, label, name);
	if (!git_oid_equal(git_tag_target_id(tag), &resolved->commit))
		return err_set(err, ERR_DENIED,
			       "%s: the tag %s is of another tag, not of a commit, and is not "
			       "applied",
			       git->name, label);
	return 0;
}

static int verify_tag(struct git_source *git, const struct resolved *resolved, const char *what,
		      struct err *err)
{
	CLEANUP(tag_free_p) git_tag *tag = NULL;
	CLEANUP(free_p) char *raw = NULL;
	size_t length = 0;
	int code = git_tag_lookup(&tag, git->repository, &resolved->tag);

	if (code < 0)
		return git_fail(err, code, "%s: the tag", git->name);
	if (check_tag(git, tag, resolved, err) < 0 ||
	    read_raw(git, &resolved->tag, &raw, &length, err) < 0)
		return -1;
	const char *signature = find_signature(raw);
	const git_signature *tagger = git_tag_tagger(tag);
	const struct signed_text text = {
		.what = what,
		.signature = signature,
		.payload = raw,
		.payload_length = signature ? (size_t)(signature - raw) : length,
		.when_s = tagger ? tagger->when.time : 0,
	};
	return verify(git, &text, err);
}

int git_check_signature(struct git_source *git, const struct resolved *resolved, const char *what,
			struct err *err)
{
	int result = 0;

	if (git->options->verify)
		result = git_oid_is_zero(&resolved->tag)
				 ? verify_commit(git, &resolved->commit, what, err)
				 : verify_tag(git, resolved, what, err);
	/* Told apart from a repository that may not be read. */
	if (result < 0 && err->class == ERR_DENIED)
		err->class = ERR_UNTRUSTED;
	return result;
}

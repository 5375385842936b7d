/*
 * A repository that is a local folder: its refs, read in place.
 */
#include "agent/source_git.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source_git_loose.h"
#include "agent/source_git_offer.h"
#include "agent/source_private.h"

#define MIN_COMMIT_DIGITS 4

static void reference_free_p(git_reference **reference)
{
	git_reference_free(*reference);
}

static void object_free_p(git_object **object)
{
	git_object_free(*object);
}

bool git_is_commit_id(const char *text)
{
	size_t length = strlen(text);

	if (length < MIN_COMMIT_DIGITS || length > GIT_OID_HEXSZ)
		return false;
	while (isxdigit((unsigned char)*text))
		text++;
	return *text == '\0';
}

/* The commit that a full ref name leads to, through tags; 0, or libgit2's code. */
static int commit_of_ref(git_repository *repository, const char *name, git_oid *ret_commit)
{
	CLEANUP(reference_free_p) git_reference *reference = NULL;
	CLEANUP(object_free_p) git_object *commit = NULL;
	int code = git_reference_lookup(&reference, repository, name);

	if (code == 0)
		code = git_reference_peel(&commit, reference, GIT_OBJECT_COMMIT);
	if (code == 0)
		git_oid_cpy(ret_commit, git_object_id(commit));
	return code;
}

int git_commit_of_digits(git_repository *repository, const char *digits, git_oid *ret_commit)
{
	CLEANUP(object_free_p) git_object *object = NULL;
	git_odb *odb = NULL;
	git_oid prefix, id;
	int code = git_oid_fromstrn(&prefix, digits, strlen(digits));

	/* In two steps: what guards the second from damaged files knows whole ids only. */
	if (code == 0)
		code = git_repository_odb(&odb, repository);
	if (code == 0)
		code = git_odb_exists_prefix(&id, odb, &prefix, strlen(digits));
	if (code == 0)
		code = git_object_lookup(&object, repository, &id, GIT_OBJECT_COMMIT);
	if (code == 0)
		git_oid_cpy(ret_commit, git_object_id(object));
	git_odb_free(odb);
	return code;
}

/* HEAD of a local repository: the branch it stands on, or a detached commit. */
static int resolve_head(struct git_source *git, struct resolved *ret, struct err *err)
{
	CLEANUP(reference_free_p) git_reference *head = NULL;
	int code = git_repository_head(&head, git->repository);

	if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND)
		return err_set(err, ERR_NOT_FOUND, "%s: the repository has no commit yet",
			       git->name);
	if (code < 0)
		return git_fail(err, code, "%s: HEAD", git->name);
	git_oid_cpy(&ret->commit, git_reference_target(head));
	ret->label = strdup(git_reference_is_branch(head) ? git_reference_shorthand(head) : "HEAD");
	return ret->label ? 0 : err_no_memory(err);
}

/* The names of all refs of a repository. */
static void names_release(git_strarray *names)
{
	git_strarray_dispose(names);
}

static const char *name_at(const void *context, size_t index)
{
	const git_strarray *names = context;

	return index < names->count ? names->strings[index] : NULL;
}

/* The full name of the ref that is asked for; NULL where it may name a commit otherwise. */
static int choose(struct git_source *git, const char *ref, char **ret_name, struct err *err)
{
	CLEANUP(names_release) git_strarray all = {0};
	const struct ref_names names = {.at = name_at, .context = &all};
	int code = git_reference_list(&all, git->repository);

	if (code < 0)
		return git_fail(err, code, "%s", git->name);
	if (git_offer_choose(&names, ref, ret_name, err) < 0)
		return err_prefix(err, "%s", git->name);
	return 0;
}

/* The tag object of an annotated tag; other refs have none. */
static void find_tag(git_repository *repository, const char *name, git_oid *ret_tag)
{
	CLEANUP(reference_free_p) git_reference *reference = NULL;
	CLEANUP(object_free_p) git_object *tag = NULL;

	if (git_reference_lookup(&reference, repository, name) == 0 &&
	    git_object_lookup(&tag, repository, git_reference_target(reference), GIT_OBJECT_TAG) ==
		    0)
		git_oid_cpy(ret_tag, git_object_id(tag));
}

/* Whatever else names a commit: gitrevisions(7). */
static int commit_of_revision(git_repository *repository, const char *rev, git_oid *ret_commit)
{
	CLEANUP(object_free_p) git_object *object = NULL;
	CLEANUP(object_free_p) git_object *commit = NULL;
	int code = git_revparse_single(&object, repository, rev);

	if (code == 0)
		code = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
	if (code == 0)
		git_oid_cpy(ret_commit, git_object_id(commit));
	return code;
}

static int no_such_revision(struct git_source *git, const char *ref, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%s: no branch, tag or commit \"%s\"%s", git->name, ref,
		       git_repository_is_shallow(git->repository)
			       ? "; the clone is shallow: fetch more of it"
			       : "");
}

int git_open_local(struct git_source *git, struct err *err)
{
	return git_open_folder(&git->repository, git->folder, git->name,
			       GIT_REPOSITORY_OPEN_NO_SEARCH, "not a Git repository", err);
}

static int resolve(struct git_source *git, const char *ref, struct resolved *ret, struct err *err)
{
	CLEANUP(free_p) char *name = NULL;
	bool is_id = false;
	int code = GIT_ENOTFOUND;

	if (choose(git, ref, &name, err) < 0)
		return -1;
	if (name) {
		code = commit_of_ref(git->repository, name, &ret->commit);
		find_tag(git->repository, name, &ret->tag);
	} else if (git_is_commit_id(ref)) {
		code = git_commit_of_digits(git->repository, ref, &ret->commit);
		is_id = code == 0;
	} else {
		code = commit_of_revision(git->repository, ref, &ret->commit);
	}
	if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC)
		return no_such_revision(git, ref, err);
	if (code < 0)
		return git_fail(err, code, "%s: ref \"%s\"", git->name, ref);
	if (is_id)
		return 0;
	ret->label = strdup(name ? git_ref_label(name, ref) : ref);
	return ret->label ? 0 : err_no_memory(err);
}

int git_resolve_local(struct git_source *git, const char *ref, struct resolved *ret,
		      struct err *err)
{
	if (!git->repository && git_open_local(git, err) < 0)
		return -1;
	return ref ? resolve(git, ref, ret, err) : resolve_head(git, ret, err);
}

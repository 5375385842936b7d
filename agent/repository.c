#include "agent/repository.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/log.h"
#include "agent/metrics.h"
#include "agent/repo_watch.h"
#include "agent/turns.h"
#include "apply/clock.h"
#include "diff/cleanup.h"

#define STACK_BYTES (512u * 1024) /* of a thread that polls */

/* A Git server, by its host. */
struct host {
	struct host *next;
	char *name;
	struct turns fine, failed; /* for polls of its repositories */
};

struct repositories {
	struct uv_loop_s *loop;
	struct repository *all; /* that have users */
	size_t open;            /* with those whose last poll is still to end */
	bool is_left;           /* the last that closes frees it */
	struct host *hosts;
};

/* What a poll asks for and brings back; the thread's alone while it runs. */
struct poll {
	uv_thread_t thread;
	struct source *source;
	char **refs; /* each NULL for HEAD */
	size_t count;
	struct source_stand *stands;
	struct err err;    /* of the repository as a whole */
	struct err damage; /* why the clone was made anew; ERR_NONE: it was not */
	uv_async_t *end;
};

struct repository {
	struct repositories *repositories;
	struct repository *next;
	struct source *source; /* for all refs and paths */
	struct host *host;     /* NULL: it is a local folder */
	struct repository_user *users;

	uv_async_t poll_end;
	uv_timer_t teller; /* nobody is called from within repository_ask */
	size_t handles;    /* that are open */
	struct turn turn;
	bool is_due;       /* a poll waits for its turn */
	bool is_stale;     /* refs changed while a poll ran, which may have looked before */
	struct poll *poll; /* that runs */
	int64_t began_ms;  /* the poll that runs, or the last one */
	bool has_failed;   /* the last one did, as a whole */
	uint64_t polls, failed_polls;

	/* What the last poll brought. */
	int64_t known_ms; /* when it began; -1: there was none */
	struct poll *known;

	struct repo_watch *watch;
	bool cannot_watch;
};

/* --- polls ------------------------------------------------------------------------------------ */

static void poll_free(struct poll *poll)
{
	if (!poll)
		return;
	for (size_t i = 0; i < poll->count; i++) {
		free(poll->refs[i]);
		if (poll->stands)
			source_stand_release(&poll->stands[i]);
	}
	free(poll->refs);
	free(poll->stands);
	source_free(poll->source);
	free(poll);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static const struct source_stand *find_stand(const struct poll *poll, const char *ref)
{
	for (size_t i = 0; poll && i < poll->count; i++)
		if (same(poll->refs[i], ref))
			return &poll->stands[i];
	return NULL;
}

static bool has_ref(const struct poll *poll, const char *ref)
{
	for (size_t i = 0; i < poll->count; i++)
		if (same(poll->refs[i], ref))
			return true;
	return false;
}

static int poll_new(struct repository *repository, struct poll **ret_poll)
{
	struct poll *poll = calloc(1, sizeof(*poll));
	size_t users = 0;

	if (!poll)
		return -1;
	for (const struct repository_user *user = repository->users; user; user = user->next)
		users++;
	poll->source = source_share(repository->source);
	poll->end = &repository->poll_end;
	poll->refs = calloc(users + 1, sizeof(*poll->refs));
	poll->stands = calloc(users + 1, sizeof(*poll->stands));
	bool fits = poll->refs && poll->stands;
	for (struct repository_user *user = repository->users; fits && user; user = user->next) {
		if (has_ref(poll, user->ref))
			continue;
		char *ref = user->ref ? strdup(user->ref) : NULL;
		fits = ref || !user->ref;
		poll->refs[poll->count++] = ref;
	}
	if (!fits) {
		poll_free(poll);
		return -1;
	}
	*ret_poll = poll;
	return 0;
}

static void in_thread(void *argument)
{
	struct poll *poll = argument;

	if (source_resolve(poll->source, (const char *const *)poll->refs, poll->count, poll->stands,
			   &poll->err) == 0)
		source_take_damage(poll->source, &poll->damage);
	uv_async_send(poll->end);
}

static void tell_soon(struct repository *repository);

/* The poll could not even begin: as if it had been made, and had failed. */
static void fail_poll(struct repository *repository, struct poll *poll, const char *why)
{
	turn_give_back(&repository->turn);
	if (poll)
		err_set(&poll->err, ERR_INTERNAL, "%s", why);
	poll_free(repository->known);
	repository->known = poll;
	repository->known_ms = repository->began_ms;
	repository->has_failed = true;
	tell_soon(repository);
}

static void begin_poll(void *context)
{
	struct repository *repository = context;
	const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
					     .stack_size = STACK_BYTES};
	struct poll *poll = NULL;

	repository->is_due = repository->is_stale = false;
	repository->began_ms = clock_boot_ms();
	if (poll_new(repository, &poll) < 0) {
		fail_poll(repository, NULL, "out of memory");
	} else if (uv_thread_create_ex(&poll->thread, &options, in_thread, poll) < 0) {
		fail_poll(repository, poll, "no thread is left to read the repository in");
	} else {
		repository->poll = poll;
	}
}

/* A poll of what is asked for now; one that runs already was begun too early to count. */
static void want_poll(struct repository *repository)
{
	struct host *host = repository->host;
	struct turns *turns = NULL;

	if (repository->poll || repository->is_due)
		return;
	repository->is_due = true;
	if (host)
		turns = repository->has_failed ? &host->failed : &host->fine;
	if (turn_take(turns, &repository->turn, begin_poll, repository))
		begin_poll(repository);
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Whether what the last poll brought answers the user. */
static bool is_answered(const struct repository *repository, const struct repository_user *user)
{
	return repository->known_ms >= user->wants_ms && repository->known_ms >= 0 &&
	       (!repository->known || has_ref(repository->known, user->ref));
}

static void answer(const struct repository *repository, struct repository_user *user)
{
	const struct poll *known = repository->known;
	struct err no_memory;

	user->asks = false;
	if (!known) {
		err_no_memory(&no_memory);
		user->done(user->done_context, NULL, &no_memory);
	} else if (known->err.class != ERR_NONE) {
		user->done(user->done_context, NULL, &known->err);
	} else {
		const struct source_stand *stand = find_stand(known, user->ref);
		user->done(user->done_context, stand, &stand->err);
	}
}

static void on_teller(uv_timer_t *timer)
{
	struct repository *repository = timer->data;
	bool waits = false;

	/* A callback may have anybody ask, or leave: so from the beginning after each. */
	for (struct repository_user *user = repository->users; user;) {
		if (user->asks && is_answered(repository, user)) {
			answer(repository, user);
			user = repository->users;
			continue;
		}
		waits |= user->asks;
		user = user->next;
	}
	if (waits)
		want_poll(repository);
}

static void tell_soon(struct repository *repository)
{
	uv_timer_start(&repository->teller, on_teller, 0, 0);
}

static const char *commit_of(const struct poll *poll, const char *ref)
{
	const struct source_stand *stand =
		poll && poll->err.class == ERR_NONE ? find_stand(poll, ref) : NULL;

	return stand && stand->err.class == ERR_NONE ? stand->commit : NULL;
}

static void tell_moved(struct repository *repository, const struct poll *before)
{
	if (!before)
		return;
	for (struct repository_user *user = repository->users; user; user = user->next) {
		const char *commit = commit_of(repository->known, user->ref);

		if (!user->asks && has_ref(before, user->ref) && commit &&
		    !same(commit, commit_of(before, user->ref)))
			user->on_moved(user->context);
	}
}

/* --- the watch on a local repository ------------------------------------------------------------ */

static void on_refs_changed(void *context)
{
	struct repository *repository = context;

	repository->is_stale = repository->poll != NULL;
	want_poll(repository);
}

static void watch(struct repository *repository)
{
	const char *git_dir = source_local_git_dir(repository->source);
	struct err err;

	if (repository->watch || repository->cannot_watch || !git_dir)
		return;
	if (repo_watch_new(repository->repositories->loop, git_dir, on_refs_changed, repository,
			   &repository->watch, &err) == 0) {
		on_refs_changed(repository); /* what came before the watch stood */
		return;
	}
	repository->cannot_watch = true;
	for (struct repository_user *user = repository->users; user; user = user->next)
		if (user->on_unwatched)
			user->on_unwatched(user->context, &err);
}

static void close_repository(struct repository *repository);

static void on_poll_end(uv_async_t *async)
{
	struct repository *repository = async->data;
	struct poll *poll = STEAL(repository->poll), *before = repository->known;

	if (!poll)
		return;
	uv_thread_join(&poll->thread);
	turn_give_back(&repository->turn);
	if (!repository->users) {
		poll_free(poll);
		close_repository(repository);
		return;
	}
	repository->known = poll;
	repository->known_ms = repository->began_ms;
	repository->has_failed = poll->err.class != ERR_NONE;
	repository->polls++;
	repository->failed_polls += repository->has_failed;
	metrics_observe(METRIC_FETCH_DURATION,
			(double)(clock_boot_ms() - repository->began_ms) / 1000,
			LABELS(source_name(repository->source)));
	if (poll->damage.class != ERR_NONE)
		log_line(LOG_WARNING, NULL, "%s", poll->damage.message);
	tell_moved(repository, before);
	poll_free(before);
	tell_soon(repository);
	watch(repository);
	if (repository->is_stale)
		want_poll(repository);
}

/* --- joining, leaving ------------------------------------------------------------------------- */

static bool is_same(const struct source_options *a, const struct source_options *b)
{
	return same(a->repo, b->repo) && same(a->git_dir, b->git_dir) &&
	       same(a->credentials, b->credentials) && a->fetch_ms == b->fetch_ms &&
	       a->max_fetch_bytes == b->max_fetch_bytes &&
	       a->max_fetch_objects == b->max_fetch_objects && a->many_packs == b->many_packs;
}

static void free_all(struct repositories *repositories)
{
	for (struct host *host = repositories->hosts, *next; host; host = next) {
		next = host->next;
		free(host->name);
		free(host);
	}
	free(repositories);
}

static void on_closed(uv_handle_t *handle)
{
	struct repository *repository = handle->data;

	if (--repository->handles > 0)
		return;
	if (--repository->repositories->open == 0 && repository->repositories->is_left)
		free_all(repository->repositories);
	poll_free(repository->known);
	source_free(repository->source);
	free(repository);
}

/* Nobody uses it, and no poll runs. */
static void close_repository(struct repository *repository)
{
	turn_give_back(&repository->turn);
	uv_close((uv_handle_t *)&repository->poll_end, on_closed);
	uv_close((uv_handle_t *)&repository->teller, on_closed);
}

static void drop_repository(struct repository *repository)
{
	struct repository **at = &repository->repositories->all;

	while (*at != repository)
		at = &(*at)->next;
	*at = repository->next;
	uv_timer_stop(&repository->teller);
	repo_watch_free(STEAL(repository->watch));
	/* A poll goes on in its thread; its end closes the rest. */
	if (!repository->poll)
		close_repository(repository);
}

/* "https://ann@example.com:8443/x.git" and "ann@example.com:x.git" as "example.com..." */
static char *host_name(const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	size_t length = strcspn(host, scheme ? "/" : ":/");
	const char *at = memrchr(host, '@', length);

	if (at) {
		length -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	return strndup(host, length);
}

static int find_host(struct repositories *repositories, const char *url, struct host **ret_host,
		     struct err *err)
{
	CLEANUP(free_p) char *name = host_name(url);

	if (!name)
		return err_no_memory(err);
	for (struct host *host = repositories->hosts; host; host = host->next) {
		if (strcmp(host->name, name) == 0) {
			*ret_host = host;
			return 0;
		}
	}
	struct host *host = calloc(1, sizeof(*host));
	if (!host)
		return err_no_memory(err);
	*host = (struct host){
		.next = repositories->hosts,
		.name = STEAL(name),
		.fine.limit = REPOSITORY_MAX_POLLS,
		.failed.limit = REPOSITORY_MAX_FAILED_POLLS,
	};
	*ret_host = repositories->hosts = host;
	return 0;
}

static int make_repository(struct repositories *repositories, const struct source_options *options,
			   struct repository **ret_repository, struct err *err)
{
	struct repository *repository = calloc(1, sizeof(*repository));
	struct source_options common = *options;

	if (!repository)
		return err_no_memory(err);
	/* Of apps that differ in these; what is wrong with one is told when its app is made. */
	common.ref = common.path = common.verify = NULL;
	if (source_new(&common, &repository->source, err) < 0 ||
	    (!source_is_local(repository->source) &&
	     find_host(repositories, options->repo, &repository->host, err) < 0)) {
		source_free(repository->source);
		free(repository);
		return -1;
	}
	repository->repositories = repositories;
	repository->known_ms = -1;
	uv_async_init(repositories->loop, &repository->poll_end, on_poll_end);
	uv_timer_init(repositories->loop, &repository->teller);
	repository->poll_end.data = repository->teller.data = repository;
	repository->handles = 2;
	repository->next = repositories->all;
	repositories->all = repository;
	repositories->open++;
	*ret_repository = repository;
	return 0;
}

struct repositories *repositories_new(struct uv_loop_s *loop, struct err *err)
{
	struct repositories *repositories = calloc(1, sizeof(*repositories));

	if (!repositories) {
		err_no_memory(err);
		return NULL;
	}
	repositories->loop = loop;
	return repositories;
}

void repositories_free(struct repositories *repositories)
{
	if (!repositories)
		return;
	repositories->is_left = true;
	if (repositories->open == 0)
		free_all(repositories);
}

int repository_join(struct repositories *repositories, const struct source_options *options,
		    struct repository_user *user, struct err *err)
{
	struct repository *repository = repositories->all;

	while (repository && !is_same(source_options_of(repository->source), options))
		repository = repository->next;
	char *ref = options->ref ? strdup(options->ref) : NULL;
	if (options->ref && !ref)
		return err_no_memory(err);
	if (!repository && make_repository(repositories, options, &repository, err) < 0) {
		free(ref);
		return -1;
	}
	user->ref = ref;
	user->repository = repository;
	user->next = repository->users;
	repository->users = user;
	return 0;
}

void repository_leave(struct repository_user *user)
{
	struct repository *repository = user->repository;

	if (!repository)
		return;
	for (struct repository_user **at = &repository->users; *at; at = &(*at)->next) {
		if (*at == user) {
			*at = user->next;
			break;
		}
	}
	user->repository = NULL;
	user->asks = false;
	free(STEAL(user->ref));
	if (!repository->users)
		drop_repository(repository);
}

void repository_ask(struct repository_user *user, int64_t max_age_ms,
		    void (*done)(void *context, const struct source_stand *stand,
				 const struct err *err),
		    void *context)
{
	user->asks = true;
	user->wants_ms = clock_boot_ms() - max_age_ms;
	user->done = done;
	user->done_context = context;
	tell_soon(user->repository);
}

void repository_cancel(struct repository_user *user)
{
	user->asks = false;
}

const char *repository_commit(const struct repository_user *user)
{
	return user->repository ? commit_of(user->repository->known, user->ref) : NULL;
}

void repository_count(const struct repository_user *user, uint64_t *ret_polls, uint64_t *ret_failed)
{
	*ret_polls = user->repository ? user->repository->polls : 0;
	*ret_failed = user->repository ? user->repository->failed_polls : 0;
}

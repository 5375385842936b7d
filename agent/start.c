#include "agent/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#define MIN_DESCRIPTORS 12 /* for the event loop and one connection */
#define POOL_THREADS    4  /* of libuv, unless UV_THREADPOOL_SIZE says otherwise */

void start_hold_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static bool has_descriptors(void)
{
	int taken[MIN_DESCRIPTORS], count = 0;

	while (count < MIN_DESCRIPTORS && (taken[count] = dup(STDERR_FILENO)) >= 0)
		count++;
	bool enough = count == MIN_DESCRIPTORS;
	while (count > 0)
		close(taken[--count]);
	return enough;
}

static void wait_for_all(void *argument)
{
	uv_sem_wait(argument);
}

/* As many at once as the pool will have, with stacks as large. */
static int try_threads(void)
{
	uv_thread_t threads[POOL_THREADS];
	uv_sem_t all_made;
	int count = 0, code = uv_sem_init(&all_made, 0);

	if (code < 0)
		return code;
	while (count < POOL_THREADS && code == 0)
		if ((code = uv_thread_create(&threads[count], wait_for_all, &all_made)) == 0)
			count++;
	for (int i = 0; i < count; i++)
		uv_sem_post(&all_made);
	for (int i = 0; i < count; i++)
		uv_thread_join(&threads[i]);
	uv_sem_destroy(&all_made);
	return code;
}

int start_check(struct err *err)
{
	if (!has_descriptors())
		return err_set(err, ERR_INTERNAL,
			       "fewer than %d files can be opened; raise the limit (ulimit -n)",
			       MIN_DESCRIPTORS);
	int code = try_threads();
	if (code < 0)
		return err_set(err, ERR_INTERNAL,
			       "%d threads cannot be made (%s); raise the limits of memory and "
			       "processes (ulimit -v, -u)",
			       POOL_THREADS, uv_strerror(code));
	return 0;
}

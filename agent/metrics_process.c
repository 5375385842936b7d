#include "agent/metrics_process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "agent/metrics.h"

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double clock_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* proc(5), /proc/self/stat: what stands behind the name, which may hold blanks and brackets. */
static void collect_stat(void)
{
	char text[1024];
	unsigned long long start, virtual_bytes;
	long resident_pages;
	FILE *file = fopen("/proc/self/stat", "re");
	size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[length] = '\0';
	const char *behind = strrchr(text, ')');
	if (!behind || sscanf(behind + 1,
			      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			      "%*d %*d %*d %llu %llu %ld",
			      &start, &virtual_bytes, &resident_pages) != 3)
		return;
	double ago = clock_seconds(CLOCK_BOOTTIME) - (double)start / (double)sysconf(_SC_CLK_TCK);
	metrics_set(METRIC_PROCESS_VIRTUAL, (double)virtual_bytes, NO_LABELS);
	metrics_set(METRIC_PROCESS_RSS, (double)resident_pages * (double)sysconf(_SC_PAGESIZE),
		    NO_LABELS);
	metrics_set(METRIC_PROCESS_START, clock_seconds(CLOCK_REALTIME) - ago, NO_LABELS);
}

static void collect_fds(void)
{
	struct rlimit limit;
	DIR *folder = opendir("/proc/self/fd");
	double count = -1; /* without the one that lists them */

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		metrics_set(METRIC_PROCESS_MAX_FDS, (double)limit.rlim_cur, NO_LABELS);
	if (!folder)
		return;
	for (const struct dirent *entry; (entry = readdir(folder));)
		count += entry->d_name[0] != '.';
	closedir(folder);
	metrics_set(METRIC_PROCESS_FDS, count, NO_LABELS);
}

void metrics_process_collect(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		metrics_set(METRIC_PROCESS_CPU, seconds(usage.ru_utime) + seconds(usage.ru_stime),
			    NO_LABELS);
	collect_stat();
	collect_fds();
}

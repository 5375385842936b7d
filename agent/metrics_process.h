/*
 * metrics_process.h - what the kernel knows of this process (/proc), as metrics.
 */
#ifndef AGENT_METRICS_PROCESS_H
#define AGENT_METRICS_PROCESS_H

/* Sets METRIC_PROCESS_...; for a collector. */
void metrics_process_collect(void);

#endif

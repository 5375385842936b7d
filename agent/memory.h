/*
 * memory.h - what the process holds of memory that it does not need.
 */
#ifndef AGENT_MEMORY_H
#define AGENT_MEMORY_H

/*
 * Of what runs for long, before any thread begins: they share one heap, or each of them keeps what
 * it needed once. They wait for each other then; a command that ends soon has a heap for each.
 */
void memory_begin(void);

/*
 * Gives the system back what is free, if that is much. A pass needs, for a moment, many times what
 * is kept of it, and what is kept lies between what has been freed.
 */
void memory_settle(void);

#endif

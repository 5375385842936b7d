/*
 * page.h - lists, page by page (`limit` and `continue` of the Kubernetes API).
 */
#ifndef APPLY_PAGE_H
#define APPLY_PAGE_H

#include "apply/resource.h"

#define PAGE_OBJECTS         500
#define PAGE_MAX_TOKEN_BYTES 4096u /* Kubernetes' have some hundred */

/* Appends the path of the list's first page, or of the one that the token leads to. */
void page_print_path(const struct resource *resource, const char *namespace, const char *token,
		     struct buf *out);

/* Whether the path is one that page_print_path has begun. */
bool page_is_path(const char *path);

/*
 * Puts the token of the page after this one in place of *token, and frees the old one. 1: there is
 * one, 0: this was the last page. ERR_LIMIT; ERR_NO_MEMORY.
 */
int page_take_token(const cJSON *page, char **token, struct err *err);

/* Adds apiVersion and kind, which the items of built-in kinds lack. */
int page_complete_item(cJSON *item, const struct resource *resource, struct err *err);

#endif

/* api/page.h: lists in pages. Lists are built as text, so that encoded bodies are joined without being parsed again. */
#pragma once

#include "api/call.h"

#define PAGE_MAX   1000u
#define PAGE_QUERY "$top $skiptoken"

/* A list in its order. Each item has a token, and tokens are in strcmp() order: a page begins at the first item whose token is
 * not below the one that the client brings, so that items that went away meanwhile shift nothing. */
typedef struct {
    guint total;
    char *(*token)(const void *data, guint index); /* newly allocated */
    const void *data;
} PageItems;

typedef struct {
    guint first, count;
    char *next; /* token of the next page's first item; NULL: this is the last page */
} Page;
void page_clear(Page *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Page, page_clear)

/* What $skiptoken and $top ask for, at most PAGE_MAX items. */
gboolean page_read(Call *call, const PageItems *items, Page *ret_page, GError **error);
/* One more body of the page: encoded, as a GBytes. */
void page_add(GPtrArray *bodies, const json_t *body);
/* {"value":[…],"nextLink":…} from the GBytes bodies of one page; nextLink is absolute and followed as it is. */
ApiResponse *page_respond(Call *call, const GPtrArray *bodies, const Page *page);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of HTML reports, made of user/web/ by tools/web-page: with all but the data, in whose place there is a mark.
 */
#ifndef MEMTRAWL_RENDER_HTML_PAGE_H
#define MEMTRAWL_RENDER_HTML_PAGE_H

#define HTML_PAGE_DATA "@data@" /* is there once */

extern const char html_page[]; /* ends with a NUL */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/section.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

bool mab_section_is_called(const ap_directive_t *one, const char *name)
{
    return strcasecmp(one->directive, name) == 0;
}

bool mab_section_grants(const ap_directive_t *one, apr_pool_t *pool)
{
    return mab_section_is_called(one, "Require")
           && strcasecmp(mab_section_word(one, 0, pool), "all") == 0
           && strcasecmp(mab_section_word(one, 1, pool), "granted") == 0;
}

/* one true line of <RequireAny> is enough, as in the section itself */
bool mab_section_any_grants(const ap_directive_t *one, apr_pool_t *pool)
{
    for (; one; one = one->next) {
        if (mab_section_grants(one, pool)
            || (mab_section_is_called(one, "<RequireAny")
                && mab_section_any_grants(one->first_child, pool)))
            return true;
    }
    return false;
}

const char *mab_section_word(const ap_directive_t *one, int index,
                             apr_pool_t *pool)
{
    const char *args = one->args ? one->args : "";
    apr_size_t len = strlen(args);
    const char *word = "";

    if (*one->directive == '<' && len && args[len - 1] == '>')
        len--;
    args = apr_pstrmemdup(pool, args, len);
    for (; index >= 0; index--)
        word = ap_getword_conf(pool, &args);
    return word;
}

/* --- where a line stands --------------------------------------------------------- */

/* <Limit>, <LimitExcept>, <RequireAny> and the like narrow lines, not requests */
static bool is_group(const ap_directive_t *one)
{
    return bearer_str_opens_nocase(one->directive, "<Limit")
           || bearer_str_opens_nocase(one->directive, "<Require");
}

/* of a section whose requests can be told from its path alone */
static const char *plain_path(const ap_directive_t *top, apr_pool_t *pool)
{
    const char *path;
    apr_size_t len;

    if (!mab_section_is_called(top, "<Location")
        && !mab_section_is_called(top, "<Directory"))
        return NULL;
    path = mab_section_word(top, 0, pool);
    len = strlen(path);
    /* "~" is a regular expression, and httpd has rules of its own for "//" */
    if (*path != '/' || strpbrk(path, "*?[]\\") || strstr(path, "//"))
        return NULL;
    while (len && path[len - 1] == '/')
        len--;
    return apr_pstrmemdup(pool, path, len);
}

mab_section_t mab_section_of(const ap_directive_t *line, apr_pool_t *pool)
{
    mab_section_t section = {NULL, NULL, NULL, NULL};
    const ap_directive_t *one;

    for (one = line->parent; one; one = one->parent) {
        if (mab_section_is_called(one, "<VirtualHost")) {
            section.host = one;
            break;
        }
        if (is_group(one))
            continue;
        section.top = one;
        if (!section.own)
            section.own = one;
    }
    if (section.top)
        section.path = plain_path(section.top, pool);
    return section;
}

/* --- two of them ------------------------------------------------------------------- */

static bool is_same_kind(const mab_section_t *a, const mab_section_t *b)
{
    return a->path && b->path
           && strcasecmp(a->top->directive, b->top->directive) == 0;
}

/* the same path or one below it: a path is "" for / and never ends in a slash */
static bool is_below(const char *inner, const char *outer)
{
    apr_size_t len = strlen(outer);

    return strncmp(inner, outer, len) == 0
           && (!inner[len] || inner[len] == '/');
}

bool mab_section_may_meet(const mab_section_t *a, const mab_section_t *b)
{
    if (a->host && b->host && a->host != b->host)
        return false;
    if (!is_same_kind(a, b))
        return true;
    return is_below(a->path, b->path) || is_below(b->path, a->path);
}

/* within it, as <Files> is in <Directory> */
static bool is_inside(const mab_section_t *inner, const mab_section_t *outer)
{
    const ap_directive_t *one = inner->own;

    for (; one && one != inner->host; one = one->parent) {
        if (one == outer->own)
            return one != inner->own;
    }
    return false;
}

bool mab_section_is_narrower(const mab_section_t *inner,
                             const mab_section_t *outer)
{
    if (is_inside(inner, outer))
        return true;
    return outer->own == outer->top && is_same_kind(inner, outer)
           && is_below(inner->path, outer->path)
           && !is_below(outer->path, inner->path);
}

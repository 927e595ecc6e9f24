/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/resource.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "bearer/base/str.h"
#include "bearer/text/url.h"
#include "bearer/text/write.h"

bearer_reason_t bearer_resource_parse(const char *url, bearer_resource_t *out,
                                      bearer_note_t *note, apr_pool_t *pool)
{
    bearer_url_t parts;
    bearer_reason_t why = bearer_url_parse(url, true, &parts, note, pool);

    if (!why && strchr(parts.path, '?'))
        why = BEARER_URL_PARTS;
    if (why)
        return why;
    out->url = url;
    out->host = parts.host;
    out->metadata_path =
        apr_pstrcat(pool, BEARER_RESOURCE_ROOT,
                    strcmp(parts.path, "/") ? parts.path : "", NULL);
    out->metadata_url = apr_pstrcat(pool, parts.tls ? "https://" : "http://",
                                    parts.authority, out->metadata_path, NULL);
    return BEARER_OK;
}

/* what is not set is left out */
static void add_text(bearer_write_t *out, const char *name, const char *text)
{
    if (text)
        bearer_write_text(out, name, text);
}

static void add_list(bearer_write_t *out, const char *name,
                     const bearer_str_t *items, int count)
{
    int i;

    if (!count)
        return;
    bearer_write_open(out, name, '[');
    for (i = 0; i < count; i++)
        bearer_write_string(out, NULL, items[i]);
    bearer_write_close(out);
}

static void add_words(bearer_write_t *out, const char *name, const char *text)
{
    apr_array_header_t *words =
        apr_array_make(out->pool, 8, sizeof(bearer_str_t));
    bearer_str_t rest = bearer_str(text), word;

    while (bearer_str_next_word(&rest, &word)) {
        if (!bearer_str_is(word, BEARER_RESOURCE_OFFLINE))
            APR_ARRAY_PUSH(words, bearer_str_t) = word;
    }
    add_list(out, name, (const bearer_str_t *)words->elts, words->nelts);
}

const char *bearer_resource_render(const bearer_resource_t *resource,
                                   const bearer_str_t *issuers, int count,
                                   bool query_method, apr_pool_t *pool)
{
    bearer_write_t out;

    bearer_write_begin(&out, BEARER_WRITE_COMPACT, pool);
    bearer_write_open(&out, NULL, '{');
    bearer_write_text(&out, "resource", resource->url);
    add_list(&out, "authorization_servers", issuers, count);
    add_words(&out, "bearer_methods_supported",
              query_method ? "header query" : "header");
    add_words(&out, "scopes_supported", resource->scopes);
    add_text(&out, "resource_name", resource->name);
    add_text(&out, "resource_documentation", resource->docs);
    bearer_write_close(&out);
    return bearer_write_end(&out).data;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/resource.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/text/json.h"
#include "bearer/text/url.h"

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

/* adds what is made for it; false: memory ran out */
static bool add(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

static bool add_text(json_t *object, const char *name, const char *text)
{
    return !text || add(object, name, json_string(text));
}

static json_t *words_of(const char *text, apr_pool_t *pool)
{
    json_t *array = json_array();
    char *state = NULL;
    char *word = apr_strtok(apr_pstrdup(pool, text), " ", &state);

    for (; word; word = apr_strtok(NULL, " ", &state)) {
        if (json_array_append_new(array, json_string(word)) == 0)
            continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *names_of(const bearer_str_t *issuers, int count)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < count; i++) {
        if (json_array_append_new(array,
                                  json_stringn(issuers[i].data, issuers[i].len))
            == 0)
            continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

const char *bearer_resource_render(const bearer_resource_t *resource,
                                   const bearer_str_t *issuers, int count,
                                   bool query_method, apr_pool_t *pool)
{
    json_t *object = bearer_json_adopt(json_object(), pool);
    const char *methods = query_method ? "header query" : "header";
    bearer_str_t text;
    bool good;

    good = add_text(object, "resource", resource->url)
           && add(object, "authorization_servers", names_of(issuers, count))
           && add(object, "bearer_methods_supported", words_of(methods, pool));
    if (good && resource->scopes)
        good =
            add(object, "scopes_supported", words_of(resource->scopes, pool));
    good = good && add_text(object, "resource_name", resource->name)
           && add_text(object, "resource_documentation", resource->docs);
    if (!good)
        return NULL;
    text = bearer_json_render(object, pool);
    return text.len ? text.data : NULL;
}

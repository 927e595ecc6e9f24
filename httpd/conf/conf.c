/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/conf.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

/* --- fields ------------------------------------------------------------------ */

#define YEAR (366 * 86400)

static const char *const typ_words[] = {"jwt", "at+jwt", "any", NULL};
static const char *const errors_words[] = {"json", "off", NULL};
static const char *const unavailable_words[] = {"503", "401", NULL};

static apr_int64_t lesser(apr_int64_t a, apr_int64_t b)
{
    return a < b ? a : b;
}

/* of two limits; 0 is none */
static apr_int64_t lesser_limit(apr_int64_t a, apr_int64_t b)
{
    return a && b ? lesser(a, b) : a + b;
}

static apr_int64_t stricter_typ(apr_int64_t a, apr_int64_t b)
{
    if (a == BEARER_TYP_AT_JWT || b == BEARER_TYP_AT_JWT)
        return BEARER_TYP_AT_JWT;
    return lesser(a, b); /* jwt before any */
}

#define END_OF_FIELDS                                                          \
    {                                                                          \
        .offset = (apr_size_t)-1                                               \
    }

/* the words of the table */
#define OPTION(text)            .name = (text), .option = true
#define WHOLE(text)             .name = (text), .option = true, .whole = true
#define SEEN                    .name = ""
#define INNER                   .both = false
#define BOTH                    .both = true
#define SIZE_OF(record, member) sizeof(((const record *)0)->member)
#define ASIDE                   .judged = false
#define JUDGED_HERE             .judged = true
#define JUDGED_AS(member)                                                      \
    .judged = true, .goes = APR_OFFSETOF(bearer_policy_t, member),             \
    .size = SIZE_OF(bearer_policy_t, member)
#define JUDGED_AS_LIST(items, number)                                          \
    JUDGED_AS(items), .count = APR_OFFSETOF(bearer_policy_t, number)

const mab_field_t mab_conf_place_fields[] = {
#define MAB_PLACE_NUMBER(id, field, named, kind_, words_, from, to, preset,    \
                         rule, goes_)                                          \
    {.of = MAB_ON_##id,                                                        \
     named,                                                                    \
     .kind = MAB_##kind_,                                                      \
     .offset = APR_OFFSETOF(mab_place_t, field),                               \
     .words = (words_),                                                        \
     .least = (from),                                                          \
     .greatest = (to),                                                         \
     .initial = (preset),                                                      \
     .stricter = (rule),                                                       \
     goes_},
#define MAB_PLACE_LIST(id, type, field, named, merge, added, goes_, show)      \
    {.of = MAB_ON_##id,                                                        \
     named,                                                                    \
     .kind = MAB_POINTER,                                                      \
     .offset = APR_OFFSETOF(mab_place_t, field),                               \
     merge,                                                                    \
     .add = (added),                                                           \
     goes_},
#include "httpd/conf/field.def"
    END_OF_FIELDS};

const mab_field_t mab_conf_server_fields[] = {
#define MAB_SERVER_NUMBER(id, field, text, kind_, from, to, preset, member)    \
    {.of = MAB_ON_##id,                                                        \
     OPTION(text),                                                             \
     .kind = MAB_##kind_,                                                      \
     .offset = APR_OFFSETOF(mab_server_t, field),                              \
     .least = (from),                                                          \
     .greatest = (to),                                                         \
     .initial = (preset),                                                      \
     .goes = APR_OFFSETOF(bearer_source_t, member),                            \
     .size = SIZE_OF(bearer_source_t, member)},
#define MAB_SERVER_ITEM(id, type, field, text)                                 \
    {.of = MAB_ON_##id,                                                        \
     .name = (text),                                                           \
     .kind = MAB_POINTER,                                                      \
     .offset = APR_OFFSETOF(mab_server_t, field)},
#include "httpd/conf/field.def"
    END_OF_FIELDS};

const mab_field_t mab_conf_all_fields[] = {
#define MAB_ALL_NUMBER(id, field, named, kind_, from, to, preset)              \
    {.of = MAB_ON_##id,                                                        \
     named,                                                                    \
     .kind = MAB_##kind_,                                                      \
     .offset = APR_OFFSETOF(mab_registry_t, field),                            \
     .least = (from),                                                          \
     .greatest = (to),                                                         \
     .initial = (preset)},
#include "httpd/conf/field.def"
    END_OF_FIELDS};

const bearer_source_t mab_conf_unclear = {.kind = BEARER_SOURCE_FILE};

/* --- registry ------------------------------------------------------------------ */

static mab_registry_t *registry;

/* where a place without AuthBearerSource looks */
static const mab_source_t by_default = {
    .where = MAB_HEADER, .name = "Authorization", .scheme = "Bearer"};

static bool has_name(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return true;
    }
    return false;
}

void mab_conf_note_header(const char *name)
{
    if (!has_name(registry->headers, name))
        APR_ARRAY_PUSH(registry->headers, const char *) = name;
}

static void note_query(const char *name, const server_rec *s)
{
    const apr_array_header_t *all = registry->queries;
    mab_query_name_t *query;
    int i;

    for (i = 0; i < all->nelts; i++) {
        query = &APR_ARRAY_IDX(all, i, mab_query_name_t);
        if (query->s == s && strcmp(query->name, name) == 0)
            return;
    }
    query = apr_array_push(registry->queries);
    query->name = name;
    query->s = s;
}

void mab_conf_note_source(const mab_source_t *source, const server_rec *s)
{
    const apr_array_header_t *all = registry->sources;
    int i;

    if (source->where == MAB_QUERY)
        note_query(source->name, s);
    for (i = 0; i < all->nelts; i++) {
        if (mab_conf_same_source(&APR_ARRAY_IDX(all, i, mab_source_t), source))
            return;
    }
    APR_ARRAY_PUSH(registry->sources, mab_source_t) = *source;
}

void mab_conf_begin(apr_pool_t *pconf)
{
    const mab_field_t *field = mab_conf_all_fields;

    registry = apr_pcalloc(pconf, sizeof(*registry));
    registry->issuers = apr_array_make(pconf, 8, sizeof(mab_issuer_line_t *));
    registry->settings = apr_array_make(pconf, 16, sizeof(mab_setting_t));
    registry->sub.items = apr_pcalloc(pconf, sizeof(bearer_path_t *));
    registry->sub.count = 1;
    for (; mab_field_is(field); field++)
        *mab_field_number(registry, field) = field->initial;
    registry->limited = apr_array_make(pconf, 1, sizeof(char *));
    registry->doubts = apr_array_make(pconf, 1, sizeof(mab_doubt_t));
    registry->headers = apr_array_make(pconf, 4, sizeof(char *));
    registry->sources = apr_array_make(pconf, 4, sizeof(mab_source_t));
    registry->queries = apr_array_make(pconf, 4, sizeof(mab_query_name_t));
    registry->documents = apr_array_make(pconf, 4, sizeof(mab_document_t));
    registry->files_that_grant.granted = true;
    registry->files_that_do_not.told =
        apr_pcalloc(pconf, sizeof(*registry->files_that_do_not.told));
    mab_conf_note_source(&by_default, NULL);
    if (bearer_path_parse("sub", (const bearer_path_t **)registry->sub.items,
                          NULL, pconf))
        registry->sub.count = 0;
}

mab_registry_t *mab_conf_registry(void)
{
    return registry;
}

/* --- places ---------------------------------------------------------------------- */

const mab_place_t *mab_conf_place(const request_rec *r)
{
    const mab_place_t *place =
        ap_get_module_config(r->per_dir_config, &auth_bearer_module);

    return place->configured ? place->configured : place;
}

bool mab_conf_same_source(const mab_source_t *a, const mab_source_t *b)
{
    return a->where == b->where && bearer_str_same(a->name, b->name)
           && bearer_str_same(a->scheme, b->scheme);
}

const mab_source_t *mab_conf_sources(const mab_place_t *place, int *count)
{
    *count = place->sources ? place->sources->count : 1;
    return place->sources ? place->sources->items : &by_default;
}

const mab_source_t *mab_conf_find_source(const mab_place_t *place, int where)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(place, &count);

    for (i = 0; i < count; i++) {
        if ((int)sources[i].where == where)
            return &sources[i];
    }
    return NULL;
}

bool mab_conf_takes_query(const mab_place_t *place)
{
    return mab_conf_find_source(place, MAB_QUERY) != NULL;
}

const char *mab_conf_source_header(const mab_source_t *source)
{
    return source->where == MAB_COOKIE || source->where == MAB_QUERY
               ? NULL
               : source->name;
}

/* --- servers --------------------------------------------------------------------- */

void *mab_conf_create_server(apr_pool_t *pool, server_rec *s BEARER_UNUSED)
{
    mab_server_t *server = apr_pcalloc(pool, sizeof(*server));

    mab_field_unset(server, mab_conf_server_fields);
    return server;
}

void *mab_conf_merge_server(apr_pool_t *pool, void *base, void *vhost)
{
    const mab_field_t *field = mab_conf_server_fields;
    mab_server_t *merged = apr_pmemdup(pool, base, sizeof(*merged));

    for (; mab_field_is(field); field++) {
        if (field->kind == MAB_POINTER) {
            if (mab_field_pointer(vhost, field))
                mab_field_set_pointer(merged, field,
                                      mab_field_pointer(vhost, field));
        }
        else if (*mab_field_number(vhost, field) != MAB_UNSET)
            *mab_field_number(merged, field) = *mab_field_number(vhost, field);
    }
    return merged;
}

const mab_server_t *mab_conf_fill_source(mab_issuer_line_t *line,
                                         apr_pool_t *pool)
{
    const mab_server_t *server = mab_conf_merge_server(
        pool, ap_get_module_config(line->s->module_config, &auth_bearer_module),
        &line->fetch);
    const mab_field_t *field = mab_conf_server_fields;
    bearer_source_t *source = &line->source;

    for (; mab_field_is(field); field++) {
        if (field->kind == MAB_SECONDS)
            mab_field_put(source, field,
                          apr_time_from_sec(mab_field_resolve(server, field)));
        else if (field->kind != MAB_POINTER)
            mab_field_put(source, field, mab_field_resolve(server, field));
    }
    bearer_source_narrow_http(source);
    source->ca = server->ca;
    if (server->proxies)
        source->proxies = *server->proxies;
    source->address = server->address;
    source->credentials = (bearer_credentials_t){server->token, server->header,
                                                 server->cert, server->key};
    return server;
}

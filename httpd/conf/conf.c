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

#define END_OF_FIELDS                                                          \
    {                                                                          \
        NULL, MAB_FLAG, (apr_size_t)-1, 0, 0, 0, NULL                          \
    }
#define AT(record, field) APR_OFFSETOF(record, field)

const mab_field_t mab_conf_place_fields[] = {
    {"leeway", MAB_SECONDS, AT(mab_place_t, leeway), 0, 3600, 30, NULL},
    {"type", MAB_WORD, AT(mab_place_t, typ), 0, 2, BEARER_TYP_JWT, typ_words},
    {"max-age", MAB_SECONDS, AT(mab_place_t, max_age), 0, YEAR, 0, NULL},
    {"max-life", MAB_SECONDS, AT(mab_place_t, max_life), 0, YEAR, 0, NULL},
    {"errors", MAB_WORD, AT(mab_place_t, errors), 0, 1, MAB_ERRORS_JSON,
     errors_words},
    {"detail", MAB_FLAG, AT(mab_place_t, detail), 0, 1, 1, NULL},
    {"unavailable", MAB_WORD, AT(mab_place_t, unavailable), 0, 1,
     MAB_UNAVAILABLE_503, unavailable_words},
    {"forward", MAB_FLAG, AT(mab_place_t, forward), 0, 1, 1, NULL},
    {"foreign", MAB_FLAG, AT(mab_place_t, foreign), 0, 1, 0, NULL},
    {"optional", MAB_FLAG, AT(mab_place_t, optional), 0, 1, 0, NULL},
    {"bearer", MAB_FLAG, AT(mab_place_t, bearer), 0, 1, 0, NULL},
    {"status", MAB_FLAG, AT(mab_place_t, status), 0, 1, 0, NULL},
    {"algs", MAB_BYTES, AT(mab_place_t, algs), 0, APR_INT32_MAX, 0, NULL},
    END_OF_FIELDS};

const mab_field_t mab_conf_server_fields[] = {
    {"timeout", MAB_SECONDS, AT(mab_server_t, timeout), 1, 60, 5, NULL},
    {"connect", MAB_SECONDS, AT(mab_server_t, connect), 1, 60, 2, NULL},
    {"refresh", MAB_SECONDS, AT(mab_server_t, refresh), 60, YEAR, 3600, NULL},
    {"miss", MAB_SECONDS, AT(mab_server_t, miss), 1, 3600, 60, NULL},
    {"stale", MAB_SECONDS, AT(mab_server_t, stale), 60, YEAR, 86400, NULL},
    {"max-size", MAB_BYTES, AT(mab_server_t, max_size), 1024, 16777216, 262144,
     NULL},
    {"http", MAB_FLAG, AT(mab_server_t, http), 0, 1, 0, NULL},
    END_OF_FIELDS};

static apr_int64_t *number_at(void *record, const mab_field_t *field)
{
    return (apr_int64_t *)((char *)record + field->offset);
}

static bool is_field(const mab_field_t *field)
{
    return field->offset != (apr_size_t)-1;
}

static void unset_numbers(void *record, const mab_field_t *field)
{
    for (; is_field(field); field++)
        *number_at(record, field) = MAB_UNSET;
}

static void merge_numbers(void *merged, void *outer, void *inner,
                          const mab_field_t *field)
{
    for (; is_field(field); field++) {
        apr_int64_t number = *number_at(inner, field);

        if (number == MAB_UNSET)
            number = *number_at(outer, field);
        *number_at(merged, field) = number;
    }
}

/* the configured number, or the field's default */
static apr_int64_t resolve(const void *record, const mab_field_t *fields,
                           apr_size_t offset)
{
    const mab_field_t *field = fields;

    while (field->offset != offset)
        field++;
    if (*number_at((void *)record, field) != MAB_UNSET)
        return *number_at((void *)record, field);
    return field->initial;
}

#define PLACE(place, field)                                                    \
    resolve(place, mab_conf_place_fields, AT(mab_place_t, field))
#define SERVER(server, field)                                                  \
    resolve(server, mab_conf_server_fields, AT(mab_server_t, field))

/* --- registry ------------------------------------------------------------------ */

static mab_registry_t *registry;

/* where a place without AuthBearerSource looks */
static const mab_source_t by_default = {MAB_HEADER, "Authorization", "Bearer",
                                        NULL};

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
    registry = apr_pcalloc(pconf, sizeof(*registry));
    registry->issuers = apr_array_make(pconf, 8, sizeof(mab_issuer_line_t *));
    registry->settings = apr_array_make(pconf, 16, sizeof(mab_setting_t));
    registry->sub.items = apr_pcalloc(pconf, sizeof(bearer_path_t *));
    registry->sub.count = 1;
    registry->cache_entries = registry->cache_ttl = MAB_UNSET;
    registry->limited = apr_array_make(pconf, 1, sizeof(char *));
    registry->headers = apr_array_make(pconf, 4, sizeof(char *));
    registry->sources = apr_array_make(pconf, 4, sizeof(mab_source_t));
    registry->queries = apr_array_make(pconf, 4, sizeof(mab_query_name_t));
    registry->documents = apr_array_make(pconf, 4, sizeof(mab_document_t));
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

static const mab_strict_t not_strict = {MAB_UNSET, MAB_UNSET, MAB_UNSET,
                                        MAB_UNSET, NULL};

void *mab_conf_create_place(apr_pool_t *pool, char *path BEARER_UNUSED)
{
    mab_place_t *place = apr_pcalloc(pool, sizeof(*place));

    unset_numbers(place, mab_conf_place_fields);
    place->strict = not_strict;
    return place;
}

/* .htaccess may only tighten: whoever may write one may not widen what the
 * administrator allows. What the files demand is merged apart from what sections
 * say, because sections come before and behind them. */

/* the record with its checks moved to where those of .htaccess files lie */
static mab_place_t set_apart(const mab_place_t *place)
{
    mab_place_t apart = *place;

    if (!place->htaccess)
        return apart;
    apart.strict.leeway = place->leeway;
    apart.strict.typ = place->typ;
    apart.strict.max_age = place->max_age;
    apart.strict.max_life = place->max_life;
    apart.strict.required = place->required;
    apart.leeway = apart.typ = apart.max_age = apart.max_life = MAB_UNSET;
    apart.required = NULL;
    apart.htaccess = false;
    return apart;
}

static apr_int64_t lesser(apr_int64_t a, apr_int64_t b)
{
    if (a == MAB_UNSET || b == MAB_UNSET)
        return a == MAB_UNSET ? b : a;
    return a < b ? a : b;
}

/* of two limits; 0 is none */
static apr_int64_t lesser_limit(apr_int64_t a, apr_int64_t b)
{
    return a && b ? lesser(a, b) : lesser(a ? a : MAB_UNSET, b ? b : MAB_UNSET);
}

static apr_int64_t stricter_typ(apr_int64_t a, apr_int64_t b)
{
    if (a == BEARER_TYP_AT_JWT || b == BEARER_TYP_AT_JWT)
        return BEARER_TYP_AT_JWT;
    return lesser(a, b); /* jwt before any */
}

static const mab_list_t *join_names(const mab_list_t *a, const mab_list_t *b,
                                    apr_pool_t *pool)
{
    mab_list_t *both;
    const char **names;

    if (!a || !b)
        return a ? a : b;
    both = apr_palloc(pool, sizeof(*both));
    both->count = a->count + b->count;
    both->items = names =
        apr_palloc(pool, sizeof(*names) * (apr_size_t)(both->count + 1));
    /* NOLINTNEXTLINE(*-core.NonNullParamChecker): an empty list has items, too */
    memcpy(names, a->items, sizeof(*names) * (apr_size_t)a->count);
    memcpy(names + a->count, b->items, sizeof(*names) * (apr_size_t)b->count);
    return both;
}

static mab_strict_t merge_strict(const mab_strict_t *a, const mab_strict_t *b,
                                 apr_pool_t *pool)
{
    mab_strict_t both = {lesser(a->leeway, b->leeway),
                         stricter_typ(a->typ, b->typ),
                         lesser_limit(a->max_age, b->max_age),
                         lesser_limit(a->max_life, b->max_life),
                         join_names(a->required, b->required, pool)};

    return both;
}

/* what the files demand, on top of what the sections do */
static void tighten(bearer_policy_t *policy, const mab_strict_t *strict,
                    apr_pool_t *pool)
{
    const mab_list_t sections = {policy->required, policy->required_count};
    const mab_list_t *required;

    policy->leeway = lesser(policy->leeway, strict->leeway);
    policy->typ = (bearer_typ_t)stricter_typ(policy->typ, strict->typ);
    if (strict->max_age != MAB_UNSET)
        policy->max_age = lesser_limit(policy->max_age, strict->max_age);
    if (strict->max_life != MAB_UNSET)
        policy->max_life = lesser_limit(policy->max_life, strict->max_life);
    if (!strict->required)
        return;
    required = join_names(&sections, strict->required, pool);
    policy->required = required->items;
    policy->required_count = required->count;
}

/* what a request needs, with nothing left to resolve */
void mab_conf_freeze(mab_place_t *place)
{
    static const mab_list_t none = {NULL, 0};
    const mab_list_t *issuers = place->issuers ? place->issuers : &none;
    const mab_list_t *audiences = place->audiences ? place->audiences : &none;
    const mab_list_t *required = place->required ? place->required : &none;
    const mab_list_t *user = place->user ? place->user : &registry->sub;
    bearer_policy_t *policy = &place->policy;

    policy->issuers = issuers->items;
    policy->issuer_count = issuers->count;
    policy->audiences = audiences->items;
    policy->audience_count = audiences->count;
    policy->any_audience = place->audiences && !audiences->count;
    if (!place->audiences && place->resource) {
        place->resource_audience.data = place->resource->url;
        place->resource_audience.len = strlen(place->resource->url);
        policy->audiences = &place->resource_audience;
        policy->audience_count = 1;
    }
    policy->algs = (bearer_algset_t)PLACE(place, algs);
    policy->typ = (bearer_typ_t)PLACE(place, typ);
    policy->leeway = PLACE(place, leeway);
    policy->max_age = PLACE(place, max_age);
    policy->max_life = PLACE(place, max_life);
    policy->required = required->items;
    policy->required_count = required->count;
    policy->user = user->items;
    policy->user_count = user->count;
}

#define MERGE_LIST(field)                                                      \
    merged->field = inner->field ? inner->field : outer->field

static mab_place_t *merge(apr_pool_t *pool, mab_place_t *outer,
                          mab_place_t *inner)
{
    mab_place_t *merged = apr_pcalloc(pool, sizeof(*merged));

    merged->registered = true;
    merge_numbers(merged, outer, inner, mab_conf_place_fields);
    MERGE_LIST(issuers);
    MERGE_LIST(audiences);
    MERGE_LIST(required);
    MERGE_LIST(sources);
    MERGE_LIST(exports);
    /* what an inner place exports replaces the outer's, but a back end that
     * trusts a header does so in all places (spoofing) */
    merged->targets = join_names(outer->targets, inner->targets, pool);
    MERGE_LIST(user);
    MERGE_LIST(origins);
    MERGE_LIST(resource);
    MERGE_LIST(where);
    merged->user_expr = inner->user ? inner->user_expr : outer->user_expr;
    merged->strict = merge_strict(&outer->strict, &inner->strict, pool);
    mab_conf_freeze(merged);
    tighten(&merged->policy, &merged->strict, pool);
    return merged;
}

/* Nothing is set in this one: neither in a section, nor in a .htaccess file. */
static bool is_silent(const mab_place_t *place)
{
    return !place->registered && !place->htaccess;
}

void *mab_conf_merge_place(apr_pool_t *pool, void *outer_v, void *inner_v)
{
    mab_place_t *found = inner_v;
    mab_place_t outer, inner;

    if (is_silent(inner_v))
        return outer_v;
    if (found->outer == outer_v)
        return found->joined;
    outer = set_apart(outer_v);
    inner = set_apart(inner_v);
    return merge(pool, &outer, &inner);
}

void mab_conf_join(apr_pool_t *pconf, const server_rec *s, mab_place_t *place)
{
    mab_place_t *outer =
        ap_get_module_config(s->lookup_defaults, &auth_bearer_module);

    place->joined = mab_conf_merge_place(pconf, outer, place);
    place->outer = outer;
}

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

bool mab_conf_takes_query(const mab_place_t *place)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(place, &count);

    for (i = 0; i < count; i++) {
        if (sources[i].where == MAB_QUERY)
            return true;
    }
    return false;
}

bool mab_conf_same_judgement(const mab_place_t *a, const mab_place_t *b)
{
    const bearer_policy_t *p = &a->policy;
    const bearer_policy_t *q = &b->policy;

    if (a == b)
        return true;
    return p->issuers == q->issuers && a->audiences == b->audiences
           && a->resource == b->resource && p->any_audience == q->any_audience
           && p->algs == q->algs && p->typ == q->typ && p->leeway == q->leeway
           && p->max_age == q->max_age && p->max_life == q->max_life
           && p->required == q->required && p->user == q->user
           && a->user_expr == b->user_expr && a->sources == b->sources;
}

/* --- servers --------------------------------------------------------------------- */

void *mab_conf_create_server(apr_pool_t *pool, server_rec *s BEARER_UNUSED)
{
    mab_server_t *server = apr_pcalloc(pool, sizeof(*server));

    unset_numbers(server, mab_conf_server_fields);
    return server;
}

void *mab_conf_merge_server(apr_pool_t *pool, void *base_v, void *vhost_v)
{
    mab_server_t *base = base_v;
    mab_server_t *vhost = vhost_v;
    mab_server_t *merged = apr_pcalloc(pool, sizeof(*merged));

    merge_numbers(merged, base, vhost, mab_conf_server_fields);
    merged->proxies = vhost->proxies ? vhost->proxies : base->proxies;
    merged->ca = vhost->ca ? vhost->ca : base->ca;
    merged->where = vhost->where ? vhost->where : base->where;
    return merged;
}

void mab_conf_fill_source(bearer_source_t *source, const server_rec *s)
{
    const mab_server_t *server =
        ap_get_module_config(s->module_config, &auth_bearer_module);

    source->timeout = apr_time_from_sec(SERVER(server, timeout));
    source->connect = apr_time_from_sec(SERVER(server, connect));
    source->schedule.refresh = apr_time_from_sec(SERVER(server, refresh));
    source->schedule.miss = apr_time_from_sec(SERVER(server, miss));
    source->schedule.stale = apr_time_from_sec(SERVER(server, stale));
    source->max_body = (apr_size_t)SERVER(server, max_size);
    source->http_loopback = SERVER(server, http) == 1;
    bearer_source_narrow_http(source);
    source->ca = server->ca;
    if (server->proxies)
        source->proxies = *server->proxies;
}

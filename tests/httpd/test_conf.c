/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/httpd/inside.h"

#include "bearer/base/str.h"
#include "httpd/conf/place.h"

static mab_place_t *make(apr_pool_t *pool)
{
    mab_place_t *place = mab_place_create(pool, NULL);

    place->registered = true;
    return place;
}

static const mab_list_t *names(apr_pool_t *pool, const char *one,
                               const char *two)
{
    mab_list_t *list = apr_pcalloc(pool, sizeof(mab_user_t));
    const char **items = apr_pcalloc(pool, 2 * sizeof(*items));

    items[0] = one;
    items[1] = two;
    list->items = items;
    list->count = !!one + !!two;
    return list;
}

/* every number of the table: the inner one counts, then the outer one's, and a
 * default is none of both */
static void conf_merges_every_number(void **state)
{
    const mab_field_t *field = mab_conf_place_fields;

    for (; field->offset != (apr_size_t)-1; field++) {
        mab_place_t *outer = make(*state), *inner = make(*state), *merged;
        apr_int64_t *a = (apr_int64_t *)((char *)outer + field->offset);
        apr_int64_t *b = (apr_int64_t *)((char *)inner + field->offset);

        if (field->kind == MAB_POINTER)
            continue;
        merged = mab_place_merge(*state, outer, inner);
        unit_expect(field->name,
                    *(apr_int64_t *)((char *)merged + field->offset)
                        == MAB_UNSET);
        *a = field->greatest;
        merged = mab_place_merge(*state, outer, inner);
        unit_expect(field->name,
                    *(apr_int64_t *)((char *)merged + field->offset)
                        == field->greatest);
        *b = field->least;
        merged = mab_place_merge(*state, outer, inner);
        unit_expect(field->name,
                    *(apr_int64_t *)((char *)merged + field->offset)
                        == field->least);
        unit_expect(field->name, field->initial >= field->least
                                     && field->initial <= field->greatest);
    }
}

static void conf_merges_lists_as_a_whole(void **state)
{
    static const apr_size_t lists[] = {APR_OFFSETOF(mab_place_t, issuers),
                                       APR_OFFSETOF(mab_place_t, audiences),
                                       APR_OFFSETOF(mab_place_t, required),
                                       APR_OFFSETOF(mab_place_t, sources),
                                       APR_OFFSETOF(mab_place_t, exports),
                                       APR_OFFSETOF(mab_place_t, user)};
    static const bearer_issuer_t issuer = {.iss = BEARER_LIT("https://i")};
    static const bearer_issuer_t *const issuers[] = {&issuer};
    static const mab_list_t trusted = {issuers, 1};
    size_t i;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        mab_place_t *outer = make(*state), *inner = make(*state), *merged;
        const mab_list_t **a = (const mab_list_t **)((char *)outer + lists[i]);
        const mab_list_t **b = (const mab_list_t **)((char *)inner + lists[i]);

        /* freezing looks into issuers, and into no other list */
        *a = i ? names(*state, "outer", NULL) : &trusted;
        merged = mab_place_merge(*state, outer, inner);
        assert_ptr_equal(*(const mab_list_t **)((char *)merged + lists[i]), *a);
        *b = names(*state, NULL, NULL);
        merged = mab_place_merge(*state, outer, inner);
        assert_ptr_equal(*(const mab_list_t **)((char *)merged + lists[i]), *b);
    }
}

/* a back end trusts a header in all places, no matter which of them exports it */
static void conf_keeps_all_targets(void **state)
{
    mab_place_t *outer = make(*state), *inner = make(*state), *merged;

    outer->targets = names(*state, "X-User", NULL);
    inner->targets = names(*state, "X-Groups", "X-Mail");
    merged = mab_place_merge(*state, outer, inner);
    assert_int_equal(merged->targets->count, 3);
    assert_string_equal(((const char *const *)merged->targets->items)[0],
                        "X-User");
    assert_string_equal(((const char *const *)merged->targets->items)[2],
                        "X-Mail");
}

static void conf_silent_places_change_nothing(void **state)
{
    mab_place_t *outer = make(*state);
    mab_place_t *silent = mab_place_create(*state, NULL);

    assert_ptr_equal(mab_place_merge(*state, outer, silent), outer);
}

/* httpd merges <Files> sections with each other before they meet the folder's: another
 * handler must not be lost on the way, or the status page would be believed there */
static void conf_keeps_another_handler(void **state)
{
    mab_place_t *folder = make(*state), *first = make(*state);
    mab_place_t *second = mab_place_create(*state, NULL), *files;
    mab_place_t *server = mab_place_create(*state, NULL);

    folder->status = 1;
    second->status = 0;
    files = mab_place_merge(*state, first, second);
    assert_int_equal(files->status, 0);
    files = mab_place_merge(*state, folder, files);
    assert_int_equal(files->status, 0);
    /* elsewhere it costs a request nothing */
    mab_place_finish(server, *state);
    assert_ptr_equal(mab_place_merge(*state, server, second), server);
    assert_ptr_equal(mab_place_merge(*state, files, second), files);
}

/* --- .htaccess ------------------------------------------------------------------------- */

/* a file may only demand more, whether sections come before or after it */
static void conf_htaccess_only_tightens(void **state)
{
    static const struct {
        const char *name;
        apr_int64_t outer[4], file[4],
            want[4]; /* leeway, typ, max-age, -life */
    } rows[] = {
        {"nothing", {10, 1, 60, 60}, {-1, -1, -1, -1}, {10, 1, 60, 60}},
        {"stricter", {10, 0, 60, 60}, {5, 1, 30, 20}, {5, 1, 30, 20}},
        {"laxer", {10, 1, 60, 60}, {20, 2, 90, 90}, {10, 1, 60, 60}},
        {"no limit", {10, 0, 60, 60}, {0, 0, 0, 0}, {0, 0, 60, 60}},
        {"no limit at all", {10, 0, 0, 0}, {-1, -1, 0, 0}, {10, 0, 0, 0}},
        {"a first limit", {10, 2, 0, 0}, {10, 0, 30, 30}, {10, 0, 30, 30}},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mab_place_t *outer = make(*state), *file = make(*state), *merged;
        const apr_int64_t *f = rows[i].file, *w = rows[i].want;
        int turn;

        outer->leeway = rows[i].outer[0];
        outer->typ = rows[i].outer[1];
        outer->max_age = rows[i].outer[2];
        outer->max_life = rows[i].outer[3];
        file->htaccess = true;
        file->leeway = f[0] < 0 ? MAB_UNSET : f[0];
        file->typ = f[1] < 0 ? MAB_UNSET : f[1];
        file->max_age = f[2] < 0 ? MAB_UNSET : f[2];
        file->max_life = f[3] < 0 ? MAB_UNSET : f[3];
        for (turn = 0; turn < 2; turn++) {
            merged = mab_place_merge(*state, turn ? file : outer,
                                     turn ? outer : file);
            unit_expect(rows[i].name, merged->policy.leeway == w[0]);
            unit_expect(rows[i].name, merged->policy.typ == (bearer_typ_t)w[1]);
            unit_expect(rows[i].name, merged->policy.max_age == w[2]);
            unit_expect(rows[i].name, merged->policy.max_life == w[3]);
        }
    }
}

static const mab_list_t *issuers_of(apr_pool_t *pool, bearer_issuer_t *issuer,
                                    const bearer_source_t *source)
{
    const bearer_issuer_t **items = apr_pcalloc(pool, sizeof(*items));
    mab_list_t *list = apr_pcalloc(pool, sizeof(*list));

    issuer->iss = bearer_str("https://i.example");
    issuer->source = source;
    items[0] = issuer;
    list->items = items;
    list->count = 1;
    return list;
}

/* an issuer that files name is that of the section around them, however many files
 * come between; without one, what is not clear is refused */
static void conf_htaccess_names_what_is_around(void **state)
{
    static const bearer_source_t source = {.kind = BEARER_SOURCE_FILE};
    bearer_issuer_t own = {.algs = 0}, other = {.algs = 0};
    mab_place_t *outer = make(*state), *silent = make(*state);
    mab_place_t *file = mab_place_create(*state, NULL), *merged;

    outer->audiences = silent->audiences = names(*state, NULL, NULL);
    outer->issuers = issuers_of(*state, &own, &source);
    file->htaccess = true;
    file->names = MAB_NAMED;
    file->issuers = issuers_of(*state, &other, &mab_conf_unclear);
    merged = mab_place_merge(*state, outer, file);
    assert_ptr_equal(merged->policy.trusted[0].issuer, &own);
    assert_int_equal(merged->policy.why, BEARER_OK);
    merged = mab_place_merge(*state, merged, file);
    assert_ptr_equal(merged->policy.trusted[0].issuer, &own);
    merged = mab_place_merge(*state, silent, file);
    merged = mab_place_merge(*state, merged, file);
    assert_string_equal(bearer_error_find(merged->policy.why)->slug,
                        "policy_unclear");
    merged = mab_place_merge(*state, outer, merged);
    assert_ptr_equal(merged->policy.trusted[0].issuer, &own);
    assert_int_equal(merged->policy.why, BEARER_OK);
}

static void conf_htaccess_adds_required_claims(void **state)
{
    mab_place_t *outer = make(*state), *file = make(*state), *merged;

    outer->required = names(*state, "jti", NULL);
    file->required = names(*state, "scope", "acr");
    file->htaccess = true;
    merged = mab_place_merge(*state, outer, file);
    assert_int_equal(merged->policy.required_count, 3);
    merged = mab_place_merge(*state, file, outer);
    assert_int_equal(merged->policy.required_count, 3);
}

/* --- frozen ------------------------------------------------------------------------------ */

static void conf_freezes_defaults(void **state)
{
    mab_place_t *place = make(*state);

    mab_place_finish(place, *state);
    assert_int_equal(place->policy.leeway, 30);
    assert_int_equal(place->policy.typ, BEARER_TYP_JWT);
    assert_int_equal(place->policy.max_age, 0);
    assert_int_equal(place->policy.issuer_count, 0);
    assert_false(place->policy.any_audience);
    assert_int_equal(place->policy.user_count, 1);
    assert_string_equal(bearer_path_text(place->policy.user[0]), "sub");
}

static void conf_freezes_audiences(void **state)
{
    static const bearer_resource_t resource = {.url = "https://api.example"};
    mab_place_t *place = make(*state);

    place->resource = &resource;
    mab_place_finish(place, *state);
    assert_int_equal(place->policy.audience_count, 1);
    assert_string_equal(place->policy.audiences[0].data, "https://api.example");
    place->audiences = names(*state, NULL, NULL);
    mab_place_finish(place, *state);
    assert_true(place->policy.any_audience);
    assert_int_equal(place->policy.audience_count, 0);
}

/* the sections of inside.conf, as a request finds them */
static void conf_finds_the_place(void **state)
{
    const mab_place_t *plain =
        mab_conf_place(inside_request("/plain/x", *state));
    const mab_place_t *all = mab_conf_place(inside_request("/all", *state));
    const mab_place_t *none = mab_conf_place(inside_request("/", *state));

    assert_int_equal(plain->policy.issuer_count, 1);
    assert_int_equal(plain->policy.audience_count, 1);
    assert_int_equal(plain->bearer, 1);
    assert_int_not_equal(none->bearer, 1);
    assert_true(all->policy.any_audience);
    assert_int_equal(all->policy.leeway, 60);
    assert_int_equal(all->policy.required_count, 2);
    assert_int_equal(all->sources->count, 3);
}

/* --- the same judgement -------------------------------------------------------------------- */

typedef void (*change_t)(mab_place_t *place, apr_pool_t *pool);

#define CHANGE(what)                                                           \
    static void change_##what(mab_place_t *place,                              \
                              apr_pool_t *pool BEARER_UNUSED)

CHANGE(leeway)
{
    place->policy.leeway++;
}
CHANGE(typ)
{
    place->policy.typ = BEARER_TYP_AT_JWT;
}
CHANGE(max_age)
{
    place->policy.max_age++;
}
CHANGE(max_life)
{
    place->policy.max_life++;
}
CHANGE(algs)
{
    place->policy.algs ^= 1;
}
CHANGE(any)
{
    place->policy.any_audience = !place->policy.any_audience;
}
CHANGE(audiences)
{
    place->audiences = names(pool, "x", NULL);
}
CHANGE(sources)
{
    place->sources = names(pool, "x", NULL);
}
CHANGE(issuers)
{
    place->policy.issuers = names(pool, "x", NULL)->items;
}
CHANGE(required)
{
    place->policy.required = names(pool, "x", NULL)->items;
}
CHANGE(user)
{
    place->policy.user = names(pool, "x", NULL)->items;
}
CHANGE(user_expr)
{
    place->user = apr_pcalloc(pool, sizeof(*place->user));
}
CHANGE(resource)
{
    place->resource = apr_pcalloc(pool, 1);
}

static void conf_no_verdict_for_another_place(void **state)
{
    static const change_t changes[] = {
        change_leeway,  change_typ,      change_max_age,   change_max_life,
        change_algs,    change_any,      change_audiences, change_sources,
        change_issuers, change_required, change_user,      change_user_expr,
        change_resource};
    const mab_place_t *place = mab_conf_place(inside_request("/all", *state));
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        mab_place_t other = *place;

        assert_true(mab_place_same_judgement(place, &other));
        changes[i](&other, *state);
        if (mab_place_same_judgement(place, &other))
            fail_msg("change %d makes no difference", (int)i);
    }
    assert_true(mab_place_same_judgement(place, place));
}

/* every row: what is judged by it makes a difference, and nothing else does */
static void conf_judged_rows_make_a_difference(void **state)
{
    const mab_field_t *field = mab_conf_place_fields;

    for (; mab_field_is(field); field++) {
        mab_place_t *a = make(*state), *b = make(*state);

        if (field->kind == MAB_POINTER) {
            mab_field_set_pointer(a, field, apr_pcalloc(*state, 256));
            mab_field_set_pointer(b, field, apr_pcalloc(*state, 256));
        }
        else
            *mab_field_number(b, field) =
                field->initial == field->least ? field->greatest : field->least;
        mab_place_finish(a, *state);
        mab_place_finish(b, *state);
        if (mab_place_same_judgement(a, b) == field->judged)
            fail_msg("row %d (%s)", (int)(field - mab_conf_place_fields),
                     field->name);
    }
}

/* --- generated places ------------------------------------------------------------------------ */

/* texts of lists, so that lists that are joined can be compared */
static const void *random_pointer(const mab_field_t *field, apr_pool_t *pool)
{
    static const char *const texts[] = {"a", "b", "c", "d"};

    return field->add || field->both ? (const void *)names(
               pool, texts[inside_random(4)],
               inside_random(2) ? texts[inside_random(4)] : NULL)
                                     : apr_pcalloc(pool, 256);
}

/* half of the rows set; numbers small and at the edges, where rules change */
static mab_place_t *random_place(bool htaccess, apr_pool_t *pool)
{
    const mab_field_t *field = mab_conf_place_fields;
    mab_place_t *place = make(pool);

    place->htaccess = htaccess;
    for (; mab_field_is(field); field++) {
        apr_int64_t most = field->greatest < 4 ? field->greatest : 4;

        if (inside_random(2))
            continue;
        if (field->kind == MAB_POINTER)
            mab_field_set_pointer(place, field, random_pointer(field, pool));
        else
            *mab_field_number(place, field) =
                inside_random(5) ? inside_random((unsigned int)most + 1)
                                 : field->greatest;
    }
    return place;
}

static bool same_list(const mab_list_t *a, const mab_list_t *b)
{
    const char *const *x = a ? a->items : NULL;
    const char *const *y = b ? b->items : NULL;
    int i;

    if (!a || !b || a->count != b->count)
        return a == b;
    for (i = 0; i < a->count; i++) {
        if (strcmp(x[i], y[i]) != 0)
            return false;
    }
    return true;
}

static mab_list_t required(const mab_place_t *place)
{
    mab_list_t list = {place->policy.required, place->policy.required_count};

    return list;
}

static bool same_row(const mab_place_t *a, const mab_place_t *b,
                     const mab_field_t *field)
{
    mab_list_t x = required(a), y = required(b);

    if (field->add)
        return same_list(&x, &y);
    if (field->both)
        return same_list(mab_field_pointer(a, field),
                         mab_field_pointer(b, field));
    if (field->kind == MAB_POINTER)
        return mab_field_pointer(a, field) == mab_field_pointer(b, field);
    return mab_place_number(a, field) == mab_place_number(b, field);
}

/* httpd merges from the outside in, the start merges ahead (mab_place_join), and
 * .htaccess files come between sections: whatever is merged first, all rows are the
 * same */
static void conf_merging_has_no_order(void **state)
{
    int turn;

    for (turn = 0; turn < 2000; turn++) {
        apr_pool_t *pool = *state;
        mab_place_t *a = random_place(inside_random(2), pool);
        mab_place_t *b = random_place(inside_random(2), pool);
        mab_place_t *c = random_place(inside_random(2), pool);
        const mab_field_t *field = mab_conf_place_fields;
        mab_place_t *left =
            mab_place_merge(pool, mab_place_merge(pool, a, b), c);
        mab_place_t *right =
            mab_place_merge(pool, a, mab_place_merge(pool, b, c));

        for (; mab_field_is(field); field++) {
            if (!same_row(left, right, field))
                fail_msg("turn %d, row %d (%s)", turn,
                         (int)(field - mab_conf_place_fields), field->name);
        }
    }
}

static bool has_all(const mab_list_t *all, const mab_list_t *some)
{
    const char *const *x = all->items, *const *y = some->items;
    int i, j;

    for (i = 0; i < some->count; i++) {
        for (j = 0; j < all->count && strcmp(x[j], y[i]) != 0; j++)
            ;
        if (j == all->count)
            return false;
    }
    return true;
}

static void expect_stricter(int turn, const mab_place_t *with,
                            const mab_place_t *without)
{
    const mab_field_t *field = mab_conf_place_fields;
    mab_list_t more = required(with), less = required(without);

    for (; mab_field_is(field); field++) {
        apr_int64_t a, b;

        if (!field->stricter)
            continue;
        a = mab_place_number(with, field);
        b = mab_place_number(without, field);
        if (field->stricter(a, b) != a || a < 0)
            fail_msg("turn %d, %s: %d, and %d without the file", turn,
                     field->name, (int)a, (int)b);
    }
    if (!has_all(&more, &less))
        fail_msg("turn %d: a claim is no longer required", turn);
}

/* wherever the file comes: every row that can be tightened is at least as strict as
 * without */
static void conf_no_htaccess_file_loosens(void **state)
{
    int turn;

    for (turn = 0; turn < 2000; turn++) {
        apr_pool_t *pool = *state;
        mab_place_t *outer = random_place(false, pool);
        mab_place_t *inner = random_place(false, pool);
        mab_place_t *file = random_place(true, pool);
        mab_place_t *without = mab_place_merge(pool, outer, inner);

        expect_stricter(turn, mab_place_merge(pool, without, file), without);
        expect_stricter(turn, mab_place_merge(pool, file, without), without);
        expect_stricter(
            turn,
            mab_place_merge(pool, mab_place_merge(pool, outer, file), inner),
            without);
    }
}

/* what only answers or goes out is no reason to judge again */
static void conf_answers_make_no_difference(void **state)
{
    const mab_place_t *place = mab_conf_place(inside_request("/all", *state));
    mab_place_t other = *place;

    other.errors = other.detail = other.unavailable = other.forward = 1;
    other.exports = NULL;
    other.origins = NULL;
    assert_true(mab_place_same_judgement(place, &other));
}

/* --- servers ---------------------------------------------------------------------------------- */

static void conf_servers(void **state)
{
    static const bearer_url_proxies_t proxies;
    mab_server_t *base = mab_conf_create_server(*state, NULL);
    mab_server_t *host = mab_conf_create_server(*state, NULL);
    mab_server_t *merged;

    base->timeout = 7;
    base->miss = 9;
    base->proxies = &proxies;
    base->ca = "base";
    base->where = "base.conf:1";
    host->miss = 11;
    merged = mab_conf_merge_server(*state, base, host);
    assert_int_equal(merged->timeout, 7);
    assert_int_equal(merged->miss, 11);
    assert_int_equal(merged->stale, MAB_UNSET);
    assert_ptr_equal(merged->proxies, &proxies);
    assert_string_equal(merged->ca, "base");
    host->ca = "host";
    host->where = "host.conf:1";
    merged = mab_conf_merge_server(*state, base, host);
    assert_string_equal(merged->ca, "host");
    assert_string_equal(merged->where, "host.conf:1");
}

static void conf_sources_get_their_servers_numbers(void **state)
{
    const request_rec *r = inside_request("/", *state);
    mab_issuer_line_t line = {.s = r->server, .source.issuer = "https://a"};
    const bearer_source_t *source = &line.source;

    mab_field_unset(&line.fetch, mab_conf_server_fields);
    (void)mab_conf_fill_source(&line, *state);
    assert_true(source->timeout == apr_time_from_sec(5));
    assert_true(source->schedule.refresh == apr_time_from_sec(3600));
    assert_true(source->schedule.stale == apr_time_from_sec(86400));
    assert_int_equal(source->max_body, 262144);
    assert_false(source->http_loopback);
    assert_null(source->address);
    assert_null(source->credentials.token);
}

static void conf_an_issuers_own_numbers_win(void **state)
{
    const request_rec *r = inside_request("/", *state);
    static const bearer_url_proxies_t none, some = {"http://p:1", NULL, NULL};
    mab_server_t *server =
        ap_get_module_config(r->server->module_config, &auth_bearer_module);
    const mab_server_t before = *server;
    mab_issuer_line_t line = {.s = r->server, .source.issuer = "https://a"};

    mab_field_unset(&line.fetch, mab_conf_server_fields);
    server->ca = "/theirs";
    server->proxies = &some;
    server->timeout = 9;
    server->stale = 7200;
    line.fetch.ca = "+/own";
    line.fetch.proxies = &none;
    line.fetch.timeout = 3;
    line.fetch.token = "/token";
    line.fetch.header = "/header";
    line.fetch.cert = "/cert";
    line.fetch.key = "/key";
    line.fetch.address = "127.0.0.1:1";
    (void)mab_conf_fill_source(&line, *state);
    *server = before;
    assert_string_equal(line.source.ca, "+/own");
    assert_null(line.source.proxies.https);
    assert_true(line.source.timeout == apr_time_from_sec(3));
    assert_true(line.source.schedule.stale == apr_time_from_sec(7200));
    assert_string_equal(line.source.credentials.token, "/token");
    assert_string_equal(line.source.credentials.header, "/header");
    assert_string_equal(line.source.credentials.cert, "/cert");
    assert_string_equal(line.source.credentials.key, "/key");
    assert_string_equal(line.source.address, "127.0.0.1:1");
}

int inside_conf(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(conf_merges_every_number),
        unit_row(conf_merges_lists_as_a_whole),
        unit_row(conf_keeps_all_targets),
        unit_row(conf_silent_places_change_nothing),
        unit_row(conf_keeps_another_handler),
        unit_row(conf_htaccess_only_tightens),
        unit_row(conf_htaccess_names_what_is_around),
        unit_row(conf_htaccess_adds_required_claims),
        unit_row(conf_freezes_defaults),
        unit_row(conf_freezes_audiences),
        unit_row(conf_finds_the_place),
        unit_row(conf_no_verdict_for_another_place),
        unit_row(conf_judged_rows_make_a_difference),
        unit_row(conf_merging_has_no_order),
        unit_row(conf_no_htaccess_file_loosens),
        unit_row(conf_answers_make_no_difference),
        unit_row(conf_servers),
        unit_row(conf_sources_get_their_servers_numbers),
        unit_row(conf_an_issuers_own_numbers_win),
    };

    return unit_run(tests);
}

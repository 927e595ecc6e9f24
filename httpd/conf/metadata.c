/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/metadata.h"

#include <string.h>

#include <apr_strings.h>
#include <http_core.h>

#include "bearer/base/str.h"
#include "bearer/text/url.h"
#include "httpd/conf/around.h"

/** A document while it is made. */
typedef struct making_t {
    const mab_setting_t *setting; /**< the section of the resource */
    const bearer_resource_t *resource;
    const server_rec *s, *main_server;
    const char *path;
    apr_array_header_t *issuers; /**< of const bearer_issuer_t * */
    const mab_place_t *place;
    const char *doubt; /**< a line on which they depend, or NULL */
    apr_pool_t *pool;
} making_t;

/* --- issuers --------------------------------------------------------------------- */

static bool has(const apr_array_header_t *issuers, const bearer_issuer_t *one)
{
    int i;

    for (i = 0; i < issuers->nelts; i++) {
        if (bearer_str_equal(
                APR_ARRAY_IDX(issuers, i, const bearer_issuer_t *)->iss,
                one->iss))
            return true;
    }
    return false;
}

/* the line of an issuer, for messages */
static const char *find_line(const bearer_issuer_t *issuer)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    int i;

    for (i = 0; i < lines->nelts; i++) {
        const mab_issuer_line_t *line =
            APR_ARRAY_IDX(lines, i, mab_issuer_line_t *);

        if (&line->issuer == issuer)
            return line->where;
    }
    return "AuthBearerIssuer";
}

/* adds a place's issuers; what is new beside others, or missing beside them, makes a
 * doubt */
static void add_issuers(making_t *making, const mab_list_t *list)
{
    const bearer_issuer_t *const *items = list ? list->items : NULL;
    int before = making->issuers->nelts, i;

    for (i = 0; list && i < list->count; i++) {
        if (has(making->issuers, items[i]))
            continue;
        if (before && !making->doubt)
            making->doubt = find_line(items[i]);
        APR_ARRAY_PUSH(making->issuers, const bearer_issuer_t *) = items[i];
    }
    if (before && list && list->count < before && !making->doubt)
        making->doubt = find_line(items[0]);
}

/* Sections that may apply: if none surely says, they must be meant, since requests
 * would find no issuer; else they would replace what is sure. */
static void weigh_doubtful(making_t *making, const mab_around_t *around)
{
    const mab_list_t *sure = around->sure->issuers;
    making_t other = *making;
    int i;

    for (i = 0; i < around->doubtful->nelts; i++) {
        const mab_place_t *place =
            APR_ARRAY_IDX(around->doubtful, i, const mab_place_t *);

        if (!sure)
            add_issuers(making, place->issuers);
        other.issuers = apr_array_copy(making->pool, making->issuers);
        if (sure)
            add_issuers(&other, place->issuers);
        if (!making->doubt)
            making->doubt = other.doubt;
    }
}

/* the place that serves the resource's address */
static void ask_own(making_t *making, mab_around_t *around)
{
    const mab_around_ask_t ask = {
        making->s,
        making->setting->server_level ? NULL : making->setting->place,
        making->path};

    mab_around_find(&ask, around, making->pool);
    making->place = around->sure;
    add_issuers(making, around->sure->issuers);
    weigh_doubtful(making, around);
}

/* whether a section of its own is one that the document's server has */
static bool is_other_section(const making_t *making,
                             const mab_setting_t *setting)
{
    return !setting->server_level && setting != making->setting
           && (setting->s == making->s || setting->s == making->main_server);
}

static bool has_resource(const making_t *making, const mab_place_t *place)
{
    return place->bearer == 1 && place->resource == making->resource;
}

/* the places inside it, where it is the resource, too */
static void ask_inside(making_t *making)
{
    const apr_array_header_t *all = mab_conf_registry()->settings;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const mab_setting_t *setting = &APR_ARRAY_IDX(all, i, mab_setting_t);
        mab_around_ask_t ask = {making->s, setting->place, making->path};
        mab_around_t around = {NULL, NULL, NULL};

        if (!is_other_section(making, setting))
            continue;
        mab_around_find(&ask, &around, making->pool);
        if (!has_resource(making, around.maybe))
            continue;
        making->place = around.maybe;
        add_issuers(making, around.maybe->issuers);
    }
}

/* The challenges of the places inside lead to this document, too: a client that
 * brings what it names must not be refused there for ever. */
static void compare_inside(making_t *making)
{
    const apr_array_header_t *all = mab_conf_registry()->settings;
    making_t inside = *making;
    int i;

    inside.issuers = apr_array_copy(making->pool, making->issuers);
    for (i = 0; i < all->nelts && !inside.doubt; i++) {
        const mab_setting_t *setting = &APR_ARRAY_IDX(all, i, mab_setting_t);
        mab_around_ask_t ask = {making->s, setting->place, NULL};
        mab_around_t around = {NULL, NULL, NULL};

        if (!is_other_section(making, setting))
            continue;
        mab_around_find(&ask, &around, making->pool);
        if (has_resource(making, around.sure))
            add_issuers(&inside, around.sure->issuers);
    }
    making->doubt = inside.doubt;
}

static void find_issuers(making_t *making)
{
    mab_around_t around = {NULL, NULL, NULL};
    making_t inside = *making;

    ask_own(making, &around);
    if (making->issuers->nelts && around.maybe->bearer == 1) {
        compare_inside(making);
        return;
    }
    inside.issuers = apr_array_make(making->pool, 4, sizeof(bearer_issuer_t *));
    ask_inside(&inside);
    if (inside.issuers->nelts)
        *making = inside;
}

/* --- the document ------------------------------------------------------------------ */

/* Whether clients can get tokens there: a shared secret, or a name that is no address,
 * belongs to nobody whom they could ask (RFC 9728 2, RFC 8414 2). */
static bool is_server(const bearer_issuer_t *issuer, apr_pool_t *pool)
{
    bearer_note_t note = {""};

    return issuer->source && issuer->named == BEARER_NAMED_BY_ISS
           && bearer_url_check_issuer(issuer->iss.data, true, &note, pool)
                  == BEARER_OK;
}

static const char *render(const making_t *making, int *servers,
                          apr_pool_t *pconf)
{
    apr_array_header_t *names =
        apr_array_make(making->pool, 4, sizeof(bearer_str_t));
    int i;

    for (i = 0; i < making->issuers->nelts; i++) {
        const bearer_issuer_t *issuer =
            APR_ARRAY_IDX(making->issuers, i, const bearer_issuer_t *);

        if (is_server(issuer, making->pool))
            APR_ARRAY_PUSH(names, bearer_str_t) = issuer->iss;
    }
    *servers = names->nelts;
    return bearer_resource_render(
        making->resource, (const bearer_str_t *)names->elts, names->nelts,
        mab_conf_takes_query(making->place), pconf);
}

/* of the resource's own URL, as requests have it */
static const char *find_path(const bearer_resource_t *resource,
                             apr_pool_t *pool)
{
    char *path = apr_pstrdup(pool, resource->metadata_path
                                       + strlen(BEARER_RESOURCE_ROOT));

    return *path && ap_unescape_url(path) == OK ? path : "/";
}

static bool add_document(const mab_setting_t *setting, const server_rec *s,
                         const server_rec *main_server, apr_pool_t *pconf,
                         apr_pool_t *ptemp)
{
    making_t making = {setting, setting->place->resource,
                       s,       main_server,
                       NULL,    NULL,
                       NULL,    NULL,
                       ptemp};
    mab_document_t document = {.s = s, .resource = making.resource};

    making.path = find_path(making.resource, ptemp);
    making.issuers = apr_array_make(ptemp, 4, sizeof(bearer_issuer_t *));
    find_issuers(&making);
    document.text = render(&making, &document.servers, pconf);
    document.issuers = making.issuers->nelts;
    document.doubt = making.doubt;
    if (document.text) {
        APR_ARRAY_PUSH(mab_conf_registry()->documents, mab_document_t) =
            document;
        return true;
    }
    ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s,
                 "AuthBearerResource %s: its metadata cannot be written as "
                 "JSON: scopes, name, docs and the issuers must be UTF-8",
                 making.resource->url);
    return false;
}

int mab_metadata_make(apr_pool_t *pconf, apr_pool_t *ptemp, const server_rec *s,
                      const server_rec *main_server)
{
    const apr_array_header_t *all = mab_conf_registry()->settings;
    const mab_place_t *own =
        ap_get_module_config(s->lookup_defaults, &auth_bearer_module);
    int inherited, wrong = 0, i;

    /* a virtual host's own come first: its first one is also its root document */
    for (inherited = 0; inherited < 1 + (s != main_server); inherited++) {
        for (i = 0; i < all->nelts; i++) {
            const mab_setting_t *setting =
                &APR_ARRAY_IDX(all, i, mab_setting_t);

            if (!setting->place->resource
                || setting->s != (inherited ? main_server : s))
                continue;
            /* the virtual host has another one */
            if (setting->server_level
                && own->resource != setting->place->resource)
                continue;
            wrong += !add_document(setting, s, main_server, pconf, ptemp);
        }
    }
    return wrong;
}

/* --- what a start says --------------------------------------------------------------- */

enum { DOUBT = 1, NO_ISSUER = 2, NO_SERVER = 4, OFFLINE = 8 };

/* in another server that has the resource, too: this one serves no place of it, since
 * a place without issuers refuses all */
static bool has_issuers_elsewhere(const mab_document_t *document)
{
    const apr_array_header_t *all = mab_conf_registry()->documents;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const mab_document_t *one = &APR_ARRAY_IDX(all, i, mab_document_t);

        if (one->resource == document->resource && one->issuers)
            return true;
    }
    return false;
}

static int find_flaws(const mab_document_t *document)
{
    const char *scopes = document->resource->scopes;
    int flaws = 0;

    if (document->doubt)
        flaws |= DOUBT;
    if (!document->servers && document->issuers)
        flaws |= NO_SERVER;
    if (!document->issuers && !has_issuers_elsewhere(document))
        flaws |= NO_ISSUER;
    if (scopes
        && bearer_str_has_word(bearer_str(scopes),
                               bearer_str(BEARER_RESOURCE_OFFLINE)))
        flaws |= OFFLINE;
    return flaws;
}

/* what virtual hosts inherit is said once */
static int find_new_flaws(const apr_array_header_t *all, int index)
{
    const mab_document_t *document = &APR_ARRAY_IDX(all, index, mab_document_t);
    int flaws = find_flaws(document), i;

    for (i = 0; flaws && i < index; i++) {
        const mab_document_t *one = &APR_ARRAY_IDX(all, i, mab_document_t);

        if (one->resource == document->resource)
            flaws &= ~find_flaws(one);
    }
    return flaws;
}

static void advise_document(const mab_document_t *document, int flaws)
{
    const char *where = document->resource->where;

    if (flaws & DOUBT)
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, document->s,
            "MAB0130: %s: which issuers count for it depends on the "
            "request (%s), so its metadata may name one that a place "
            "does not trust; write all AuthBearerIssuer lines into the "
            "section of AuthBearerResource, or give each place a "
            "resource of its own",
            where, document->doubt);
    if (flaws & NO_ISSUER)
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, document->s,
            "MAB0131: %s: no section around it has an "
            "AuthBearerIssuer, so its metadata does not say where to "
            "get a token; write AuthBearerIssuer into the same section",
            where);
    if (flaws & NO_SERVER)
        ap_log_error(
            APLOG_MARK, APLOG_NOTICE, 0, document->s,
            "MAB0132: %s: its issuers have a shared secret, or names "
            "that are not https URLs, so its metadata does not say "
            "where to get a token; clients must know it from elsewhere",
            where);
    if (flaws & OFFLINE)
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, document->s,
                     "MAB0134: %s: scopes= has offline_access, which the "
                     "metadata leaves out: it asks an issuer for a refresh "
                     "token, and no resource needs it; remove it",
                     where);
}

/* the same but for one slash at the end */
static bool differs_by_a_slash(bearer_str_t a, bearer_str_t b)
{
    bearer_str_t longer = a.len > b.len ? a : b;
    bearer_str_t shorter = a.len > b.len ? b : a;

    if (longer.len != shorter.len + 1 || longer.data[shorter.len] != '/')
        return false;
    longer.len--;
    return bearer_str_equal(longer, shorter);
}

static void advise_slash(const mab_document_t *document,
                         const bearer_str_t *audiences, int count)
{
    bearer_str_t url = bearer_str(document->resource->url);
    bearer_str_t near = {NULL, 0};
    int i;

    for (i = 0; i < count; i++) {
        if (bearer_str_equal(audiences[i], url))
            return;
        if (differs_by_a_slash(audiences[i], url))
            near = audiences[i];
    }
    if (near.len)
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, document->s,
            "MAB0133: %s: clients ask for tokens for \"%s\", but the "
            "audience of a place is \"%.*s\": they differ by a slash, "
            "and such tokens are refused; write the same text in both, "
            "or both texts after AuthBearerAudience",
            document->resource->where, url.data, (int)near.len, near.data);
}

static void advise_audiences(const mab_document_t *document)
{
    const mab_registry_t *all = mab_conf_registry();
    int i;

    for (i = 0; i < all->settings->nelts; i++) {
        const mab_setting_t *setting =
            &APR_ARRAY_IDX(all->settings, i, mab_setting_t);
        const mab_list_t *list = setting->place->audiences;

        if (list && setting->s == document->s)
            advise_slash(document, list->items, list->count);
    }
    for (i = 0; i < all->issuers->nelts; i++) {
        const mab_issuer_line_t *line =
            APR_ARRAY_IDX(all->issuers, i, mab_issuer_line_t *);

        if (line->s == document->s)
            advise_slash(document, line->issuer.audiences,
                         line->issuer.audience_count);
    }
}

void mab_metadata_advise(void)
{
    const apr_array_header_t *all = mab_conf_registry()->documents;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const mab_document_t *document = &APR_ARRAY_IDX(all, i, mab_document_t);

        advise_document(document, find_new_flaws(all, i));
        advise_audiences(document);
    }
}

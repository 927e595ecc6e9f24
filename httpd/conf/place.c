/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/place.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

void *mab_place_create(apr_pool_t *pool, char *path BEARER_UNUSED)
{
    mab_place_t *place = apr_pcalloc(pool, sizeof(*place));

    mab_field_unset(place, mab_conf_place_fields);
    return place;
}

static const mab_list_t *join_lists(const mab_list_t *a, const mab_list_t *b,
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

/* --- .htaccess: may only tighten --------------------------------------------- */

/* Whoever may write one may not widen what the administrator allows. What the files
 * demand is merged apart from what sections say, because sections come before and
 * after them: .htaccess may only tighten. */

static bool is_apart(const mab_place_t *place, const mab_field_t *field)
{
    return place->htaccess && (field->stricter || field->add);
}

static apr_int64_t stricter(const mab_field_t *field, apr_int64_t a,
                            apr_int64_t b)
{
    if (a == MAB_UNSET || b == MAB_UNSET)
        return a == MAB_UNSET ? b : a;
    return field->stricter(a, b);
}

/* what two of them demand together */
static const mab_place_t *merge_strict(const mab_place_t *a,
                                       const mab_place_t *b, apr_pool_t *pool)
{
    const mab_field_t *field = mab_conf_place_fields;
    mab_place_t *both;

    if (!a || !b)
        return a ? a : b;
    both = mab_place_create(pool, NULL);
    for (; mab_field_is(field); field++) {
        if (field->stricter)
            *mab_field_number(both, field) =
                stricter(field, *mab_field_number(a, field),
                         *mab_field_number(b, field));
        if (field->add)
            mab_field_set_pointer(both, field,
                                  join_lists(mab_field_pointer(a, field),
                                             mab_field_pointer(b, field),
                                             pool));
    }
    return both;
}

/* --- freezing ------------------------------------------------------------------ */

static void freeze_number(mab_place_t *place, const mab_field_t *field)
{
    apr_int64_t number = mab_field_resolve(place, field);

    if (field->stricter && place->strict)
        number =
            stricter(field, number, *mab_field_number(place->strict, field));
    mab_field_put(&place->policy, field, number);
}

static void freeze_list(mab_place_t *place, const mab_field_t *field,
                        apr_pool_t *pool)
{
    static const mab_list_t none = {NULL, 0};
    const mab_list_t *list = mab_field_pointer(place, field);

    if (field->add && place->strict)
        list = join_lists(list, mab_field_pointer(place->strict, field), pool);
    if (!list)
        list = &none;
    memcpy((char *)&place->policy + field->goes, &list->items,
           sizeof(list->items));
    memcpy((char *)&place->policy + field->count, &list->count,
           sizeof(list->count));
}

/* no audience: the resource's; an empty list: "any" */
static void freeze_audiences(mab_place_t *place)
{
    const mab_list_t *audiences = place->audiences;
    bearer_policy_t *policy = &place->policy;

    policy->any_audience = audiences && !audiences->count;
    policy->audiences = audiences ? audiences->items : NULL;
    policy->audience_count = audiences ? audiences->count : 0;
    policy->audience_is_url = !audiences && place->resource;
    if (audiences || !place->resource)
        return;
    place->resource_audience = bearer_str(place->resource->url);
    policy->audiences = &place->resource_audience;
    policy->audience_count = 1;
}

static void freeze_user(mab_place_t *place)
{
    place->user_expr = place->user ? place->user->expr : NULL;
    if (place->user)
        return;
    place->policy.user = mab_conf_registry()->sub.items;
    place->policy.user_count = mab_conf_registry()->sub.count;
}

/* a name that could be one of several issuers is none: fails closed */
static void refuse_unclear(mab_place_t *place)
{
    bearer_policy_t *policy = &place->policy;
    int i;

    for (i = 0; i < policy->issuer_count; i++) {
        if (policy->issuers[i]->source != &mab_conf_unclear)
            continue;
        policy->why = BEARER_POLICY_UNCLEAR;
        policy->doubtful = policy->issuers[i];
    }
}

/* what a request needs, with nothing left to resolve */
static void freeze(mab_place_t *place, apr_pool_t *pool)
{
    const mab_field_t *field = mab_conf_place_fields;

    for (; mab_field_is(field); field++) {
        if (!field->size)
            continue;
        if (field->kind == MAB_POINTER)
            freeze_list(place, field, pool);
        else
            freeze_number(place, field);
    }
    freeze_audiences(place);
    freeze_user(place);
    bearer_policy_freeze(&place->policy, pool);
    if (place->names != MAB_DEFINED)
        refuse_unclear(place);
}

apr_int64_t mab_place_number(const mab_place_t *place, const mab_field_t *field)
{
    return field->size ? mab_field_got(&place->policy, field)
                       : mab_field_resolve(place, field);
}

/* --- merging --------------------------------------------------------------------- */

static void merge_number(mab_place_t *merged, const mab_place_t *outer,
                         const mab_place_t *inner, const mab_field_t *field)
{
    apr_int64_t number = MAB_UNSET;

    if (!is_apart(inner, field))
        number = *mab_field_number(inner, field);
    if (number == MAB_UNSET && !is_apart(outer, field))
        number = *mab_field_number(outer, field);
    *mab_field_number(merged, field) = number;
}

static void merge_pointer(mab_place_t *merged, const mab_place_t *outer,
                          const mab_place_t *inner, const mab_field_t *field,
                          apr_pool_t *pool)
{
    const void *a =
        is_apart(outer, field) ? NULL : mab_field_pointer(outer, field);
    const void *b =
        is_apart(inner, field) ? NULL : mab_field_pointer(inner, field);

    mab_field_set_pointer(merged, field,
                          field->both ? join_lists(a, b, pool) : (b ? b : a));
}

static const bearer_issuer_t *find_issuer(const mab_list_t *list,
                                          bearer_str_t iss)
{
    const bearer_issuer_t *const *issuers = list->items;
    int i;

    for (i = 0; i < list->count; i++) {
        if (bearer_str_equal(issuers[i]->iss, iss))
            return issuers[i];
    }
    return NULL;
}

/* A .htaccess file names what counts around it, not another place's line of that
 * name, with other keys, audiences or algorithms. */
static const mab_list_t *settle(const mab_list_t *named,
                                const mab_list_t *outer, apr_pool_t *pool)
{
    mab_list_t *list = apr_pmemdup(pool, named, sizeof(*named));
    const bearer_issuer_t **issuers = apr_pmemdup(
        pool, named->items, sizeof(*issuers) * (apr_size_t)named->count);
    int i;

    list->items = issuers;
    for (i = 0; i < list->count; i++) {
        const bearer_issuer_t *own = find_issuer(outer, issuers[i]->iss);

        issuers[i] = own ? own : issuers[i];
    }
    return list;
}

static void merge_issuers(mab_place_t *merged, const mab_place_t *outer,
                          const mab_place_t *inner, apr_pool_t *pool)
{
    merged->names = inner->issuers ? inner->names : outer->names;
    if (inner->names != MAB_NAMED || !inner->issuers || !outer->issuers)
        return;
    merged->issuers = settle(inner->issuers, outer->issuers, pool);
    /* two files: the section around them has not been met */
    if (outer->names != MAB_NAMED)
        merged->names = MAB_SETTLED;
}

static mab_place_t *merge(apr_pool_t *pool, const mab_place_t *outer,
                          const mab_place_t *inner)
{
    const mab_field_t *field = mab_conf_place_fields;
    mab_place_t *merged = apr_pcalloc(pool, sizeof(*merged));

    merged->registered = true;
    /* mod_authz_core merges the section of an alias into a request's sections while
     * its provider is asked: without the record, claims would read as nobody's, and
     * a negated line would let everybody in */
    merged->configured = outer->configured;
    merged->request = outer->request;
    for (; mab_field_is(field); field++) {
        if (field->kind == MAB_POINTER)
            merge_pointer(merged, outer, inner, field, pool);
        else
            merge_number(merged, outer, inner, field);
    }
    if (outer->names != MAB_DEFINED || inner->names != MAB_DEFINED)
        merge_issuers(merged, outer, inner, pool);
    merged->strict =
        merge_strict(outer->htaccess ? outer : outer->strict,
                     inner->htaccess ? inner : inner->strict, pool);
    freeze(merged, pool);
    return merged;
}

/* Whether nothing is set in this one, neither in a section nor in a .htaccess file,
 * that the outer one does not say. Another handler counts where the status page may
 * be: a server's own record says that it is not there, so that requests need no
 * merging for it, but one of two <Files>, which httpd merges with each other first,
 * says nothing. */
static bool is_silent(const mab_place_t *place, const mab_place_t *outer)
{
    return !place->registered && !place->htaccess
           && (place->status != 0 || outer->status == 0);
}

void *mab_place_merge(apr_pool_t *pool, void *outer_v, void *inner_v)
{
    mab_place_t *found = inner_v;

    if (is_silent(found, outer_v))
        return outer_v;
    if (found->outer == outer_v)
        return found->joined;
    return merge(pool, outer_v, inner_v);
}

void mab_place_finish(mab_place_t *place, apr_pool_t *pool)
{
    if (place->status == MAB_UNSET)
        place->status = 0;
    freeze(place, pool);
}

void mab_place_join(apr_pool_t *pconf, const server_rec *s, mab_place_t *place)
{
    mab_place_t *outer =
        ap_get_module_config(s->lookup_defaults, &auth_bearer_module);

    place->joined = mab_place_merge(pconf, outer, place);
    place->outer = outer;
}

/* --- the same judgement ------------------------------------------------------- */

/* whether a field says the same in both: as it is set, if that is a list, and as
 * it is frozen, to which .htaccess files have added */
static bool same_field(const mab_place_t *a, const mab_place_t *b,
                       const mab_field_t *field)
{
    const char *p = (const char *)&a->policy;
    const char *q = (const char *)&b->policy;

    if (field->kind == MAB_POINTER
        && mab_field_pointer(a, field) != mab_field_pointer(b, field))
        return false;
    if (memcmp(p + field->goes, q + field->goes, field->size) != 0)
        return false;
    return !field->count
           || memcmp(p + field->count, q + field->count, sizeof(int)) == 0;
}

bool mab_place_same_judgement(const mab_place_t *a, const mab_place_t *b)
{
    const mab_field_t *field = mab_conf_place_fields;

    if (a == b)
        return true;
    for (; mab_field_is(field); field++) {
        if (field->judged && !same_field(a, b, field))
            return false;
    }
    return a->policy.any_audience == b->policy.any_audience;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

/* one place, by its number */
typedef struct check_t {
    doctor_model_t *model;
    int index;
} check_t;

static void find(const check_t *check, doctor_id_t id, const char *one,
                 const char *two, const char *three)
{
    const doctor_words_t words = {one, two, three, NULL};

    (void)doctor_find(check->model, id, check->index, words);
}

/* --- algorithms of a place -------------------------------------------------------------------- */

/* of those keys that can verify nothing that is allowed */
static bearer_algset_t algs_left_out(const bearer_jwks_t *keys,
                                     bearer_algset_t allowed)
{
    bearer_algset_t algs = 0;
    int i;

    for (i = 0; i < keys->count; i++) {
        if (!(keys->keys[i]->algs & allowed))
            algs |= keys->keys[i]->algs;
    }
    return algs;
}

/* the line that allows these */
static const char *alg_line(const doctor_trust_t *trust, bearer_algset_t algs,
                            apr_pool_t *pool)
{
    char *names = apr_pstrdup(pool, bearer_alg_names(algs, pool)), *at;

    if (!trust->own_algs)
        return apr_pstrcat(pool, "AuthBearerAlgorithms ", names, NULL);
    for (at = names; *at; at++) {
        if (*at == ' ')
            *at = ',';
    }
    return apr_pstrcat(pool, "AuthBearerIssuer ", trust->iss,
                       " ... alg=", names, NULL);
}

static void check_algorithms(const check_t *check, const doctor_trust_t *trust)
{
    apr_pool_t *pool = check->model->pool;
    bearer_algset_t keys, fitting, useless, others;

    if (!doctor_has_keys(trust->source))
        return;
    keys = bearer_jwks_algs(trust->source->keys);
    fitting = trust->algs & keys;
    useless = trust->algs & ~keys;
    others = algs_left_out(trust->source->keys, trust->algs);
    if (!fitting) {
        find(check, DOCTOR_NO_KEY_FITS, trust->iss,
             bearer_alg_names(trust->algs, pool), alg_line(trust, keys, pool));
        return;
    }
    if (useless && trust->chosen)
        find(check, DOCTOR_ALG_WITHOUT_KEY, trust->iss,
             bearer_alg_names(useless, pool), alg_line(trust, fitting, pool));
    if (others)
        find(check, DOCTOR_KEY_NOT_ALLOWED, trust->iss,
             bearer_alg_names(others, pool),
             alg_line(trust, fitting | others, pool));
}

/* --- audiences ----------------------------------------------------------------------------------- */

static bool differ_by_slash(const char *a, const char *b)
{
    apr_size_t one = strlen(a), other = strlen(b);

    if (one > other)
        return differ_by_slash(b, a);
    return other == one + 1 && b[one] == '/' && strncmp(a, b, one) == 0;
}

/* the line that makes these the audiences */
static const char *audience_line(const doctor_trust_t *trust, const char *one,
                                 const char *others, apr_pool_t *pool)
{
    if (trust->own_audiences)
        return apr_pstrcat(pool, "AuthBearerIssuer ", trust->iss,
                           " ... audience=", one, NULL);
    return apr_pstrcat(pool, "AuthBearerAudience ", one, *others ? " " : "",
                       others, NULL);
}

static void check_resource(const check_t *check, const doctor_place_t *place,
                           const doctor_trust_t *trust)
{
    apr_pool_t *pool = check->model->pool;
    doctor_words_t words = {place->resource, trust->iss, "", NULL};
    const char *near = NULL;
    int i;

    for (i = 0; i < trust->audiences->nelts; i++) {
        const char *one = APR_ARRAY_IDX(trust->audiences, i, const char *);

        if (strcmp(one, place->resource) == 0)
            return;
        if (differ_by_slash(one, place->resource))
            near = one;
        words.three = apr_pstrcat(pool, words.three, i ? " " : "", one, NULL);
    }
    if (near) {
        find(check, DOCTOR_RESOURCE_SLASH, place->resource, near,
             audience_line(trust, place->resource, "", pool));
        return;
    }
    words.four = audience_line(trust, place->resource, words.three, pool);
    (void)doctor_find(check->model, DOCTOR_RESOURCE_AUDIENCE, check->index,
                      words);
}

static void check_trust(const check_t *check, const doctor_place_t *place,
                        const doctor_trust_t *trust)
{
    check_algorithms(check, trust);
    if (trust->any)
        return;
    if (!trust->audiences->nelts)
        find(check, DOCTOR_NO_AUDIENCE, trust->iss, NULL, NULL);
    /* nobody writes a resource into another claim */
    else if (place->resource && !trust->audience_claim)
        check_resource(check, place, trust);
}

/* --- calls of other origins ------------------------------------------------------------------------ */

static void check_origin(const check_t *check, const char *origin)
{
    bearer_url_t url;

    /* of this machine: its own developers */
    if (strncmp(origin, "http://", 7) == 0
        && bearer_url_parse(origin, true, &url, NULL, check->model->pool))
        find(check, DOCTOR_ORIGIN_PLAIN, origin, origin + 7, NULL);
}

static bool is_cookie(const char *source)
{
    return strncmp(source, "cookie:", 7) == 0;
}

/* of a place that other sites may call */
static void check_cookies(const check_t *check, const doctor_place_t *place)
{
    const char *first = APR_ARRAY_IDX(place->origins, 0, const char *);
    int i;

    for (i = 0; i < place->origins->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(place->origins, i, const char *),
                   "credentials=On")
            == 0)
            return;
    }
    for (i = 0; i < place->sources->nelts; i++) {
        if (!is_cookie(APR_ARRAY_IDX(place->sources, i, const char *)))
            return;
    }
    if (i)
        find(check, DOCTOR_ORIGIN_COOKIE,
             APR_ARRAY_IDX(place->sources, 0, const char *) + 7,
             strcmp(first, "*") == 0 ? "https://app.example.com" : first, NULL);
}

void doctor_check_place(doctor_model_t *model, int index)
{
    const check_t check = {model, index};
    const doctor_place_t *place =
        &APR_ARRAY_IDX(model->places, index, doctor_place_t);
    int i;

    if (!place->trusts->nelts)
        find(&check, DOCTOR_NO_ISSUER, NULL, NULL, NULL);
    if (place->asked_elsewhere)
        find(&check, DOCTOR_ASKED_ELSEWHERE, NULL, NULL, NULL);
    for (i = 0; i < place->trusts->nelts; i++)
        check_trust(&check, place,
                    &APR_ARRAY_IDX(place->trusts, i, doctor_trust_t));
    for (i = 0; i < place->origins->nelts; i++)
        check_origin(&check, APR_ARRAY_IDX(place->origins, i, const char *));
    if (place->origins->nelts)
        check_cookies(&check, place);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

#include "bearer/keys/locate.h"
#include "bearer/text/utf8.h"

/* --- steps -------------------------------------------------------------------- */

/* what is being found, as locate reports it */
typedef struct search_t {
    tool_t *tool;
    tool_found_t *found;
} search_t;

static void add_step(const char *what, const bearer_outcome_t *one, void *baton)
{
    const search_t *search = baton;
    tool_step_t *step = apr_array_push(search->found->steps);

    step->what = what;
    step->outcome = *one;
}

static bearer_now_t now(void *baton)
{
    return ((const search_t *)baton)->tool->now;
}

/* before the first address; a step only if it fails */
static bearer_reason_t prepare(search_t *search)
{
    tool_t *tool = search->tool;
    bearer_source_t *source = &tool->source;
    bearer_outcome_t *told = &search->found->told;
    const char *what = "issuer";

    told->tried = source->issuer;
    if (source->kind == BEARER_SOURCE_DISCOVERY)
        told->why = bearer_url_check_issuer(bearer_source_address(source),
                                            source->http_loopback, &told->note,
                                            tool->pool);
    if (!told->why) {
        what = "authorities";
        told->tried = source->ca ? source->ca : "the system's";
        told->why = bearer_tls_create(source->ca, &source->tls, &told->note,
                                      tool->pool);
    }
    if (told->why)
        add_step(what, told, search);
    return told->why;
}

/* an array with this value in it */
static const bearer_value_t *list_of(const bearer_value_t *value,
                                     apr_pool_t *pool)
{
    const char *text = apr_pstrcat(
        pool, "{\"keys\":[", bearer_write_json(value, pool).data, "]}", NULL);
    bearer_str_t whole = {text, strlen(text)};
    const bearer_value_t *document;

    if (bearer_json_parse(whole, &document, NULL, pool))
        return NULL;
    return bearer_value_get(document, "keys");
}

/* the array of keys as it was received, to say of each why it is not usable */
static void keep_published(tool_found_t *found, bearer_str_t text,
                           apr_pool_t *pool)
{
    const bearer_value_t *document, *keys;

    if (bearer_json_parse(bearer_utf8_skip_mark(text), &document, NULL, pool))
        return;
    keys = bearer_value_get(document, "keys");
    if (bearer_value_is(keys, BEARER_KIND_ARRAY))
        found->published = keys;
    else if (!keys && bearer_value_get(document, "kty"))
        found->published = list_of(document, pool);
}

void tool_source_set_url(tool_t *tool, const char *value)
{
    static const char per_kid[] = "pem-per-kid:";
    bearer_source_t *source = &tool->source;
    const char *kid;

    source->kind = BEARER_SOURCE_URL;
    source->location = value;
    if (strncmp(value, per_kid, sizeof(per_kid) - 1) != 0)
        return;
    source->kind = BEARER_SOURCE_PER_KID;
    value += sizeof(per_kid) - 1;
    kid = strrchr(value, '/') + 1; /* it is a URL */
    source->location =
        apr_pstrmemdup(tool->pool, value, (apr_size_t)(kid - value));
    tool->kid = kid;
}

const char *tool_source_set_signer(tool_t *tool, const char *value)
{
    bearer_issuer_t *issuer = &tool->issuer;
    bearer_str_t *signer = apr_palloc(tool->pool, sizeof(*signer));

    *signer = bearer_str(value);
    if (issuer->signer_count || !bearer_str_begins(*signer, "arn:"))
        return "the ARN of one load balancer";
    issuer->named = BEARER_NAMED_BY_HEADER;
    issuer->audience_claim = "client";
    issuer->signers = signer;
    issuer->signer_count = 1;
    return NULL;
}

/* --- finding ------------------------------------------------------------------ */

static bearer_reason_t locate(search_t *search)
{
    tool_t *tool = search->tool;
    tool_found_t *found = search->found;
    bearer_locate_known_t known = {.kid = tool->kid};
    bearer_locate_env_t env = {
        .fetch = bearer_fetch_get,
        .now = now,
        .tell = add_step,
        .baton = search,
        .pipe = true,
    };
    bearer_locate_found_t located;
    bearer_reason_t why;

    why = bearer_locate_keys(&tool->source, &known, &env, &located,
                             &found->told, tool->pool);
    if (located.published.data)
        keep_published(found, located.published, tool->pool);
    found->missing = located.missing;
    found->cache_control = located.cache_control;
    if (located.published.data && tool->source.kind != BEARER_SOURCE_FILE)
        found->fresh = located.fresh;
    if (located.missing)
        return found->told.why = BEARER_HTTP_STATUS;
    if (!why)
        found->keys = located.keys;
    return why;
}

bearer_reason_t tool_source_get(tool_t *tool, tool_found_t *found)
{
    search_t search = {tool, found};

    memset(found, 0, sizeof(*found));
    found->fresh = -1;
    found->steps = apr_array_make(tool->pool, 4, sizeof(tool_step_t));
    if (tool->source.kind == BEARER_SOURCE_SECRET) {
        found->told.tried = tool->source.location;
        found->keys = tool->issuer.secret;
        add_step("secret", &found->told, &search);
        return BEARER_OK;
    }
    bearer_source_narrow_http(&tool->source);
    if (bearer_source_is_fetched(&tool->source) && prepare(&search))
        return found->told.why;
    return locate(&search);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include "bearer/base/file.h"
#include "bearer/keys/discovery.h"
#include "bearer/text/freshness.h"
#include "bearer/text/url.h"

/* --- steps -------------------------------------------------------------------- */

static tool_step_t *begin_step(tool_found_t *found, const char *what,
                               const char *where)
{
    tool_step_t *step = apr_array_push(found->steps);

    memset(step, 0, sizeof(*step));
    step->what = what;
    step->where = where;
    return step;
}

/* how much a step tells whoever asks why: a 404 on one of three addresses is a
 * guess that missed */
static int weight(const tool_step_t *step)
{
    if (!step->why)
        return 0;
    if (step->why != BEARER_HTTP_STATUS)
        return 3;
    return step->status == 404 ? 1 : 2;
}

/* the step to tell of; only at the end, since the array moves while it grows */
static bearer_reason_t decide(tool_found_t *found)
{
    int i;

    /* every way to keys begins with a step */
    found->decided = &APR_ARRAY_IDX(found->steps, 0, tool_step_t);
    for (i = 1; i < found->steps->nelts; i++) {
        const tool_step_t *step = &APR_ARRAY_IDX(found->steps, i, tool_step_t);

        if (weight(step) > weight(found->decided))
            found->decided = step;
    }
    return found->decided->why;
}

/* --- fetching ----------------------------------------------------------------- */

/* nobody answered: another address of the same host would not either */
static bool is_network(bearer_reason_t why)
{
    return why >= BEARER_FETCH_RESOLVE && why <= BEARER_FETCH_STOPPED;
}

static const bearer_http_response_t *get(tool_t *tool, tool_step_t *step)
{
    const bearer_source_t *source = &tool->source;
    const bearer_http_response_t *response;
    bearer_fetch_request_t request = {
        .url = step->where,
        .proxy = source->proxies.https,
        .http_loopback = source->http_loopback,
        .timeout = source->timeout,
        .connect = source->connect,
        .max_body = source->max_body,
        .tls = source->tls,
    };

    step->why = bearer_fetch_get(&request, &response, &step->note, tool->pool);
    if (step->why)
        return NULL;
    step->status = response->status;
    if (response->status == 200)
        return response;
    if (response->location)
        bearer_note_set(&step->note, "status %d, not followed to %s",
                        response->status, response->location);
    else
        bearer_note_set(&step->note, "status %d", response->status);
    step->why = BEARER_HTTP_STATUS;
    return NULL;
}

/* the key set's address, or NULL */
static const char *discover(tool_t *tool, tool_found_t *found)
{
    const bearer_source_t *source = &tool->source;
    const bearer_http_response_t *response;
    const char *address, *jwks_uri;
    tool_step_t *step;
    int form;

    for (form = 0; form < BEARER_URL_METADATA_FORMS; form++) {
        address = bearer_url_metadata(source->issuer, form, tool->pool);
        if (!address)
            continue;
        step = begin_step(found, "metadata", address);
        response = get(tool, step);
        if (response)
            step->why = bearer_discovery_parse(response->body, source->issuer,
                                               source->http_loopback, &jwks_uri,
                                               &step->note, tool->pool);
        if (!step->why)
            return jwks_uri;
        if (is_network(step->why))
            break;
    }
    return NULL;
}

/* the array of keys as it came, to tell of each why it is not usable */
static void keep_published(tool_found_t *found, bearer_str_t text,
                           apr_pool_t *pool)
{
    const json_t *document;
    json_t *keys;

    if (bearer_json_parse(text, &document, NULL, pool))
        return;
    keys = json_object_get(document, "keys");
    if (!keys && json_object_get(document, "kty"))
        keys = bearer_json_adopt(json_pack("[O]", document), pool);
    if (json_is_array(keys))
        found->published = keys;
}

static void fetch_keys(tool_t *tool, tool_found_t *found, const char *address)
{
    tool_step_t *step = begin_step(found, "keys", address);
    const bearer_http_response_t *response = get(tool, step);
    bearer_freshness_t headers;

    if (!response)
        return;
    headers.cache_control = response->cache_control;
    headers.expires = response->expires;
    headers.date = response->date;
    headers.age = response->age;
    found->cache_control = response->cache_control;
    found->fresh = bearer_freshness_seconds(
        &headers, tool->now.wall, apr_time_sec(tool->source.schedule.refresh));
    keep_published(found, response->body, tool->pool);
    step->why = bearer_jwks_parse(response->body, &found->keys, &step->note,
                                  tool->pool);
}

/* as the module, but for what a shell can put in the place of a file */
static bearer_reason_t read_file(const char *path,
                                 const bearer_file_rules_t *of_module,
                                 bearer_str_t *out, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    bearer_file_rules_t rules = *of_module;

    rules.pipe = true;
    return bearer_file_read(path, &rules, out, note, pool);
}

static void read_keys(tool_t *tool, tool_found_t *found)
{
    tool_step_t *step = begin_step(found, "keys", tool->source.location);
    bearer_str_t text;

    step->why = read_file(step->where, &bearer_file_keys, &text, &step->note,
                          tool->pool);
    if (step->why)
        return;
    keep_published(found, text, tool->pool);
    step->why =
        bearer_jwks_parse_file(text, &found->keys, &step->note, tool->pool);
}

bearer_reason_t tool_source_read_secret(tool_t *tool, bearer_note_t *note)
{
    const bearer_jwk_t *key;
    bearer_str_t secret;
    bearer_reason_t why;

    why =
        read_file(tool->secret, &bearer_file_secret, &secret, note, tool->pool);
    if (why)
        return why;
    why = bearer_jwk_parse_secret(bearer_jwk_trim_secret(secret), &key, note,
                                  tool->pool);
    if (!why)
        tool->issuer.secret = bearer_jwks_create(key, tool->pool);
    return why;
}

static bool prepare_tls(tool_t *tool, tool_found_t *found)
{
    tool_step_t *step =
        begin_step(found, "authorities",
                   tool->source.ca ? tool->source.ca : "the system's");

    step->why = bearer_tls_create(tool->source.ca, &tool->source.tls,
                                  &step->note, tool->pool);
    if (step->why)
        return false;
    apr_array_pop(found->steps);
    return true;
}

static void find(tool_t *tool, tool_found_t *found)
{
    const bearer_source_t *source = &tool->source;
    tool_step_t *step;
    const char *address = source->location;

    switch (source->kind) {
    case BEARER_SOURCE_FILE:
        read_keys(tool, found);
        return;
    case BEARER_SOURCE_SECRET:
        begin_step(found, "secret", tool->secret);
        found->keys = tool->issuer.secret;
        return;
    case BEARER_SOURCE_DISCOVERY:
        step = begin_step(found, "issuer", source->issuer);
        step->why = bearer_url_check_issuer(
            source->issuer, source->http_loopback, &step->note, tool->pool);
        if (step->why)
            return;
        apr_array_pop(found->steps);
        break;
    case BEARER_SOURCE_URL:
        break;
    }
    if (!prepare_tls(tool, found))
        return;
    if (source->kind == BEARER_SOURCE_DISCOVERY)
        address = discover(tool, found);
    if (address)
        fetch_keys(tool, found, address);
}

bearer_reason_t tool_source_get(tool_t *tool, tool_found_t *found)
{
    memset(found, 0, sizeof(*found));
    found->fresh = -1;
    found->steps = apr_array_make(tool->pool, 4, sizeof(tool_step_t));
    bearer_source_narrow_http(&tool->source);
    find(tool, found);
    /* what missed on the way does not matter once there are keys */
    if (found->keys) {
        found->decided =
            &APR_ARRAY_IDX(found->steps, found->steps->nelts - 1, tool_step_t);
        return BEARER_OK;
    }
    return decide(found);
}

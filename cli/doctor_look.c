/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <stdlib.h>

#include <apr_date.h>
#include <apr_file_info.h>
#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/jose/pem.h"
#include "bearer/keys/locate.h"
#include "bearer/text/freshness.h"
#include "bearer/text/utf8.h"

/* longer than any answer is good for */
#define LONG ((apr_int64_t)366 * 86400)

/* --- answers --------------------------------------------------------------------- */

/* whose answers come next: a fetch has no baton */
static doctor_source_t *looked_at;

static apr_int64_t wall(void)
{
    return apr_time_sec(apr_time_now());
}

/* how far the clock of who wrote Date is ahead of ours: a cache adds Age to what it
 * has kept (RFC 9110 5.6.7, RFC 9111 5.1) */
static void read_clock(const bearer_http_response_t *response,
                       doctor_answer_t *answer)
{
    apr_time_t date =
        response->date ? apr_date_parse_http(response->date) : APR_DATE_BAD;
    apr_int64_t age = response->age ? apr_atoi64(response->age) : 0;

    if (date == APR_DATE_BAD || age < 0 || age > LONG)
        return;
    answer->dated = true;
    answer->ahead = apr_time_sec(date) + age - wall();
}

static apr_int64_t read_freshness(const bearer_http_response_t *response)
{
    const bearer_freshness_t headers = {
        .cache_control = response->cache_control,
        .expires = response->expires,
        .date = response->date,
        .age = response->age,
    };

    if (!headers.cache_control && !headers.expires)
        return -1;
    return bearer_freshness_seconds(&headers, wall(), LONG);
}

static void keep_answer(const bearer_fetch_request_t *request,
                        const bearer_http_response_t *response,
                        const bearer_fetch_seen_t *seen, apr_pool_t *pool)
{
    doctor_answer_t *answer = apr_array_push(looked_at->answers);
    bearer_url_t url;

    memset(answer, 0, sizeof(*answer));
    answer->host = request->url;
    if (!bearer_url_parse(request->url, request->http_loopback, &url, NULL,
                          pool))
        answer->host = url.authority;
    answer->certificate_end = seen->certificate_end;
    answer->good_for = read_freshness(response);
    read_clock(response, answer);
}

static bearer_reason_t fetch(const bearer_fetch_request_t *request,
                             const bearer_http_response_t **out,
                             bearer_note_t *note, apr_pool_t *pool)
{
    bearer_fetch_request_t asked = *request;
    bearer_fetch_seen_t seen = {0};
    bearer_reason_t why;

    asked.seen = &seen;
    why = bearer_fetch_get(&asked, out, note, pool);
    if (!why)
        keep_answer(request, *out, &seen, pool);
    return why;
}

static bearer_now_t now(void *baton BEARER_UNUSED)
{
    bearer_now_t time = {wall(), bearer_clock_tick()};

    return time;
}

/* --- keys ----------------------------------------------------------------------------- */

/* the array of keys as it was received, to say of each why it is not usable */
static const bearer_value_t *published(bearer_str_t text, apr_pool_t *pool)
{
    const bearer_value_t *document, *keys;

    if (!text.data
        || bearer_json_parse(bearer_utf8_skip_mark(text), &document, NULL,
                             pool))
        return NULL;
    keys = bearer_value_get(document, "keys");
    return bearer_value_is(keys, BEARER_KIND_ARRAY) ? keys : NULL;
}

static void locate(doctor_source_t *source, apr_pool_t *pool)
{
    static const bearer_locate_known_t nothing;
    const bearer_locate_env_t env = {.fetch = fetch, .now = now};
    bearer_locate_found_t found;

    source->looked = true;
    looked_at = source;
    if (!bearer_locate_keys(&source->source, &nothing, &env, &found,
                            &source->told, pool))
        source->keys = found.keys;
    if (source->keys)
        source->fresh = found.fresh;
    source->published = published(found.published, pool);
    if (source->source.kind == BEARER_SOURCE_FILE && found.published.data
        && !bearer_pem_find_end(found.published, &source->file_end))
        source->file_end = 0;
}

static void look_far(doctor_source_t *source, apr_pool_t *pool)
{
    bearer_source_t *from = &source->source;

    source->told.why =
        bearer_tls_create(from->ca, &from->tls, &source->told.note, pool);
    source->told.tried = from->ca ? from->ca : "the system's authorities";
    source->looked = true;
    if (!source->told.why)
        locate(source, pool);
}

/* --- files ----------------------------------------------------------------------------- */

static void look_at_file(const char *path, doctor_file_t *file,
                         apr_pool_t *pool)
{
    char *owner = NULL, *group = NULL;
    apr_finfo_t info;

    if (apr_stat(&info, path, APR_FINFO_PROT | APR_FINFO_USER | APR_FINFO_GROUP,
                 pool)
        != APR_SUCCESS)
        return;
    if (apr_uid_name_get(&owner, info.user, pool))
        owner = apr_psprintf(pool, "%lu", (unsigned long)info.user);
    if (apr_gid_name_get(&group, info.group, pool))
        group = apr_psprintf(pool, "%lu", (unsigned long)info.group);
    file->seen = true;
    file->owner = owner;
    file->group = group;
    /* who is in root's group is root's choice */
    file->group_reads = (info.protection & APR_FPROT_GREAD) && info.group;
    /* APR has a hexadecimal digit for each of the three */
    file->mode =
        (unsigned)((info.protection >> 8 & 7) << 6
                   | (info.protection >> 4 & 7) << 3 | (info.protection & 7));
}

void doctor_look(doctor_source_t *source, bool fetch_keys, apr_pool_t *pool)
{
    const bearer_source_t *from = &source->source;

    if (from->location && !bearer_source_is_fetched(from))
        look_at_file(from->location, &source->file, pool);
    /* the start has read the secret; this never does */
    if (from->kind == BEARER_SOURCE_SECRET)
        return;
    /* only tokens tell which keys there are */
    if (from->kind == BEARER_SOURCE_PER_KID)
        return;
    if (!bearer_source_is_fetched(from))
        locate(source, pool);
    else if (fetch_keys)
        look_far(source, pool);
}

bool doctor_has_keys(const doctor_source_t *source)
{
    return source->looked && source->keys;
}

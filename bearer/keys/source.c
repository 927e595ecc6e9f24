/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/source.h"

#include <string.h>

#include <openssl/evp.h>

/* files are looked at at least this often: a look costs nobody anything */
#define FILE_PERIOD apr_time_from_sec(10)

const char *bearer_source_kind(const bearer_source_t *source)
{
    switch (source->kind) {
    case BEARER_SOURCE_DISCOVERY:
        return "discovery";
    case BEARER_SOURCE_URL:
        return "url";
    case BEARER_SOURCE_FILE:
        return "file";
    case BEARER_SOURCE_SECRET:
        break;
    }
    return "secret";
}

bool bearer_source_is_fetched(const bearer_source_t *source)
{
    return source->kind == BEARER_SOURCE_DISCOVERY
           || source->kind == BEARER_SOURCE_URL;
}

bool bearer_source_is_same(const bearer_source_t *a, const bearer_source_t *b)
{
    return memcmp(&a->slot.id, &b->slot.id, sizeof(a->slot.id)) == 0;
}

bearer_schedule_conf_t bearer_source_schedule(const bearer_source_t *source)
{
    bearer_schedule_conf_t conf = source->schedule;

    if (source->kind == BEARER_SOURCE_FILE && conf.refresh > FILE_PERIOD)
        conf.refresh = FILE_PERIOD;
    return conf;
}

bool bearer_source_is_usable(const bearer_source_t *source,
                             const bearer_schedule_t *state, apr_time_t now)
{
    /* not those of bearer_source_schedule: how often a file is looked at says
     * nothing about how long its keys are good */
    return bearer_schedule_usable(state, &source->schedule, now);
}

static bool digest_field(EVP_MD_CTX *ctx, const char *field)
{
    unsigned char size[8];
    apr_uint64_t len = field ? strlen(field) : 0;
    int i;

    /* each field after its length: no two lists of fields give the same
     * bytes */
    for (i = 0; i < 8; i++)
        size[i] = (unsigned char)(len >> (8 * i));
    return EVP_DigestUpdate(ctx, size, sizeof(size))
           && EVP_DigestUpdate(ctx, field ? field : "", (size_t)len);
}

bearer_reason_t bearer_source_identify(bearer_source_t *source)
{
    unsigned char kind = (unsigned char)source->kind;
    unsigned char http = source->http_loopback;
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good;

    good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)
           && digest_field(ctx, source->issuer)
           && EVP_DigestUpdate(ctx, &kind, 1)
           && digest_field(ctx, source->location)
           && EVP_DigestUpdate(ctx, &http, 1)
           && digest_field(ctx, source->proxies.https)
           && digest_field(ctx, source->proxies.http)
           && digest_field(ctx, source->proxies.except)
           && digest_field(ctx, source->ca)
           && EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    if (!good)
        return BEARER_NO_MEMORY;
    memcpy(source->slot.id.bytes, digest, sizeof(source->slot.id.bytes));
    return BEARER_OK;
}

void bearer_source_narrow_http(bearer_source_t *source)
{
    const char *written =
        source->kind == BEARER_SOURCE_URL ? source->location : source->issuer;

    /* the metadata of an https issuer that was taken over must not have us call
     * the services of our own host (SSRF) */
    source->http_loopback =
        source->http_loopback && bearer_url_is_http(written);
}

static void take_smaller(apr_int64_t *own, apr_int64_t other, bool *tightened)
{
    if (other >= *own)
        return;
    *own = other;
    *tightened = true;
}

void bearer_source_tighten(bearer_source_t *source,
                           const bearer_source_t *other)
{
    bearer_schedule_conf_t *own = &source->schedule;
    const bearer_schedule_conf_t *others = &other->schedule;
    bool *tightened = &source->tightened;

    take_smaller(&own->refresh, others->refresh, tightened);
    take_smaller(&own->miss, others->miss, tightened);
    take_smaller(&own->stale, others->stale, tightened);
    take_smaller(&source->timeout, other->timeout, tightened);
    take_smaller(&source->connect, other->connect, tightened);
    if (other->max_body < source->max_body) {
        source->max_body = other->max_body;
        *tightened = true;
    }
}

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
    case BEARER_SOURCE_PER_KID:
        return "pem-per-kid";
    case BEARER_SOURCE_SECRET:
        break;
    }
    return "secret";
}

const char *bearer_source_address(const bearer_source_t *source)
{
    return source->location ? source->location : source->issuer;
}

bool bearer_source_is_fetched(const bearer_source_t *source)
{
    return source->kind == BEARER_SOURCE_DISCOVERY
           || source->kind == BEARER_SOURCE_URL
           || source->kind == BEARER_SOURCE_PER_KID;
}

bool bearer_source_is_same(const bearer_source_t *a, const bearer_source_t *b)
{
    return memcmp(&a->slot.id, &b->slot.id, sizeof(a->slot.id)) == 0;
}

/* metadata leads to a JWK set (RFC 8414 2); what an administrator names is what he
 * knows it to be */
bearer_jwks_form_t bearer_source_form(const bearer_source_t *source)
{
    bearer_jwks_form_t form = {
        .any = source->kind != BEARER_SOURCE_DISCOVERY,
        .file = source->kind == BEARER_SOURCE_FILE,
        .svid = source->svid,
    };

    return form;
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

bearer_kids_conf_t bearer_source_kids(const bearer_source_t *source)
{
    bearer_kids_conf_t conf = {source->schedule.miss, source->schedule.stale};

    return conf;
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

/* Nothing for a source without: ids of older versions, by which the key store has
 * its files, stay. With, there are fields behind the others, which no source without
 * can have. */
static bool digest_access(EVP_MD_CTX *ctx, const bearer_source_t *source)
{
    const bearer_credentials_t *files = &source->credentials;

    if (!source->address && !bearer_credentials_are_given(files))
        return true;
    return digest_field(ctx, source->address) && digest_field(ctx, files->token)
           && digest_field(ctx, files->header) && digest_field(ctx, files->cert)
           && digest_field(ctx, files->key);
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
           && digest_field(ctx, source->ca) && digest_access(ctx, source)
           && (!source->svid || digest_field(ctx, "jwt-svid"))
           && EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    if (!good)
        return BEARER_NO_MEMORY;
    memcpy(source->slot.id.bytes, digest, sizeof(source->slot.id.bytes));
    return BEARER_OK;
}

/* the address that the administrator wrote */
static const char *written_address(const bearer_source_t *source)
{
    return bearer_source_is_fetched(source) ? bearer_source_address(source)
                                            : source->issuer;
}

bool bearer_source_is_home(const bearer_source_t *source, const char *address,
                           const char **origin, apr_pool_t *pool)
{
    bearer_url_t home, there;

    /* whether http may be fetched at all is asked elsewhere */
    if (bearer_url_parse(written_address(source), true, &home, NULL, pool))
        return false;
    if (origin)
        *origin = bearer_url_origin(&home, pool);
    return !bearer_url_parse(address, true, &there, NULL, pool)
           && bearer_url_same_origin(&home, &there);
}

void bearer_source_narrow_http(bearer_source_t *source)
{
    /* the metadata of an https issuer that was taken over must not have us call
     * the services of our own host (SSRF) */
    source->http_loopback =
        source->http_loopback && bearer_url_is_http(written_address(source));
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

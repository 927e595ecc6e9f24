/* SPDX-License-Identifier: Apache-2.0 */
/* One address. What is accepted is made of its parts, and reads back the same. */
#include "fuzz.h"

#include "bearer/text/url.h"

/* as whoever reads the manual would say it */
static bool is_loopback(const char *host)
{
    return !strcmp(host, "localhost") || !strcmp(host, "::1")
           || (!strncmp(host, "127.", 4)
               && strspn(host, "0123456789.") == strlen(host));
}

static void check_parts(const bearer_url_t *url, bool loopback,
                        apr_pool_t *pool)
{
    bearer_note_t note = {""};
    bearer_url_t again;
    const char *c;
    int form;

    fuzz_check(url->path[0] == '/' && url->host[0] && url->port);
    for (c = url->text; *c; c++)
        fuzz_check(*c > ' ' && *c < 0x7f && *c != '\\' && *c != '#');
    for (c = url->host; *c; c++)
        fuzz_check(!strchr("@/?%ABCDEFGHIJKLMNOPQRSTUVWXYZ", *c));
    fuzz_check(url->tls || (loopback && is_loopback(url->host)));
    fuzz_check(
        bearer_url_parse(apr_pstrcat(pool, url->tls ? "https" : "http", "://",
                                     url->authority, url->path, NULL),
                         loopback, &again, &note, pool)
        == BEARER_OK);
    fuzz_check(again.port == url->port && !strcmp(again.host, url->host)
               && !strcmp(again.path, url->path));
    if (bearer_url_check_issuer(url->text, loopback, &note, pool))
        return;
    for (form = 0; form < BEARER_URL_METADATA_FORMS; form++) {
        c = bearer_url_metadata(url->text, form, pool);
        if (!c || strlen(c) > BEARER_LIMIT_URL)
            continue;
        /* an issuer's own metadata can be fetched, and from its host */
        fuzz_check(bearer_url_parse(c, loopback, &again, &note, pool)
                   == BEARER_OK);
        fuzz_check(!strcmp(again.host, url->host) && again.port == url->port);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    const char *text = fuzz_line(&rest, pool).data;
    bearer_note_t note = {""};
    bearer_url_t url;
    int loopback;

    for (loopback = 0; loopback < 2; loopback++) {
        if (bearer_url_parse(text, loopback, &url, &note, pool) == BEARER_OK)
            check_parts(&url, loopback, pool);
        else
            fuzz_check(bearer_url_check_issuer(text, loopback, &note, pool));
        fuzz_check_note(&note);
    }
    if (bearer_url_parse_proxy(text, &url, &note, pool) == BEARER_OK)
        fuzz_check(url.host[0] && url.port && !url.tls);
    fuzz_check_note(&note);
    apr_pool_destroy(pool);
    return 0;
}

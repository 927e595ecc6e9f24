/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_issuer.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "httpd/conf/access.h"
#include "httpd/conf/balancer.h"
#include "httpd/conf/doubt.h"
#include "httpd/conf/names.h"
#include "httpd/conf/profile.h"
#include "httpd/conf/set_algorithms.h"
#include "httpd/conf/set_fetch.h"

static const char *set_location(cmd_parms *cmd, bearer_source_t *source,
                                bearer_source_kind_t kind, const char *value)
{
    /* algorithm confusion: one issuer has either published keys or a secret */
    if (source->location)
        return mab_words_wrong(
            cmd, "keys=, secret= and metadata= exclude each other",
            "give one of them, or none for discovery");
    source->kind = kind;
    source->location =
        kind != BEARER_SOURCE_FILE && kind != BEARER_SOURCE_SECRET
            ? value
            : ap_server_root_relative(cmd->pool, value);
    if (source->location)
        return NULL;
    return mab_words_wrong(cmd,
                           kind == BEARER_SOURCE_SECRET
                               ? "secret=file: has an unusable path"
                               : "keys=file: has an unusable path",
                           "name a file, absolute or below ServerRoot");
}

/* what a kid is appended to: without the slash, "https://keys.example.com" and a kid of
 * ".attacker.example" would be another host (SSRF) */
static const char *set_per_kid(cmd_parms *cmd, mab_issuer_line_t *line,
                               const char *prefix)
{
    apr_size_t len = strlen(prefix);
    const char *wrong = NULL;

    if (!len || prefix[len - 1] != '/')
        wrong = "does not end with \"/\"";
    else if (strpbrk(prefix, "?#"))
        wrong = "has a query or a fragment";
    if (wrong)
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "keys=pem-per-kid:%s %s", prefix, wrong),
            "allowed is keys=pem-per-kid:<https-url>/, which the token's key "
            "id (kid) follows");
    return set_location(cmd, &line->source, BEARER_SOURCE_PER_KID, prefix);
}

static const char *set_keys(cmd_parms *cmd, void *record, const char *value)
{
    mab_issuer_line_t *line = record;

    if (strcmp(value, "file:") == 0)
        return mab_words_wrong(cmd, "keys=file: does not name a file",
                               "allowed is keys=<https-url> or "
                               "keys=file:<path>");
    if (strncmp(value, "file:", 5) == 0)
        return set_location(cmd, &line->source, BEARER_SOURCE_FILE, value + 5);
    if (strncmp(value, "pem-per-kid:", 12) == 0)
        return set_per_kid(cmd, line, value + 12);
    if (!strchr(value, ':'))
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "keys=%s is not a URL", value),
            apr_psprintf(cmd->pool, "a file is named by keys=file:%s", value));
    return set_location(cmd, &line->source, BEARER_SOURCE_URL, value);
}

/* below which the metadata are, or their whole address, as people copy it */
static const char *set_metadata(cmd_parms *cmd, void *record, const char *value)
{
    static const char known[] = "/.well-known/openid-configuration";
    mab_issuer_line_t *line = record;
    apr_size_t len = strlen(value), end = sizeof(known) - 1;

    if (len > end && strcmp(value + len - end, known) == 0)
        value = apr_pstrmemdup(cmd->pool, value, len - end);
    return set_location(cmd, &line->source, BEARER_SOURCE_DISCOVERY, value);
}

static const char *set_secret(cmd_parms *cmd, void *record, const char *value)
{
    mab_issuer_line_t *line = record;

    /* a secret in the configuration file itself ends up in backups and in
     * mod_info */
    if (strncmp(value, "file:", 5) != 0 || !value[5])
        return mab_words_wrong(cmd, "secret= does not name a file",
                               "allowed is secret=file:<path>, with file: in "
                               "front of the path");
    return set_location(cmd, &line->source, BEARER_SOURCE_SECRET, value + 5);
}

static const char *set_issuer_algs(cmd_parms *cmd, void *record,
                                   const char *value)
{
    mab_issuer_line_t *line = record;
    apr_array_header_t *names =
        apr_array_make(cmd->temp_pool, 4, sizeof(bearer_str_t));
    const char *error = mab_words_cut_commas(cmd, value, names);
    int i;

    for (i = 0; i < names->nelts && !error; i++)
        error = mab_set_algorithms_add(
            cmd, APR_ARRAY_IDX(names, i, bearer_str_t).data,
            &line->issuer.algs);
    return error;
}

static const char *set_issuer_audience(cmd_parms *cmd, void *record,
                                       const char *value)
{
    mab_issuer_line_t *line = record;
    apr_array_header_t *texts =
        apr_array_make(cmd->pool, 4, sizeof(bearer_str_t));
    const char *error = mab_words_cut_commas(cmd, value, texts);
    int i;

    for (i = 0; i < texts->nelts && !error; i++) {
        if (bearer_str_is_nocase(APR_ARRAY_IDX(texts, i, bearer_str_t), "any"))
            error = mab_words_wrong(
                cmd, "audience=any would be an audience of that name",
                "allowed is audience=<value>,<value>, or none of it and "
                "AuthBearerAudience any");
    }
    line->issuer.audiences = (const bearer_str_t *)texts->elts;
    line->issuer.audience_count = texts->nelts;
    return error;
}

/* the claims in which issuers name the client that a token is for */
static const char *set_audience_claim(cmd_parms *cmd, void *record,
                                      const char *value)
{
    static const char *const claims[] = {"aud", "client_id", "azp", "appid"};
    mab_issuer_line_t *line = record;
    size_t i;

    for (i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        if (strcmp(value, claims[i]) != 0)
            continue;
        line->issuer.audience_claim = i ? claims[i] : NULL;
        return NULL;
    }
    return mab_words_wrong(
        cmd,
        apr_psprintf(cmd->pool, "audience-claim=%s is not possible", value),
        "allowed is one of: aud, client_id, azp, appid; other claims are "
        "compared by Require claim");
}

static const char *set_profile(cmd_parms *cmd, void *record, const char *value)
{
    mab_issuer_line_t *line = record;

    return mab_profile_find(cmd, value, &line->profile);
}

/* --- .htaccess ----------------------------------------------------------------- */

static bool same_texts(const bearer_str_t *a, int count, const bearer_str_t *b,
                       int other_count)
{
    int i;

    for (i = 0; i < count && count == other_count; i++) {
        if (!bearer_str_equal(a[i], b[i]))
            return false;
    }
    return count == other_count;
}

/* whether two issuers of one name take the same tokens, apart from their keys */
static bool same_demands(const bearer_issuer_t *a, const bearer_issuer_t *b)
{
    return a->algs == b->algs
           && bearer_str_same(a->audience_claim, b->audience_claim)
           && same_texts(a->audiences, a->audience_count, b->audiences,
                         b->audience_count)
           && same_texts(a->tenants, a->tenant_count, b->tenants,
                         b->tenant_count)
           && same_texts(a->signers, a->signer_count, b->signers,
                         b->signer_count);
}

static bool is_same_issuer(const mab_issuer_line_t *a,
                           const mab_issuer_line_t *b)
{
    return a->source.kind == b->source.kind
           && bearer_str_same(a->source.location, b->source.location)
           && a->profile == b->profile
           && mab_access_is_same(&a->fetch, &b->fetch)
           && same_demands(&a->issuer, &b->issuer);
}

/* The lines of this name, of which the virtual host's own take precedence over
 * other servers': the first one, NULL if there is none; *alike: all are the same. */
static const mab_issuer_line_t *find_lines(const cmd_parms *cmd,
                                           const char *iss, bool *alike)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    const mab_issuer_line_t *found = NULL;
    int i;

    *alike = true;
    for (i = 0; i < lines->nelts; i++) {
        const mab_issuer_line_t *line =
            APR_ARRAY_IDX(lines, i, mab_issuer_line_t *);

        if (strcmp(line->source.issuer, iss) != 0)
            continue;
        if (!found || (line->s == cmd->server && found->s != cmd->server)) {
            found = line;
            *alike = true;
        }
        else if (line->s == found->s || found->s != cmd->server)
            *alike = *alike && is_same_issuer(found, line);
    }
    return found;
}

/* whose keys are those of the outer place, or nobody's */
static const bearer_issuer_t *make_unclear(const bearer_issuer_t *issuer,
                                           apr_pool_t *pool)
{
    bearer_issuer_t *unclear = apr_pcalloc(pool, sizeof(*unclear));

    unclear->iss = issuer->iss;
    unclear->source = &mab_conf_unclear;
    return unclear;
}

static const char *check_once(cmd_parms *cmd, const mab_list_t *list,
                              const char *iss)
{
    int i;

    for (i = 0; list && i < list->count; i++) {
        if (strcmp(((const bearer_issuer_t *const *)list->items)[i]->iss.data,
                   iss)
            == 0)
            return mab_words_wrong(
                cmd, apr_psprintf(cmd->pool, "\"%s\" is given twice", iss),
                "name each issuer once in one place");
    }
    return NULL;
}

/* .htaccess may only name what the administrator has defined: whoever may write
 * one must not choose whose signatures count, or make the server fetch (SSRF) */
static const char *refer_to_issuer(cmd_parms *cmd, mab_place_t *place,
                                   int count, char *const words[])
{
    const mab_issuer_line_t *found;
    const bearer_issuer_t *issuer;
    const char *error;
    bool alike;

    if (count != 1)
        return mab_words_wrong(cmd, "options are not allowed in .htaccess",
                               "allowed there is only the name of an issuer "
                               "that the server's configuration defines");
    found = find_lines(cmd, words[0], &alike);
    if (!found)
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not defined", words[0]),
            "allowed in .htaccess is only an issuer that the server's "
            "configuration defines");
    error = check_once(cmd, place->issuers, words[0]);
    if (error)
        return error;
    issuer = alike ? &found->issuer : make_unclear(&found->issuer, cmd->pool);
    place->names = MAB_NAMED;
    mab_words_append(&place->issuers, &issuer, sizeof(issuer), cmd->pool);
    return NULL;
}

/* --- the server's configuration ------------------------------------------------- */

static const mab_option_t others[] = {{"keys", set_keys},
                                      {"secret", set_secret},
                                      {"metadata", set_metadata},
                                      {"tid", mab_names_set_tenants},
                                      {"alg", set_issuer_algs},
                                      {"audience", set_issuer_audience},
                                      {"audience-claim", set_audience_claim},
                                      {"signer", mab_balancer_set_signers},
                                      {"profile", set_profile},
                                      {"proxy", mab_set_fetch_proxy},
                                      {"ca", mab_set_fetch_ca},
                                      {"address", mab_access_set_address},
                                      {"token", mab_access_set_token},
                                      {"header", mab_access_set_header},
                                      {"cert", mab_access_set_cert},
                                      {"key", mab_access_set_key},
                                      {NULL, NULL}};

/* the name was forgotten: "AuthBearerIssuer keys=file:x" would define an issuer of
 * that name */
static const char *check_no_option(cmd_parms *cmd, const char *iss)
{
    const mab_option_t *one = others;

    for (; one->name; one++) {
        apr_size_t len = strlen(one->name);

        if (strncasecmp(iss, one->name, len) == 0 && iss[len] == '=')
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "\"%s\" is an option, no issuer", iss),
                "the issuer comes first, exactly as tokens carry it in "
                "\"iss\"");
    }
    return NULL;
}

static const char *check_new_issuer(cmd_parms *cmd, const mab_place_t *place,
                                    const char *iss)
{
    const char *error = mab_names_check(cmd, iss);

    if (!error)
        error = check_no_option(cmd, iss);
    return error ? error : check_once(cmd, place->issuers, iss);
}

/* the options in whatever order, then what depends on all of them */
static const char *read_options(cmd_parms *cmd, mab_issuer_line_t *line,
                                int count, char *const words[])
{
    /* the numbers of AuthBearerFetch, into line->fetch */
    static const mab_options_t options = {mab_conf_server_fields, MAB_ON_FETCH,
                                          others};
    const char *error;

    error = mab_words_set_options(cmd, &options, line, words, count);
    if (!error)
        error = mab_profile_apply(cmd, line);
    if (!error)
        error = mab_balancer_complete(cmd, line);
    if (!error)
        error = mab_names_complete(cmd, line);
    return error ? error : mab_access_check(cmd, line);
}

static const char *set_issuer(cmd_parms *cmd, void *record, int count,
                              char *const words[])
{
    mab_place_t *place = record;
    mab_issuer_line_t *line;
    const bearer_issuer_t *issuer;
    const char *error;

    if (mab_words_in_htaccess(cmd))
        return refer_to_issuer(cmd, place, count, words);
    error = check_new_issuer(cmd, place, words[0]);
    if (error)
        return error;

    mab_doubt_issuer(cmd, words[0]);
    line = apr_pcalloc(cmd->pool, sizeof(*line));
    line->issuer.iss.data = line->source.issuer = words[0];
    line->issuer.iss.len = strlen(words[0]);
    line->s = cmd->server;
    line->where = mab_words_describe(cmd);
    mab_field_unset(&line->fetch, mab_conf_server_fields);
    error = read_options(cmd, line, count - 1, words + 1);
    if (error)
        return error;
    issuer = &line->issuer;
    if (line->source.kind != BEARER_SOURCE_SECRET)
        line->issuer.source = &line->source;
    mab_words_append(&place->issuers, &issuer, sizeof(issuer), cmd->pool);
    APR_ARRAY_PUSH(mab_conf_registry()->issuers, mab_issuer_line_t *) = line;
    return NULL;
}

const mab_setter_t mab_set_issuer = {set_issuer, MAB_OF_PLACE,
                                     "no issuer is given",
                                     "give its name, exactly as "
                                     "tokens carry it in \"iss\", "
                                     "mostly an https URL",
                                     NULL};

/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/balancer.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

static const char arn_form[] =
    "allowed is signer=<arn>,<arn> with the ARNs of load balancers: "
    "arn:aws:elasticloadbalancing:<region>:<account>:loadbalancer/app/"
    "<name>/<id>";

/* arn:<partition>:elasticloadbalancing:<region>:<account>:loadbalancer/…: the field of
 * this number, counted from 0; data is NULL if there is none */
static bearer_str_t field(bearer_str_t arn, int number)
{
    const char *end = arn.data + arn.len;
    bearer_str_t out = {NULL, 0};
    const char *colon;

    for (; number > 0; number--) {
        colon = memchr(arn.data, ':', (apr_size_t)(end - arn.data));
        if (!colon)
            return out;
        arn.data = colon + 1;
    }
    colon = memchr(arn.data, ':', (apr_size_t)(end - arn.data));
    out.data = arn.data;
    out.len = (apr_size_t)((colon ? colon : end) - arn.data);
    return out;
}

/* it becomes part of an address */
static bool is_region(bearer_str_t region)
{
    apr_size_t i;

    for (i = 0; i < region.len; i++) {
        char c = region.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return region.len > 0 && region.len <= 32;
}

static bool is_balancer(bearer_str_t arn)
{
    return bearer_str_is(field(arn, 0), "arn")
           && bearer_str_begins(field(arn, 1), "aws")
           && bearer_str_is(field(arn, 2), "elasticloadbalancing")
           && is_region(field(arn, 3)) && field(arn, 4).len > 0
           && bearer_str_begins(field(arn, 5), "loadbalancer/");
}

const char *mab_balancer_set_signers(cmd_parms *cmd, void *record,
                                     const char *value)
{
    mab_issuer_line_t *line = record;
    apr_array_header_t *arns =
        apr_array_make(cmd->pool, 4, sizeof(bearer_str_t));
    const char *error = mab_words_cut_commas(cmd, value, arns);
    int i;

    for (i = 0; i < arns->nelts && !error; i++) {
        bearer_str_t arn = APR_ARRAY_IDX(arns, i, bearer_str_t);

        if (!is_balancer(arn))
            error = mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "\"%.*s\" is not a load balancer",
                             (int)arn.len, arn.data),
                arn_form);
    }
    line->issuer.signers = (const bearer_str_t *)arns->elts;
    line->issuer.signer_count = arns->nelts;
    return error;
}

/* one address for each key, in the region of the load balancers */
static const char *find_keys(cmd_parms *cmd, mab_issuer_line_t *line)
{
    const bearer_str_t *arns = line->issuer.signers;
    bearer_str_t region = field(arns[0], 3);
    int i;

    for (i = 0; i < line->issuer.signer_count; i++) {
        if (!bearer_str_equal(field(arns[i], 3), region)
            || !bearer_str_is(field(arns[i], 1), "aws"))
            return mab_words_wrong(
                cmd,
                "the load balancers of signer= are not all in one region of "
                "the partition \"aws\"",
                "say where their keys are: keys=pem-per-kid:<https-url>/, or "
                "write an issuer line for each region in a place of its own");
    }
    line->source.kind = BEARER_SOURCE_PER_KID;
    line->source.location = apr_psprintf(
        cmd->pool, "https://public-keys.auth.elb.%.*s.amazonaws.com/",
        (int)region.len, region.data);
    return NULL;
}

static const char *check_contradictions(cmd_parms *cmd,
                                        const mab_issuer_line_t *line)
{
    if (!line->issuer.signer_count)
        return mab_words_wrong(
            cmd,
            "profile=aws-alb without signer= would take tokens of all load "
            "balancers of that region",
            arn_form);
    if (line->issuer.audience_claim)
        return mab_words_wrong(cmd,
                               "profile=aws-alb and audience-claim= exclude "
                               "each other",
                               "its audience is the client of the token's "
                               "header: leave audience-claim= out");
    if (line->source.kind == BEARER_SOURCE_SECRET
        || (line->source.kind == BEARER_SOURCE_DISCOVERY
            && line->source.location))
        return mab_words_wrong(cmd,
                               "profile=aws-alb excludes secret= and metadata=",
                               "load balancers sign with keys of their own: "
                               "leave these options out");
    if (line->issuer.tenants || strchr(line->source.issuer, '{'))
        return mab_words_wrong(cmd,
                               "profile=aws-alb and an issuer of many tenants "
                               "exclude each other",
                               "name the issuer of each load balancer, exactly "
                               "as the token's header has it in \"iss\"");
    return NULL;
}

const char *mab_balancer_fill(cmd_parms *cmd, mab_issuer_line_t *line)
{
    const bearer_alg_t *es256 = bearer_alg_find(bearer_str("ES256"));
    const char *error = check_contradictions(cmd, line);

    if (!error && line->issuer.algs && line->issuer.algs != es256->bit)
        error = mab_words_wrong(cmd,
                                "profile=aws-alb and this alg= exclude each "
                                "other",
                                "load balancers sign with ES256: leave alg= "
                                "out");
    if (!error && !line->source.location)
        error = find_keys(cmd, line);
    if (error)
        return error;
    line->issuer.algs = es256->bit;
    line->issuer.named = BEARER_NAMED_BY_HEADER;
    line->issuer.audience_claim = "client";
    return NULL;
}

const char *mab_balancer_complete(const cmd_parms *cmd,
                                  const mab_issuer_line_t *line)
{
    if (!line->issuer.signer_count
        || line->issuer.named == BEARER_NAMED_BY_HEADER)
        return NULL;
    return mab_words_wrong(cmd, "signer= without profile=aws-alb",
                           "add profile=aws-alb, or leave signer= out");
}

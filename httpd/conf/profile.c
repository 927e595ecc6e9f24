/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/profile.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/text/spiffe.h"
#include "httpd/conf/balancer.h"

/* --- spiffe ------------------------------------------------------------------ */

/* JWT-SVID: whose token it is says sub, in the trust domain that is the issuer's name;
 * the keys are those of a bundle that are for JWT-SVIDs */
static const char *fill_spiffe(cmd_parms *cmd, mab_issuer_line_t *line)
{
    static const char write[] =
        "write AuthBearerIssuer spiffe://example.org profile=spiffe "
        "keys=file:<bundle>, or keys=<https-url> of the bundle";
    const bearer_source_t *source = &line->source;

    if (!bearer_spiffe_is_domain(line->issuer.iss))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" is no trust domain of SPIFFE",
                         source->issuer),
            write);
    if (source->kind != BEARER_SOURCE_URL && source->kind != BEARER_SOURCE_FILE)
        return mab_words_wrong(
            cmd, "profile=spiffe needs keys=, the trust bundle of the domain",
            write);
    if (line->issuer.audience_claim)
        return mab_words_wrong(
            cmd, "profile=spiffe and audience-claim= exclude each other",
            "leave audience-claim= out: a JWT-SVID has its audience in \"aud\"");
    line->source.svid = true;
    line->issuer.named = BEARER_NAMED_BY_SUBJECT;
    return NULL;
}

/* --- kubernetes -------------------------------------------------------------- */

/* what every pod gets of its cluster */
#define POD "/var/run/secrets/kubernetes.io/serviceaccount/"

/* The key set of the cluster's API server, as its pods reach it: what the metadata
 * names as jwks_uri is often an address for others, to which we would not send the
 * pod's token. */
static const char api_keys[] = "https://kubernetes.default.svc/openid/v1/jwks";

static const char *fill_kubernetes(cmd_parms *cmd, mab_issuer_line_t *line)
{
    bearer_source_t *source = &line->source;
    mab_server_t *fetch = &line->fetch;

    if (source->kind == BEARER_SOURCE_FILE
        || source->kind == BEARER_SOURCE_SECRET)
        return mab_words_wrong(cmd,
                               "profile=kubernetes fetches keys from the API "
                               "server, and this line gives a file",
                               "remove profile=, or the file");
    if (!fetch->ca)
        fetch->ca = POD "ca.crt";
    /* the pod's token goes to nobody but the API server by default */
    if (!source->location && !fetch->token && !fetch->cert)
        fetch->token = POD "token";
    if (!source->location) {
        source->kind = BEARER_SOURCE_URL;
        source->location = api_keys;
    }
    return NULL;
}

/* --- the table --------------------------------------------------------------- */

static const mab_profile_t profiles[] = {
    {"aws-alb", mab_balancer_fill,
     "iss, exp and client of the token's header count, and its signer"},
    {"kubernetes", fill_kubernetes,
     "keys of the API server, by what this pod got from its cluster"},
    {"spiffe", fill_spiffe,
     "sub is a SPIFFE ID of this trust domain, iss may be absent and does not "
     "count, an audience is demanded, types JWT and JOSE, only RS, PS and ES "
     "algorithms, only keys with use jwt-svid"},
    {NULL, NULL, NULL}};

static const char *names(apr_pool_t *pool)
{
    const mab_profile_t *one;
    const char *list = "";

    for (one = profiles; one->name; one++)
        list = apr_pstrcat(pool, list, *list ? ", " : "", one->name, NULL);
    return *list ? list : "nothing";
}

const char *mab_profile_find(cmd_parms *cmd, const char *name,
                             const mab_profile_t **out)
{
    const mab_profile_t *one = profiles;

    while (one->name && strcmp(one->name, name) != 0)
        one++;
    if (!one->name)
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "there is no profile \"%s\"", name),
            apr_pstrcat(cmd->pool, "allowed is profile= with one of: ",
                        names(cmd->pool), NULL));
    *out = one;
    return NULL;
}

const char *mab_profile_apply(cmd_parms *cmd, mab_issuer_line_t *line)
{
    const char *error;

    if (!line->profile)
        return NULL;
    error = line->profile->fill(cmd, line);
    if (!error && !line->issuer.profile)
        line->issuer.profile = apr_pstrcat(cmd->pool, line->profile->name, ": ",
                                           line->profile->means, NULL);
    return error;
}

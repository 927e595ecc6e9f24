/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/spiffe.h"
#include "bearer/text/template.h"

const char *tool_issuer_set_issuer(tool_t *tool, const char *value)
{
    tool->source.issuer = value;
    tool->issuer.iss.data = value;
    tool->issuer.iss.len = strlen(value);
    tool->policy.issuer_count = 1;
    if (bearer_template_check(tool->issuer.iss))
        tool->issuer.named = BEARER_NAMED_BY_TENANT;
    /* as profile=spiffe: nothing else is named so */
    if (bearer_spiffe_is_domain(tool->issuer.iss)) {
        tool->issuer.named = BEARER_NAMED_BY_SUBJECT;
        tool->source.svid = true;
    }
    return NULL;
}

const char *tool_issuer_set_tenants(tool_t *tool, const char *value)
{
    apr_array_header_t *texts =
        apr_array_make(tool->pool, 4, sizeof(bearer_str_t));
    char *rest = apr_pstrdup(tool->pool, value);
    char *last, *word;

    if (strcasecmp(value, "any") == 0)
        return NULL;
    for (word = apr_strtok(rest, ",", &last); word;
         word = apr_strtok(NULL, ",", &last)) {
        APR_ARRAY_PUSH(texts, bearer_str_t) = bearer_str(word);
        if (!bearer_template_is_value(bearer_str(word)))
            return "tenants, separated by commas, or any";
    }
    tool->issuer.tenants = (const bearer_str_t *)texts->elts;
    tool->issuer.tenant_count = texts->nelts;
    return texts->nelts ? NULL : "at least one tenant, or any";
}

const char *tool_issuer_set_metadata(tool_t *tool, const char *value)
{
    bearer_source_t *source = &tool->source;

    if (source->location)
        return "one of --keys, --secret and --metadata";
    source->location = value;
    return *value ? NULL : "a URL";
}

const char *tool_issuer_set_audience_claim(tool_t *tool, const char *value)
{
    static const char *const claims[] = {"aud", "client_id", "azp", "appid"};
    size_t i;

    for (i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        if (strcmp(value, claims[i]) != 0)
            continue;
        tool->issuer.audience_claim = i ? claims[i] : NULL;
        return NULL;
    }
    return "aud, client_id, azp or appid";
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/alb.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/json.h"

const bearer_trust_t *bearer_alb_find(const bearer_jws_t *jws,
                                      const bearer_policy_t *policy,
                                      apr_pool_t *pool)
{
    const bearer_value_t *header;
    bearer_str_t iss;

    if (!jws->header.data || bearer_json_parse(jws->header, &header, NULL, pool)
        || bearer_value_get_string(header, "iss", &iss) != BEARER_VALUE_GOT)
        return NULL;
    return bearer_policy_find_header(policy, iss);
}

/* The payload with the header in front of its members. Both were read before: they are
 * objects, and a member of that name in the payload is now there twice. */
static bearer_str_t join(const bearer_jws_t *jws, apr_pool_t *pool)
{
    const char *members =
        (const char *)memchr(jws->payload.data, '{', jws->payload.len) + 1;
    apr_size_t left =
        jws->payload.len - (apr_size_t)(members - jws->payload.data);
    bearer_str_t text;

    while (left && bearer_str_is_file_blank(*members)) {
        members++;
        left--;
    }
    text.data = apr_psprintf(pool, "{\"" BEARER_CLAIMS_HEADER "\":%.*s%s%.*s",
                             (int)jws->header.len, jws->header.data,
                             *members == '}' ? "" : ",", (int)left, members);
    text.len = strlen(text.data);
    return text;
}

bearer_reason_t bearer_alb_read(const bearer_jws_t *jws,
                                const bearer_claims_t **out,
                                bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_claims_t *parsed;
    const bearer_value_t *header;
    bearer_claims_t *claims;
    bearer_reason_t why;

    if (!jws->whole) {
        bearer_note_set(note, "a part without its padding");
        return BEARER_B64_LENGTH;
    }
    why = bearer_claims_parse(join(jws, pool), &parsed, note, pool);
    if (why)
        return why;
    claims = apr_pmemdup(pool, parsed, sizeof(*claims));
    header = bearer_value_get(claims->all, BEARER_CLAIMS_HEADER);
    claims->by_header = true;
    claims->has_iss = bearer_value_get_string(header, "iss", &claims->iss);
    claims->has_exp = bearer_value_get_seconds(header, "exp", &claims->exp);
    /* whoever reads the payload's must not find another one */
    if (parsed->has_iss != BEARER_VALUE_ABSENT
        && !bearer_str_equal(parsed->iss, claims->iss)) {
        bearer_note_set(note, "header and payload name different issuers");
        return BEARER_ISS_UNKNOWN;
    }
    *out = claims;
    return BEARER_OK;
}

static bearer_reason_t check_signer(const bearer_value_t *header,
                                    const bearer_issuer_t *issuer,
                                    bearer_note_t *note)
{
    const bearer_value_t *signer = bearer_value_get(header, "signer");
    int i;

    for (i = 0; i < issuer->signer_count; i++) {
        if (bearer_value_equals(signer, issuer->signers[i]))
            return BEARER_OK;
    }
    bearer_note_set(note, "%s",
                    signer ? "it is none of signer="
                           : "the header has no signer");
    return BEARER_SIGNER_WRONG;
}

bearer_reason_t bearer_alb_check(const bearer_claims_t *claims,
                                 const bearer_issuer_t *issuer,
                                 bearer_note_t *note)
{
    const bearer_value_t *header =
        bearer_value_get(claims->all, BEARER_CLAIMS_HEADER);
    bearer_reason_t why = check_signer(header, issuer, note);
    bearer_value_got_t got;
    apr_int64_t exp;

    if (why)
        return why;
    got = bearer_value_get_seconds(claims->all, "exp", &exp);
    if (got == BEARER_VALUE_ABSENT
        || (got == BEARER_VALUE_GOT && exp == claims->exp))
        return BEARER_OK;
    bearer_note_set(note, "header and payload have different exp");
    return BEARER_EXP_INVALID;
}

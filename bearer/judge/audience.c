/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/audience.h"

#include "bearer/text/url.h"

/** Who a token of one issuer must be meant for at one place. */
typedef struct wanted_t {
    const char *claim;
    const bearer_str_t *ours;
    int count;
    bool any;
    bool url; /**< ours is the URL of a resource */
} wanted_t;

static wanted_t find_wanted(const bearer_policy_t *policy,
                            const bearer_issuer_t *issuer)
{
    wanted_t wanted = {issuer->audience_claim ? issuer->audience_claim : "aud",
                       policy->audiences, policy->audience_count, false,
                       policy->audience_is_url};

    wanted.any = policy->any_audience && !issuer->audience_count;
    if (issuer->audience_count) {
        wanted.ours = issuer->audiences;
        wanted.count = issuer->audience_count;
        wanted.url = false;
    }
    return wanted;
}

/* both sides, since one of them is the mistake; ours first, which a stranger's text
 * cannot forge */
static void note_aud(bearer_note_t *note, const wanted_t *wanted,
                     const bearer_value_t *aud)
{
    bearer_note_list_t ours = {"", 0, false}, theirs = {"", 0, false};
    const bearer_value_t *at;
    int i;

    for (i = 0; i < wanted->count; i++)
        bearer_note_list_add(&ours, wanted->ours[i]);
    if (bearer_value_is(aud, BEARER_KIND_STRING))
        bearer_note_list_add(&theirs, bearer_value_text(aud));
    for (at = bearer_value_first(aud); at && !theirs.full;
         at = bearer_value_next(aud, at))
        bearer_note_list_add(&theirs, bearer_value_text(at));
    bearer_note_set(note, "wanted %s; the token's %s is %s", ours.text,
                    wanted->claim, theirs.len ? theirs.text : "empty");
}

/* whether one string of the token is one of ours, byte for byte; of a resource's URL,
 * which clients and issuers write as they like, scheme and host without case */
static bool is_ours(const bearer_value_t *value, const wanted_t *wanted)
{
    int i;

    for (i = 0; i < wanted->count; i++) {
        if (bearer_value_equals(value, wanted->ours[i]))
            return true;
        if (wanted->url
            && bearer_url_same(bearer_value_text(value), wanted->ours[i]))
            return true;
    }
    return wanted->any;
}

/* every member must be a string, also after the one that matches: [["x"], "x"] is
 * no audience */
static bearer_reason_t check_aud_list(const bearer_value_t *aud,
                                      const wanted_t *wanted,
                                      bearer_note_t *note)
{
    const bearer_value_t *value;
    bool ours = wanted->any;

    for (value = bearer_value_first(aud); value;
         value = bearer_value_next(aud, value)) {
        if (!bearer_value_is(value, BEARER_KIND_STRING)) {
            bearer_note_set(note, "a member of aud is %s",
                            bearer_value_kind_text(value));
            return BEARER_AUD_INVALID;
        }
        ours = ours || is_ours(value, wanted);
    }
    if (ours)
        return BEARER_OK;
    note_aud(note, wanted, aud);
    return BEARER_AUD_WRONG;
}

/* RFC 7519 4.1.3. A claim named instead of it is one string: a list of clients, or a
 * number that reads like one, says something else */
bearer_reason_t bearer_audience_check(const bearer_value_t *claims,
                                      const bearer_policy_t *policy,
                                      const bearer_issuer_t *issuer,
                                      bearer_note_t *note)
{
    wanted_t wanted = find_wanted(policy, issuer);
    const bearer_value_t *aud = bearer_value_get(claims, wanted.claim);

    if (bearer_value_is(aud, BEARER_KIND_STRING)) {
        if (is_ours(aud, &wanted))
            return BEARER_OK;
        note_aud(note, &wanted, aud);
        return BEARER_AUD_WRONG;
    }
    if (!issuer->audience_claim && bearer_value_is(aud, BEARER_KIND_ARRAY))
        return check_aud_list(aud, &wanted, note);
    if (!aud || bearer_value_is(aud, BEARER_KIND_NULL)) {
        if (wanted.any)
            return BEARER_OK;
        bearer_note_set(note, "%s is %s", wanted.claim,
                        bearer_value_kind_text(aud));
        return BEARER_AUD_MISSING;
    }
    bearer_note_set(note, "%s is %s", wanted.claim,
                    bearer_value_kind_text(aud));
    return BEARER_AUD_INVALID;
}

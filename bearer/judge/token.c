/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/token.h"

#include "bearer/base/str.h"
#include "bearer/judge/basic.h"
#include "bearer/text/b64url.h"

/* a header value has a scheme and a token; more words are only counted */
typedef struct words_t {
    int count;
    bearer_str_t word[2];
} words_t;

/* RFC 6750 2.1: 1*SP separates; a tab does not, and is in no b64token */
static words_t cut(bearer_str_t rest)
{
    words_t words = {0, {{NULL, 0}, {NULL, 0}}};
    bearer_str_t word;

    while (bearer_str_next_word(&rest, &word)) {
        if (words.count < 2)
            words.word[words.count] = word;
        words.count++;
    }
    return words;
}

/* RFC 6750 2.1: 1 for what a b64token is made of, before its padding: A-Z a-z
 * 0-9 - . _ ~ + / */
/* clang-format off */
static const unsigned char in_b64token[256] = {
    ['A'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ['a'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ['0'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ['-'] = 1, ['.'] = 1, ['_'] = 1, ['~'] = 1, ['+'] = 1, ['/'] = 1
};
/* clang-format on */

/* Whether all of it is; no early exit, since tokens are nearly always good. */
static bool scan(const unsigned char *at, apr_size_t len)
{
    unsigned char good = 1;

    for (; len >= 8; at += 8, len -= 8)
        good &= in_b64token[at[0]] & in_b64token[at[1]] & in_b64token[at[2]]
                & in_b64token[at[3]] & in_b64token[at[4]] & in_b64token[at[5]]
                & in_b64token[at[6]] & in_b64token[at[7]];
    for (; len; at++, len--)
        good &= in_b64token[*at];
    return good;
}

bearer_reason_t bearer_token_check(bearer_str_t token)
{
    apr_size_t len = token.len;

    while (len && token.data[len - 1] == '=')
        len--;
    if (!len || !scan((const unsigned char *)token.data, len))
        return BEARER_TOKEN_FORMAT;
    return BEARER_OK;
}

/* the words of a field with a scheme: what follows the scheme */
static bearer_reason_t cut_scheme(const char *scheme, bearer_str_t *text)
{
    words_t words = cut(*text);

    if (!words.count)
        return BEARER_TOKEN_MISSING;
    if (words.count != 2)
        return BEARER_TOKEN_FORMAT;
    /* RFC 9110 11.1: without case */
    if (!bearer_str_is_nocase(words.word[0], scheme))
        return BEARER_TOKEN_SCHEME;
    *text = words.word[1];
    return BEARER_OK;
}

static bearer_reason_t decode(bearer_token_form_t form, bearer_str_t text,
                              bearer_token_found_t *out, apr_pool_t *pool)
{
    if (form == BEARER_TOKEN_BASIC)
        return bearer_basic_parse(text, &out->user, &out->token, pool);
    if (form == BEARER_TOKEN_CODED)
        return bearer_b64url_parse(text, &out->token, pool)
                   ? BEARER_TOKEN_FORMAT
                   : BEARER_OK;
    out->token = text;
    return BEARER_OK;
}

static bearer_reason_t take(const bearer_token_spot_t *spot,
                            bearer_token_found_t *out, apr_pool_t *pool)
{
    bearer_str_t text = bearer_str(spot->value);
    bearer_reason_t why = BEARER_OK;

    memset(out, 0, sizeof(*out));
    if (spot->scheme)
        why = cut_scheme(spot->scheme, &text);
    return why ? why : decode(spot->form, text, out, pool);
}

/* one more used spot, whose token must be the one found before */
static bool says_the_same(const bearer_token_spot_t *spot,
                          bearer_token_found_t *first, apr_pool_t *pool)
{
    bearer_token_found_t found;

    if (take(spot, &found, pool)
        || !bearer_str_equal(found.token, first->token))
        return false;
    if (found.user.data)
        first->user = found.user;
    return true;
}

bearer_reason_t bearer_token_find(const bearer_token_spot_t *spots, int count,
                                  bearer_token_found_t *out, apr_pool_t *pool)
{
    const bearer_token_spot_t *used = NULL;
    bearer_reason_t why = BEARER_TOKEN_MISSING;
    bearer_token_found_t first;
    int i;

    for (i = 0; i < count; i++) {
        if (!spots[i].value || !*spots[i].value)
            continue;
        /* RFC 6750 2: one method only; we and the program inside could look at
         * different tokens */
        if (used
            && (why || spots[i].source == used->source
                || !says_the_same(&spots[i], &first, pool)))
            return BEARER_TOKEN_TWICE;
        if (!used)
            why = take(&spots[i], &first, pool);
        used = &spots[i];
    }
    if (!why)
        *out = first;
    return why;
}

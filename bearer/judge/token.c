/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/token.h"

#include "bearer/base/str.h"

/* a header value has a scheme and a token; more words are only counted */
typedef struct words_t {
    int count;
    bearer_str_t word[2];
} words_t;

/* RFC 6750 2.1: 1*SP separates; a tab does not, and is in no b64token */
static words_t cut(const char *value)
{
    words_t words = {0, {{NULL, 0}, {NULL, 0}}};
    bearer_str_t rest = bearer_str(value);
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

static bearer_reason_t take(const bearer_token_spot_t *spot, bearer_str_t *out)
{
    bearer_str_t token;
    words_t words;

    if (!spot->scheme) {
        token.data = spot->value;
        token.len = strlen(spot->value);
    }
    else {
        words = cut(spot->value);
        if (!words.count)
            return BEARER_TOKEN_MISSING;
        if (words.count != 2)
            return BEARER_TOKEN_FORMAT;
        /* RFC 9110 11.1: without case */
        if (!bearer_str_is_nocase(words.word[0], spot->scheme))
            return BEARER_TOKEN_SCHEME;
        token = words.word[1];
    }
    *out = token;
    return BEARER_OK;
}

bearer_reason_t bearer_token_find(const bearer_token_spot_t *spots, int count,
                                  bearer_str_t *out)
{
    const bearer_token_spot_t *used = NULL;
    int i;

    for (i = 0; i < count; i++) {
        if (!spots[i].value || !*spots[i].value)
            continue;
        /* RFC 6750 2: one method only; we and the program inside could look at
         * different tokens */
        if (used)
            return BEARER_TOKEN_TWICE;
        used = &spots[i];
    }
    return used ? take(used, out) : BEARER_TOKEN_MISSING;
}

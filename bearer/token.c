/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/token.h"

#include <apr_cstr.h>

/* a header value has a scheme and a token; more words are only counted */
typedef struct words_t {
    int count;
    bearer_str_t word[2];
} words_t;

/* RFC 6750 2.1: what a b64token is made of, before its padding */
static const char b64token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz"
                               "0123456789-._~+/";

/* RFC 6750 2.1: 1*SP separates; a tab does not, and is in no b64token */
static words_t cut(const char *value)
{
    words_t words = {0, {{NULL, 0}, {NULL, 0}}};

    for (;;) {
        apr_size_t len;

        value += strspn(value, " ");
        len = strcspn(value, " ");
        if (!len)
            return words;
        if (words.count < 2) {
            words.word[words.count].data = value;
            words.word[words.count].len = len;
        }
        words.count++;
        value += len;
    }
}

/* strspn stops at the space or NUL behind the word, which it does not accept */
static bool is_b64token(bearer_str_t word)
{
    apr_size_t len = strspn(word.data, b64token);

    return len && len + strspn(word.data + len, "=") == word.len;
}

static bool is_scheme(bearer_str_t word, const char *scheme)
{
    /* RFC 9110 11.1: without case */
    return word.len == strlen(scheme)
           && apr_cstr_casecmpn(word.data, scheme, word.len) == 0;
}

static bearer_reason_t take(const bearer_place_t *place, bearer_str_t *out)
{
    bearer_str_t token;
    words_t words;

    if (!place->scheme) {
        token.data = place->value;
        token.len = strlen(place->value);
    }
    else {
        words = cut(place->value);
        if (!words.count)
            return BEARER_TOKEN_MISSING;
        if (words.count != 2)
            return BEARER_TOKEN_FORMAT;
        if (!is_scheme(words.word[0], place->scheme))
            return BEARER_TOKEN_SCHEME;
        token = words.word[1];
    }
    if (!is_b64token(token))
        return BEARER_TOKEN_FORMAT;
    *out = token;
    return BEARER_OK;
}

bearer_reason_t bearer_token_find(const bearer_place_t *places, int count,
                                  bearer_str_t *out)
{
    const bearer_place_t *used = NULL;
    int i;

    for (i = 0; i < count; i++) {
        if (!places[i].value || !*places[i].value)
            continue;
        /* RFC 6750 2: one method only; we and the program behind us could
         * look at different tokens */
        if (used)
            return BEARER_TOKEN_TWICE;
        used = &places[i];
    }
    return used ? take(used, out) : BEARER_TOKEN_MISSING;
}

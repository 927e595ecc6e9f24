/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/b64url.h"

#include <stdint.h>

/* set in every value of the alphabet, so that 0 means "not in it" */
#define VALID 0x40

/* RFC 4648 5: the values of A-Z a-z 0-9 - _, each with VALID */
/* clang-format off */
static const unsigned char values[256] = {
    ['A'] = 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76,
            77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89,
    ['a'] = 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102,
            103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115,
    ['0'] = 116, 117, 118, 119, 120, 121, 122, 123, 124, 125,
    ['-'] = 126,
    ['_'] = 127
};
/* clang-format on */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-_";

apr_size_t bearer_b64url_decoded_size(apr_size_t encoded_len)
{
    return encoded_len / 4 * 3 + encoded_len % 4 * 3 / 4;
}

/*
 * The one to three characters after the last group of four: alphabet first,
 * so that padding is reported as such.
 */
static bearer_reason_t decode_tail(const unsigned char *in, apr_size_t count,
                                   unsigned char *out)
{
    unsigned char valid = VALID;
    uint32_t bits = 0;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        valid &= values[in[i]];
        bits = bits << 6 | (values[in[i]] & 63);
    }
    if (!valid)
        return BEARER_B64_ALPHABET;
    if (count == 1)
        return BEARER_B64_LENGTH;
    /* RFC 4648 3.5: a second spelling of the same bytes would slip past deny-lists */
    if (count == 2 && (bits & 0x0f))
        return BEARER_B64_CANONICAL;
    if (count == 3 && (bits & 0x03))
        return BEARER_B64_CANONICAL;
    if (count == 2)
        out[0] = (unsigned char)(bits >> 4);
    if (count == 3) {
        out[0] = (unsigned char)(bits >> 10);
        out[1] = (unsigned char)(bits >> 2);
    }
    return BEARER_OK;
}

bearer_reason_t bearer_b64url_decode(bearer_str_t in, unsigned char *out,
                                     apr_size_t *len)
{
    const unsigned char *from = (const unsigned char *)in.data;
    unsigned char valid = VALID;
    apr_size_t groups = in.len / 4;
    bearer_reason_t why;

    /* no early exit: tokens are nearly always good, and short in any case */
    for (; groups; groups--, from += 4, out += 3) {
        unsigned char a = values[from[0]];
        unsigned char b = values[from[1]];
        unsigned char c = values[from[2]];
        unsigned char d = values[from[3]];
        uint32_t bits = (uint32_t)(a & 63) << 18 | (uint32_t)(b & 63) << 12
                        | (uint32_t)(c & 63) << 6 | (d & 63);

        valid &= a & b & c & d;
        out[0] = (unsigned char)(bits >> 16);
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)bits;
    }
    if (!valid)
        return BEARER_B64_ALPHABET;
    why = decode_tail(from, in.len % 4, out);
    if (why)
        return why;
    *len = bearer_b64url_decoded_size(in.len);
    return BEARER_OK;
}

bearer_reason_t bearer_b64url_parse(bearer_str_t in, bearer_str_t *out,
                                    apr_pool_t *pool)
{
    unsigned char *bytes;
    bearer_reason_t why;
    apr_size_t len;

    bytes = apr_palloc(pool, bearer_b64url_decoded_size(in.len) + 1);
    why = bearer_b64url_decode(in, bytes, &len);
    if (why)
        return why;
    bytes[len] = '\0';
    out->data = (const char *)bytes;
    out->len = len;
    return BEARER_OK;
}

bearer_str_t bearer_b64url_render(bearer_str_t bytes, apr_pool_t *pool)
{
    const unsigned char *from = (const unsigned char *)bytes.data;
    apr_size_t left, take, i;
    bearer_str_t out;
    char *to;

    to = apr_palloc(pool, bytes.len / 3 * 4 + 4);
    out.data = to;
    for (left = bytes.len; left; left -= take, from += take) {
        uint32_t bits = 0;

        take = left < 3 ? left : 3;
        for (i = 0; i < 3; i++)
            bits = bits << 8 | (i < take ? from[i] : 0);
        for (i = 0; i <= take; i++)
            *to++ = alphabet[bits >> (18 - 6 * i) & 63];
    }
    *to = '\0';
    out.len = (apr_size_t)(to - out.data);
    return out;
}

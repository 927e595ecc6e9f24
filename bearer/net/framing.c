/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/net/framing.h"

#include "bearer/base/str.h"

static bearer_reason_t refuse(bearer_reason_t why, bearer_note_t *note,
                              const char *text)
{
    bearer_note_set(note, "%s", text);
    return why;
}

/* digits only; a number that does not fit is the largest that does */
static bool parse_length(bearer_str_t text, apr_size_t *out)
{
    apr_size_t i, value = 0;

    for (i = 0; i < text.len; i++) {
        apr_size_t digit = (apr_size_t)(text.data[i] - '0');

        if (!bearer_str_is_digit(text.data[i]))
            return false;
        if (value > (APR_SIZE_MAX - digit) / 10)
            value = APR_SIZE_MAX;
        else
            value = value * 10 + digit;
    }
    if (!text.len)
        return false;
    *out = value;
    return true;
}

/* RFC 9112 6.3: the same length twice is one length, two lengths are an
 * attempt to have two readers disagree (response splitting) */
static void note_length(bearer_framing_t *framing, bearer_str_t value)
{
    apr_size_t length;

    if (!parse_length(value, &length)
        || (framing->has_length && framing->length != length)) {
        framing->bad_length = true;
        return;
    }
    framing->has_length = true;
    framing->length = length;
}

bool bearer_framing_note(bearer_framing_t *framing, bearer_str_t name,
                         bearer_str_t value)
{
    if (bearer_str_is_nocase(name, "content-length")) {
        note_length(framing, value);
        return true;
    }
    if (bearer_str_is_nocase(name, "transfer-encoding")) {
        if (framing->chunked || !bearer_str_is_nocase(value, "chunked"))
            framing->other_transfer = true;
        framing->chunked = true;
        return true;
    }
    if (!bearer_str_is_nocase(name, "content-encoding"))
        return false;
    if (!bearer_str_is_nocase(value, "identity"))
        framing->encoded = true;
    return true;
}

/* RFC 9112 6.3, without its leniencies */
bearer_reason_t bearer_framing_check(const bearer_framing_t *framing,
                                     apr_size_t max_body, bearer_note_t *note)
{
    if (framing->other_transfer)
        return refuse(BEARER_HTTP_ENCODING, note, "a transfer coding");
    if (framing->encoded)
        return refuse(BEARER_HTTP_ENCODING, note, "a content coding");
    if (framing->bad_length)
        return refuse(BEARER_HTTP_FORM, note, "a bad Content-Length");
    /* whoever sends both wants two readers to disagree (smuggling) */
    if (framing->chunked && framing->has_length)
        return refuse(BEARER_HTTP_FORM, note,
                      "both Content-Length and Transfer-Encoding");
    /* RFC 9112 6.1: HTTP/1.0 has no transfer codings */
    if (framing->chunked && framing->http_1_0)
        return refuse(BEARER_HTTP_FORM, note, "HTTP/1.0 with chunks");
    if (!framing->chunked && framing->length > max_body)
        return refuse(BEARER_HTTP_BODY_SIZE, note, "by its Content-Length");
    return BEARER_OK;
}

/* RFC 9112 7.1; extensions (7.1.1) are ignored */
bearer_reason_t bearer_framing_parse_chunk(bearer_str_t line, apr_size_t room,
                                           apr_size_t *size,
                                           bearer_note_t *note)
{
    apr_size_t i, value = 0;

    for (i = 0; i < line.len && bearer_str_hex(line.data[i]) >= 0; i++) {
        apr_size_t digit = (apr_size_t)bearer_str_hex(line.data[i]);

        if (digit > room || value > (room - digit) / 16)
            return refuse(BEARER_HTTP_BODY_SIZE, note, "in chunks");
        value = value * 16 + digit;
    }
    if (i == 0)
        return refuse(BEARER_HTTP_FORM, note, "a malformed chunk size");
    if (i < line.len) {
        while (i < line.len && bearer_str_is_blank(line.data[i]))
            i++;
        if (i == line.len || line.data[i] != ';'
            || !bearer_str_is_field_value(line))
            return refuse(BEARER_HTTP_FORM, note, "a malformed chunk size");
    }
    *size = value;
    return BEARER_OK;
}

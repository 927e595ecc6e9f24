/* SPDX-License-Identifier: Apache-2.0 */
/*
 * framing - where the body of an HTTP/1.1 response ends.
 *
 * Owns:     RFC 9112 6 and 7: the fields that speak of the body, and chunk sizes.
 * Does not: cut bytes into lines, or keep anything of the body (http).
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_FRAMING_H
#define BEARER_FRAMING_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/** What a header says about the body; begins with all zero. */
typedef struct bearer_framing_t {
    bool http_1_0;
    bool has_length;
    bool bad_length;
    bool chunked;
    bool other_transfer;
    bool encoded;
    apr_size_t length;
} bearer_framing_t;

/** Notes a field.
 *
 * @return whether it says something about the body */
bool bearer_framing_note(bearer_framing_t *framing, bearer_str_t name,
                         bearer_str_t value);

/**
 * Judges all fields together, once the header is complete: afterwards the body is
 * chunked, of a known length, or ends with the connection.
 *
 * @return BEARER_OK, BEARER_HTTP_FORM, _HTTP_BODY_SIZE, _HTTP_ENCODING
 */
bearer_reason_t bearer_framing_check(const bearer_framing_t *framing,
                                     apr_size_t max_body,
                                     bearer_note_t *note) BEARER_MUST_USE;

/**
 * The line before a chunk, without its end; extensions (RFC 9112 7.1.1) are ignored.
 *
 * @param room bytes of body that are still accepted
 * @param size 0: it is the last chunk
 * @return BEARER_OK, BEARER_HTTP_FORM, _HTTP_BODY_SIZE
 */
bearer_reason_t bearer_framing_parse_chunk(bearer_str_t line, apr_size_t room,
                                           apr_size_t *size,
                                           bearer_note_t *note) BEARER_MUST_USE;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape - the escapes in JSON's strings, read and written.
 *
 * Owns:     RFC 8259 7: escapes into characters, and characters into escapes.
 * Does not: find strings (json), or look whether they are UTF-8 (utf8).
 * Memory:   none; the caller has the room
 * Threads:  any
 */
#ifndef BEARER_ESCAPE_H
#define BEARER_ESCAPE_H

#include "bearer/base/base.h"

/**
 * Takes escapes out of a text, up to the quote that ends it, or to end. What is not
 * an escape is copied. A control character is refused, and so is one half of a
 * character beyond U+FFFF (RFC 8259 8.2: readers differ).
 *
 * @param at afterwards at the quote, at end, or where the mistake begins
 * @param to with room for as much as there is to read; the result is never longer
 * @return the length of the result
 */
apr_size_t bearer_escape_decode(const char **at, const char *end, char *to);

/** How much room bearer_escape_encode needs. */
#define BEARER_ESCAPE_ROOM 12

/** Writes a character as an escape: by its letter if it has one, else by its
 * number, in two halves beyond U+FFFF.
 *
 * @return the end of it */
char *bearer_escape_encode(unsigned point, char *to);

#endif

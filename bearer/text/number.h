/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number - JSON's numbers: as text, as what a machine can hold, and compared.
 *
 * Owns:     RFC 8259 6's grammar; which numbers keep their text; the text of a real.
 * Does not: know documents (json, write) or claims (match).
 * Memory:   a number points into the text or value that it was read from
 * Threads:  any
 */
#ifndef BEARER_NUMBER_H
#define BEARER_NUMBER_H

#include "bearer/text/value.h"

/** A number, exactly as far as it is needed. */
typedef struct bearer_number_t {
    bearer_kind_t kind;  /**< INTEGER, REAL or NUMERAL; ABSENT: no number */
    apr_int64_t integer; /**< of an INTEGER */
    double real;         /**< of a REAL; finite */
    bearer_str_t text;   /**< of a NUMERAL: as it was written */
} bearer_number_t;

/**
 * Reads a number where a text has one. An integer of 64 bits is an INTEGER; with a
 * fraction or an exponent it is the nearest double, a REAL, whatever digits that
 * costs; what is too large for either is a NUMERAL.
 *
 * @param at  afterwards at the end of the number, or at what makes it none; what
 *            may follow a number is not looked at
 * @param end nothing from here on is read
 * @return whether there was one
 */
bool bearer_number_take(const char **at, const char *end, bearer_number_t *out,
                        apr_pool_t *pool) BEARER_MUST_USE;

/** The number in a value. */
bearer_number_t bearer_number_of(const bearer_value_t *value);

/** Compares exactly: as doubles, 2^53 + 1 would equal 2^53.
 *
 * @param b an INTEGER or a REAL
 * @return less than, equal to or greater than 0, as a is to b */
int bearer_number_compare(const bearer_number_t *a, const bearer_number_t *b);

/** This many digits of a double always survive. */
#define BEARER_NUMBER_DIGITS 15

/** The fewest digits, from BEARER_NUMBER_DIGITS to 17, with which a real reads back equal. */
int bearer_number_digits(double real);

/** What bearer_number_render needs of a buffer. */
#define BEARER_NUMBER_ROOM 40

/** The JSON text of a finite real with this many digits, so that 0.1 is not written
 * as 0.10000000000000001; it has a point or an exponent and reads back as a real.
 *
 * @return its length */
apr_size_t bearer_number_render(double real, int digits,
                                char buffer[BEARER_NUMBER_ROOM]);

/** The INTEGER or REAL whose JSON text, as the two above and bearer_write_scalar make
 * it, is exactly this; ABSENT if there is none. To find a text among many numbers,
 * none of which must be written. */
bearer_number_t bearer_number_written(bearer_str_t text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value - an immutable JSON value in one block of memory.
 *
 * Owns:     the block: kinds, texts, numbers, members in document order; typed
 *           getters that refuse politely.
 * Does not: read JSON text (json) or write it (write).
 * Memory:   a value and everything in it is one block without pointers: it may be
 *           copied as a whole (bearer_value_size), at an address divisible by 8
 * Threads:  any; many readers
 */
#ifndef BEARER_VALUE_H
#define BEARER_VALUE_H

#include "bearer/base/base.h"

/** What a value is. */
typedef enum bearer_kind_t {
    BEARER_KIND_ABSENT, /**< no value at all: a NULL pointer */
    BEARER_KIND_NULL,
    BEARER_KIND_FALSE,
    BEARER_KIND_TRUE,
    BEARER_KIND_INTEGER,
    BEARER_KIND_REAL,
    BEARER_KIND_NUMERAL, /**< a number that neither of the two can hold: its text */
    BEARER_KIND_STRING,
    BEARER_KIND_ARRAY,
    BEARER_KIND_OBJECT
} bearer_kind_t;

/** A value; all functions here take NULL as an absent one. */
typedef struct bearer_value_t bearer_value_t;

bearer_kind_t bearer_value_kind(const bearer_value_t *value);

/** What it is, for messages, never what it says: "a number", "absent". */
const char *bearer_value_kind_text(const bearer_value_t *value);

/** Whether it is of this kind. */
bool bearer_value_is(const bearer_value_t *value, bearer_kind_t kind);

/** Whether it is true or false. */
bool bearer_value_is_boolean(const bearer_value_t *value);

/** Whether it is an integer, a real or a numeral. */
bool bearer_value_is_number(const bearer_value_t *value);

/** Whether it, or anything in it, is of this kind. */
bool bearer_value_holds(const bearer_value_t *value, bearer_kind_t kind);

/** The bytes of the block, all members included; a multiple of 8. */
apr_size_t bearer_value_size(const bearer_value_t *value);

/** The text of a string, followed by a NUL; data is NULL for anything else. */
bearer_str_t bearer_value_text(const bearer_value_t *value);

/** The number of an integer, 0 for anything else. */
apr_int64_t bearer_value_integer(const bearer_value_t *value);

/** The number of a real, 0 for anything else. */
double bearer_value_real(const bearer_value_t *value);

/** The text of a numeral as it was written, followed by a NUL; data is NULL for
 * anything else. RFC 8259 6: at most BEARER_LIMIT_NUMBER bytes of it, an integer
 * beyond 64 bits or a real beyond a double. */
bearer_str_t bearer_value_numeral(const bearer_value_t *value);

/** Whether it is a string of exactly these bytes; false if text.data is NULL. */
bool bearer_value_equals(const bearer_value_t *value, bearer_str_t text);

/**
 * Walks the members of an array, or of an object, where each member is its name
 * (a string) and then its value:
 *
 *     for (at = bearer_value_first(array); at; at = bearer_value_next(array, at))
 *
 * @return the first, or NULL: there is none, or it is something else
 */
const bearer_value_t *bearer_value_first(const bearer_value_t *whole);

/** What follows this one in the whole; NULL after the last. */
const bearer_value_t *bearer_value_next(const bearer_value_t *whole,
                                        const bearer_value_t *at);

/** The member of an array at an index from 0, or NULL. */
const bearer_value_t *bearer_value_at(const bearer_value_t *array,
                                      apr_size_t index);

/** The member of an object by its name, or NULL. */
const bearer_value_t *bearer_value_get(const bearer_value_t *object,
                                       const char *name);

/** The same, or NULL if it is null, which says as little as no member at all. */
const bearer_value_t *bearer_value_some(const bearer_value_t *object,
                                        const char *name);

/* --- members of a type ---------------------------------------------------- */

/** What a typed getter found. */
typedef enum bearer_value_got_t {
    BEARER_VALUE_ABSENT, /**< no such member, or it is null */
    BEARER_VALUE_WRONG,  /**< a member of another type or an unusable value */
    BEARER_VALUE_GOT     /**< the output is set */
} bearer_value_got_t;

/** A member that must be a string; out points into the value. */
bearer_value_got_t bearer_value_get_string(const bearer_value_t *object,
                                           const char *name, bearer_str_t *out);

/**
 * A member that must be a NumericDate (RFC 7519 2): an integer or a real that
 * is finite and within +-10^15 seconds; fractions are cut towards minus
 * infinity. Strings, booleans, 1e300 are BEARER_VALUE_WRONG.
 */
bearer_value_got_t bearer_value_get_seconds(const bearer_value_t *object,
                                            const char *name, apr_int64_t *out);

/* --- making one ---------------------------------------------------------- */

/** The most that the JSON text of a value takes as a value: a digit and a comma
 * become an integer of 16 bytes. */
#define BEARER_VALUE_ROOM(text_len) (8 * (text_len) + 16)

/** Where the next value goes: memory at an address divisible by 8. Values are
 * written in document order, each after the one before. */
typedef struct bearer_value_room_t {
    char *at;
    char *end;
} bearer_value_room_t;

/** Each returns false if there is no room; nothing is written then. */
bool bearer_value_put_plain(bearer_value_room_t *room,
                            bearer_kind_t kind) BEARER_MUST_USE;
bool bearer_value_put_integer(bearer_value_room_t *room,
                              apr_int64_t number) BEARER_MUST_USE;
bool bearer_value_put_real(bearer_value_room_t *room,
                           double number) BEARER_MUST_USE;
/** @param text a number by the grammar of RFC 8259 6 */
bool bearer_value_put_numeral(bearer_value_room_t *room,
                              bearer_str_t text) BEARER_MUST_USE;
bool bearer_value_put_string(bearer_value_room_t *room,
                             bearer_str_t text) BEARER_MUST_USE;

/** Begins an array or an object; what is put until bearer_value_close is in it.
 * @return NULL if there is no room */
bearer_value_t *bearer_value_open(bearer_value_room_t *room,
                                  bearer_kind_t kind) BEARER_MUST_USE;

/** Ends what was opened last and is not closed. */
void bearer_value_close(bearer_value_room_t *room, bearer_value_t *whole);

#endif

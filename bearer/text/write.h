/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write - JSON text, written member by member or from a value.
 *
 * Owns:     quotes, commas, indentation, escapes; the text of a number.
 * Does not: read (json), or decide what is shown.
 * Memory:   the text grows in the writer's pool
 * Threads:  one for a writer
 */
#ifndef BEARER_WRITE_H
#define BEARER_WRITE_H

#include "bearer/text/value.h"

/** How the text looks. All forms have members in the order in which they were
 * written, and no control character. */
typedef enum bearer_write_form_t {
    BEARER_WRITE_COMPACT, /**< no space */
    BEARER_WRITE_ASCII,   /**< no space, and only printable ASCII */
    BEARER_WRITE_LINES    /**< printable ASCII, a line for each member */
} bearer_write_form_t;

/** A text that is being written; the fields are this unit's alone. */
typedef struct bearer_write_t {
    bearer_write_form_t form;
    char *data;
    apr_size_t len, room;
    apr_pool_t *pool;
    int depth;
    bool begun;  /* what is open is not empty */
    bool failed; /* a string was not UTF-8 */
    char open[64];
} bearer_write_t;

/** Begins a text. */
void bearer_write_begin(bearer_write_t *out, bearer_write_form_t form,
                        apr_pool_t *pool);

/**
 * Each writes one value: a member of the object that is open, by its name (in
 * ASCII); with a NULL name an element of the open array, or the whole text. A
 * string that is not UTF-8 makes bearer_write_end give nothing.
 */
void bearer_write_string(bearer_write_t *out, const char *name,
                         bearer_str_t text);
/** @param text terminated; NULL: null is written */
void bearer_write_text(bearer_write_t *out, const char *name, const char *text);
void bearer_write_integer(bearer_write_t *out, const char *name,
                          apr_int64_t number);
void bearer_write_boolean(bearer_write_t *out, const char *name, bool holds);
void bearer_write_null(bearer_write_t *out, const char *name);
/** All reals in a value have as many digits as the one that needs the most, so that
 * all read back equal. */
void bearer_write_value(bearer_write_t *out, const char *name,
                        const bearer_value_t *value);

/** Begins an object ('{') or an array ('['), nested at most 60 deep. */
void bearer_write_open(bearer_write_t *out, const char *name, char bracket);

/** Ends what was opened last. */
void bearer_write_close(bearer_write_t *out);

/** The whole text, followed by a NUL; data is NULL if a string was not UTF-8. */
bearer_str_t bearer_write_end(bearer_write_t *out);

/** The compact text of a value; data is NULL for NULL. */
bearer_str_t bearer_write_json(const bearer_value_t *value, apr_pool_t *pool);

/** A text as a JSON string; data is NULL if it is not UTF-8. */
bearer_str_t bearer_write_quoted(const char *text, apr_pool_t *pool);

/** The JSON text of a number or a boolean, without a copy in a pool.
 *
 * @param buffer at least 64 bytes, in which the text may be written
 * @return data is NULL for anything else */
bearer_str_t bearer_write_scalar(const bearer_value_t *value, char *buffer,
                                 apr_size_t size);

#endif

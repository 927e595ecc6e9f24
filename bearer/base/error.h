/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error - the catalogue of reasons why something is refused.
 *
 * Owns:     bearer_reason_t, what is known about each reason, bearer_note_t.
 * Does not: log or answer (log, httpd/request/refuse); a reason is a value.
 * Memory:   the catalogue is constant; a note is a fixed buffer of the caller
 * Threads:  any
 */
#ifndef BEARER_ERROR_H
#define BEARER_ERROR_H

#include "bearer/base/base.h"
#include "bearer/base/limits.h"

/** Why a request or a document is refused; rows of bearer/base/error.def. */
typedef enum bearer_reason_t {
    BEARER_OK = 0,
#define BEARER_REASON(name, slug, fault, code, error, status, level, text)     \
    BEARER_##name,
#include "bearer/base/error.def"
#undef BEARER_REASON
    BEARER_REASON_COUNT
} bearer_reason_t;

/** Whose mistake a reason is. */
typedef enum bearer_fault_t {
    BEARER_FAULT_NONE,
    BEARER_FAULT_CLIENT,
    BEARER_FAULT_ISSUER,
    BEARER_FAULT_OPERATOR,
    BEARER_FAULT_SERVER
} bearer_fault_t;

/** The level of a log line. */
typedef enum bearer_level_t {
    BEARER_LEVEL_ERROR,
    BEARER_LEVEL_WARNING,
    BEARER_LEVEL_NOTICE,
    BEARER_LEVEL_INFO,
    BEARER_LEVEL_DEBUG
} bearer_level_t;

/** What the catalogue knows about a reason. */
typedef struct bearer_reason_info_t {
    const char *name; /**< "TOKEN_MISSING" */
    const char *slug; /**< for logs, tests and documentation */
    bearer_fault_t fault;
    const char *code;  /**< "code" of the JSON answer, or NULL */
    const char *error; /**< RFC 6750 3.1 error=, or NULL */
    int status;        /**< HTTP status, 0 if it never answers a request */
    bearer_level_t level;
    const char *sentence; /**< one sentence, no full stop, no secrets */
} bearer_reason_info_t;

/** The particulars of a reason: short, printable ASCII, always terminated. */
typedef struct bearer_note_t {
    char text[BEARER_LIMIT_NOTE];
} bearer_note_t;

/** The row of a reason; BEARER_OK and values out of range have the slug "ok"
 * and status 200. Never NULL. */
const bearer_reason_info_t *bearer_error_find(bearer_reason_t why);

/**
 * Fills a note, printf-like; control characters, quotes, backslashes and
 * non-ASCII become \xHH (log injection), what does not fit is cut off.
 * Only iss, kid, alg, typ and times of a token may be shown, and on a refusal
 * for it, its audience.
 *
 * @param note may be NULL: nothing happens
 */
void bearer_note_set(bearer_note_t *note, const char *format, ...)
    BEARER_PRINTF(2, 3);

/** A list of texts for a note, as long as a note may show of a stranger's text. */
typedef struct bearer_note_list_t {
    char text[BEARER_LIMIT_SHOWN
              + 8]; /**< always terminated; escaped by the note */
    apr_size_t len;
    bool full; /**< what came later is not shown */
} bearer_note_list_t;

/** Appends a text after ", "; what does not fit becomes "...". Begin with a list of
 * zeros. */
void bearer_note_list_add(bearer_note_list_t *list, bearer_str_t text);

/** Adds words behind a note, or puts them in front of it, or adds another note: what
 * the notes have is not escaped again. The first may be NULL. */
void bearer_note_add(bearer_note_t *note, const char *format, ...)
    BEARER_PRINTF(2, 3);
void bearer_note_prefix(bearer_note_t *note, const char *format, ...)
    BEARER_PRINTF(2, 3);

void bearer_note_join(bearer_note_t *note, const bearer_note_t *more);

/** Fills a note with a member of a stranger's document so that nothing is left out:
 * "kid abc", "kid (empty)", or "no kid" if data is NULL. */
void bearer_note_member(bearer_note_t *note, const char *name,
                        bearer_str_t text);

/** "slug: sentence (note)", for logs and people; the note may be NULL or empty. */
const char *bearer_error_text(bearer_reason_t why, const bearer_note_t *note,
                              apr_pool_t *pool);

/** How many bytes of a stranger's text a note shows, for "%.*s". */
int bearer_note_width(bearer_str_t text);

#endif

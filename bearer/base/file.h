/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file - one bounded reader of files, with one set of rules.
 *
 * Owns:     what a file must be before its bytes are believed, and reading it.
 * Does not: write, or know what is in it.
 * Memory:   the text is in the given pool, as long as the file and a NUL
 * Threads:  any
 */
#ifndef BEARER_FILE_H
#define BEARER_FILE_H

#include <sys/types.h>

#include "bearer/base/error.h"

/** What a file must be. Reasons that are BEARER_OK: see each. */
typedef struct bearer_file_rules_t {
    apr_size_t least; /**< bytes */
    apr_size_t most;  /**< bytes */
    mode_t shut;      /**< bits of the mode that must not be set: S_IWOTH */
    bool owned;       /**< of one of owners, and no symbolic link to it */
    uid_t owners[2];
    bool single; /**< it has no second name */
    /** What is not a regular file is read to its end, however long that takes: for a
     * person who waits, never in a server. */
    bool pipe;
    bearer_reason_t access;  /**< of the wrong mode, owner or number of names */
    bearer_reason_t kind;    /**< not a regular file; OK: BEARER_FILE_READ */
    bearer_reason_t size;    /**< OK: BEARER_FILE_SIZE */
    bearer_reason_t missing; /**< there is none; OK: BEARER_FILE_READ */
} bearer_file_rules_t;

/** A key file: not for everybody to write. It may be a symbolic link, as in the
 * volumes of containers. */
extern const bearer_file_rules_t bearer_file_keys;

/** A file with a shared secret: not for everybody to read or write. */
extern const bearer_file_rules_t bearer_file_secret;

/**
 * Reads a whole file. Never blocks on what is not a regular file, unless
 * rules->pipe. A file that is being written may be longer or shorter by now:
 * as many bytes are read as it had, the parser decides about that piece, and
 * the next look sees the rest.
 *
 * @param out  set on BEARER_OK only
 * @param note particulars: what the system said, a mode, an owner, a size; without
 *             the path. Untouched for rules->missing
 * @return BEARER_OK, BEARER_FILE_READ, BEARER_FILE_SIZE, or a reason of the rules
 */
bearer_reason_t bearer_file_read(const char *path,
                                 const bearer_file_rules_t *rules,
                                 bearer_str_t *out, bearer_note_t *note,
                                 apr_pool_t *pool) BEARER_MUST_USE;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path - claim paths, compiled once.
 *
 * Owns:     dotted paths and JSON Pointers, and finding what is there.
 * Does not: know what any claim means.
 * Memory:   compiled paths are constant and live in the pool
 * Threads:  any; many readers
 */
#ifndef BEARER_PATH_H
#define BEARER_PATH_H

#include "bearer/base/error.h"
#include "bearer/text/value.h"

/** A compiled claim path; immutable. */
typedef struct bearer_path_t bearer_path_t;

/**
 * Compiles a claim path: dotted ("realm_access.roles"), or a JSON Pointer (RFC
 * 6901) when it begins with "/" ("/https:~1~1example.org~1roles/0").
 *
 * @param out  keeps copies of all it needs in the pool
 * A dotted path that only another language's rules make sense of is refused, and
 * the note says what to write: JSONPath ("$.a", "a[0]"), several paths with commas
 * between them, a URL whose host has dots. A claim that is called so is written as a
 * JSON Pointer.
 *
 * @return BEARER_OK, BEARER_PATH_FORM for an empty path, an empty or overlong
 *         step of a dotted path, a dotted path as above, a bad ~ escape, or more
 *         than BEARER_LIMIT_JSON_DEPTH steps
 */
bearer_reason_t bearer_path_parse(const char *text, const bearer_path_t **out,
                                  bearer_note_t *note,
                                  apr_pool_t *pool) BEARER_MUST_USE;

/** The JSON Pointer of the claim of that name: "/https:~1~1example.org". */
const char *bearer_path_pointer(const char *name, apr_pool_t *pool);

/** The path as it was written. */
const char *bearer_path_text(const bearer_path_t *path);

/** What is at the path, or NULL. Array steps are decimal indexes without
 * leading zeros, in both spellings of a path. */
const bearer_value_t *bearer_path_find(const bearer_path_t *path,
                                       const bearer_value_t *document);

#endif

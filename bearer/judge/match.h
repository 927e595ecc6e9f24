/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match - a "Require claim" line: compiled once, evaluated per request.
 *
 * Owns:     equality, presence, regular expressions, numbers.
 * Does not: know scopes (scope), httpd, users or answers (httpd/request/require).
 * Memory:   compiled lines are constant and live in the pool
 * Threads:  any; many readers
 */
#ifndef BEARER_MATCH_H
#define BEARER_MATCH_H

#include "bearer/judge/claims.h"

/** A compiled "Require claim …" line. */
typedef struct bearer_match_t bearer_match_t;

/**
 * Compiles the words after "Require claim":
 *
 *     <path>                    present and neither null, false nor ""
 *     <path> <value>…           equals any value; arrays contain it; numbers
 *                               and booleans by their canonical JSON text
 *     <path> ~ <regex>          PCRE; with match limits (ReDoS)
 *     <path> >=|>|<=|< <number> JSON numbers only
 *     <name>:<value>…  <name>~<regex>…   mod_auth_openidc's one-word forms, any
 *                               of them
 *
 * A first word that begins with "/" is a JSON Pointer and never a one-word form.
 * After a path, a second word that begins like an operator and is none of these is
 * refused, as are a path with =, < or > that is no JSON Pointer, an empty word, an
 * empty expression and a number that is not finite or an integer over 64 bits.
 * Whole numbers are compared exactly, others as the nearest doubles; a claim's
 * number that neither 64 bits nor a double can hold equals only what is written
 * exactly like it.
 *
 * @return BEARER_OK, BEARER_MATCH_FORM, BEARER_PATH_FORM
 */
bearer_reason_t bearer_match_parse(const char *const *words, int count,
                                   const bearer_match_t **out,
                                   bearer_note_t *note,
                                   apr_pool_t *pool) BEARER_MUST_USE;

/** Whether there is a regular expression in the line, which may take much work. */
bool bearer_match_has_regex(const bearer_match_t *match);

/** What a line says of a token. */
typedef enum bearer_match_result_t {
    BEARER_MATCH_NO,
    BEARER_MATCH_YES,
    BEARER_MATCH_UNSURE /**< regular expressions hit their limits, or memory ran
                             out: neither yes nor no, since the line may begin
                             with "not" */
} bearer_match_result_t;

/** The work that the regular expressions of one request's lines were, in steps;
 * begins with 0. */
typedef struct bearer_match_work_t {
    apr_uint64_t steps;
} bearer_match_work_t;

/** Whether the claims satisfy the line. An absent claim never does.
 *
 * @param work of the request so far; what this line takes is added. Unsure beyond
 *             BEARER_LIMIT_REGEX_LINE, and when all lines together are beyond
 *             BEARER_LIMIT_REGEX_REQUEST.
 */
bearer_match_result_t bearer_match_check(const bearer_match_t *match,
                                         const bearer_claims_t *claims,
                                         bearer_match_work_t *work);

/** Whether the claim at the path equals the text, or an array there contains it:
 * for values that only the request brings. */
bearer_match_result_t bearer_match_equals(const bearer_path_t *path,
                                          bearer_str_t text,
                                          const bearer_claims_t *claims);

#endif

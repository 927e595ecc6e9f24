/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside - what tests inside a process of httpd start with.
 *
 * Owns:     requests made up for them, the commands of directives, what a request
 *           has written.
 * Does not: hold test cases, or judge tokens: what only tokens can show is shown
 *           end to end.
 * Memory:   everything lives in the pool given
 * Threads:  one
 *
 * All of it is one loadable module, the real one with the tests in it; "httpd -t"
 * reads inside.conf, runs them and ends (tests/httpd/run).
 */
#ifndef BEARER_TESTS_INSIDE_H
#define BEARER_TESTS_INSIDE_H

#include "tests/unit/unit.h"

#include "httpd/request/judge.h"

/** What a made-up connection writes to. */
typedef struct inside_output_t {
    apr_bucket_brigade *all;
} inside_output_t;

/** A GET for a path (and query) of the main server, where the sections of
 * inside.conf for it apply. */
request_rec *inside_request(const char *path, apr_pool_t *pool);

/** The same before httpd has looked at it: headers can be added, and then
 * inside_process has it go through all hooks. */
request_rec *inside_arrival(const char *target, apr_pool_t *pool);

/** What runs inside every place of inside.conf that has no other handler; NULL: it
 * writes "inside". */
extern int (*inside_program)(request_rec *r);

/** What decides at the end of fixups where a request goes on, like mod_dir; NULL:
 * nothing. */
extern int (*inside_fixup)(request_rec *r);

/** Has a request go the way of a client's: access checks, the program, a page for an
 * error, the access log.
 *
 * @return OK, or the status that httpd made a page for */
int inside_process(request_rec *r);

/** Opens the shared memory of a start and what a child has of it, once: from then on
 * tokens are judged. */
void inside_open(void);

/** A token of the issuer https://s.example, good for /secret and the places of
 * chains; claims (of iss, aud and exp) and written with ' for ". */
const char *inside_token(const char *claims, apr_pool_t *pool);

/** Another method. */
void inside_set_method(request_rec *r, const char *method);

/** From here on, what is logged for the request or the server is kept (debug lines
 * too), and written nowhere else. */
void inside_listen(request_rec *r);

/** Ends that: returns the lines, each ended by a line break. */
const char *inside_heard(apr_pool_t *pool);

/** The body that was written so far. */
const char *inside_body(request_rec *r);

/** Makes the request one that was judged good, with these claims (JSON). */
mab_request_t *inside_admit(request_rec *r, const char *claims);

/** The parameters of a directive on line 7 of "made.conf". */
cmd_parms *inside_command(const char *name, const char *args, apr_pool_t *pool);

/** Lines of a configuration, "made.conf", as the tree that httpd makes of them. */
ap_directive_t *inside_read(const char *text, cmd_parms *cmd);

/** A random number below a bound: the same ones in each run. */
unsigned int inside_random(unsigned int bound);

/** A text of up to so many pieces, each from the NULL-terminated list. */
const char *inside_random_text(const char *const *pieces, int most,
                               apr_pool_t *pool);

/** The suites, in the order in which they run: test_<name>.c has inside_<name>,
 * which gives the number of tests that failed. */
/* clang-format off */
#define INSIDE_SUITES(SUITE)                                                   \
    SUITE(oracles)                                                             \
    SUITE(words)                                                               \
    SUITE(random_words)                                                        \
    SUITE(conf)                                                                \
    SUITE(cors)                                                                \
    SUITE(require)                                                             \
    SUITE(answers)                                                             \
    SUITE(requests)                                                            \
    SUITE(judge)                                                               \
    SUITE(take)                                                                \
    SUITE(uri)                                                                 \
    SUITE(export)                                                              \
    SUITE(show)                                                                \
    SUITE(segment)                                                             \
    SUITE(chains)                                                              \
    SUITE(demand)                                                              \
    SUITE(foreign)                                                             \
    SUITE(mistakes)
/* clang-format on */

#define INSIDE_DECLARE(name) int inside_##name(void);
INSIDE_SUITES(INSIDE_DECLARE)

#endif

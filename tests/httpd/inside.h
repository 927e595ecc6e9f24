/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside - what tests start with that run in a process of httpd.
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

/** What a made up connection writes to. */
typedef struct inside_output_t {
    apr_bucket_brigade *all;
} inside_output_t;

/** A GET for a path (and query) of the main server, where the sections of
 * inside.conf for it apply. */
request_rec *inside_request(const char *path, apr_pool_t *pool);

/** Another method. */
void inside_set_method(request_rec *r, const char *method);

/** The body that was written so far. */
const char *inside_body(request_rec *r);

/** Makes the request one that was judged good, with these claims (JSON). */
mab_request_t *inside_admit(request_rec *r, const char *claims);

/** The parameters of a directive on line 7 of "made.conf". */
cmd_parms *inside_command(const char *name, const char *args, apr_pool_t *pool);

/** A random number below a bound: the same ones in each run. */
unsigned int inside_random(unsigned int bound);

/** A text of up to so many pieces, each from the NULL-terminated list. */
const char *inside_random_text(const char *const *pieces, int most,
                               apr_pool_t *pool);

/** The suites, in the order in which they run; each returns how many tests
 * failed. */
int inside_oracles(void);
int inside_words(void);
int inside_conf(void);
int inside_cors(void);
int inside_require(void);
int inside_answers(void);
int inside_requests(void);
int inside_judge(void);
int inside_show(void);

#endif

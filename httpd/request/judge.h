/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge - the verdict on a request at its place.
 *
 * Owns:     judging a request once for each place of its chain, the claims that
 *           count for it.
 * Does not: judge a token (bearer/gate/gate), find it (take) or answer it (refuse).
 * Memory:   everything lives in the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_JUDGE_H
#define MAB_JUDGE_H

#include "httpd/request/record.h"

/**
 * The verdict for this request at this place, made once. A verdict of an earlier
 * request of the chain (internal redirect, sub-request) is used again only if
 * this place would judge alike, and nothing in it depended on method or target; the
 * record is this request's own all the same, and what depends on the request is
 * found out again. A verdict that did depend on them is made again when they
 * change.
 */
mab_request_t *mab_judge_request(request_rec *r);

/** Counts a verdict for the status page, once for a request of a client and a
 * place. */
void mab_judge_count(request_rec *r, bearer_reason_t why);

/** The proven claims that count for this request, or NULL: those of this place's
 * own verdict, and of no other in the chain. Notes that they were asked for, so
 * that the access check can tell "no claim" from "no token"; a request that had no
 * record then is answered 500 after it. */
const bearer_claims_t *mab_judge_claims(const request_rec *r);

#endif

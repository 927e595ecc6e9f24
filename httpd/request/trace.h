/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace - a verdict as debug lines, one for each check, in their order.
 *
 * Owns:     what "LogLevel auth_bearer:debug" says of a request.
 * Does not: judge, or log refusals (refuse does, at their own level).
 * Memory:   the request's pool
 * Threads:  the request's own
 */
#ifndef MAB_TRACE_H
#define MAB_TRACE_H

#include "bearer/gate/gate.h"
#include "httpd/mab.h"

/** Writes which checks passed and which failed. Costs nothing unless the level
 * of this request is debug or more. Of the token only iss, kid, alg, typ and
 * times are shown. */
void mab_trace_checks(request_rec *r, const bearer_verdict_t *verdict);

#endif

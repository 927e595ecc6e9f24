/* SPDX-License-Identifier: Apache-2.0 */
/*
 * balancer - AuthBearerIssuer lines for tokens that load balancers of AWS make.
 *
 * Owns:     signer=, and what profile=aws-alb sets and refuses.
 * Does not: read the line (set_issuer), or judge a token (bearer/judge/alb).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time
 */
#ifndef MAB_BALANCER_H
#define MAB_BALANCER_H

#include "httpd/conf/words.h"

/** Reads signer=<arn>,<arn>; NULL or the mistake. */
const char *mab_balancer_set_signers(cmd_parms *cmd, void *record,
                                     const char *value);

/** See mab_profile_fill_t. */
const char *mab_balancer_fill(cmd_parms *cmd, mab_issuer_line_t *line);

/** signer= without the profile would be ignored; NULL or the mistake. */
const char *mab_balancer_complete(const cmd_parms *cmd,
                                  const mab_issuer_line_t *line);

#endif

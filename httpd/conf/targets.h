/* SPDX-License-Identifier: Apache-2.0 */
/*
 * targets - which variables and headers a claim may go to.
 *
 * Owns:     the table of names that mean something to somebody.
 * Does not: read directives (directives) or export anything (request).
 * Memory:   none
 * Threads:  any
 */
#ifndef MAB_TARGETS_H
#define MAB_TARGETS_H

#include <stdbool.h>

/** Whether it is a name of A-Z, 0-9 and _ that does not begin with a digit and
 * means nothing to the server, the loader, a shell, an interpreter or a library: a
 * claim must not choose what runs. */
bool mab_targets_allow_variable(const char *name);

/** Whether those who may write a .htaccess file may choose it too: the names that
 * claims have, and nothing else. */
bool mab_targets_allow_in_htaccess(const char *name);

/** Whether a header may be given a claim: it means nothing to HTTP, WebDAV, proxies
 * and frameworks. */
bool mab_targets_allow_header(const char *name);

/** Whether a header may carry tokens: one for credentials, or one without a
 * meaning. */
bool mab_targets_allow_source(const char *name);

/** Whether some program or back end takes the two headers for one: CGI makes one
 * variable of "X-User", "x-user" and "X_User", and there are those that make "_" of
 * all that is neither letter nor digit, so also of "X.User". */
bool mab_targets_alike(const char *a, const char *b);

#endif

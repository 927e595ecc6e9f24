/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_issuer - the rows and the setter of AuthBearerIssuer.
 *
 * Owns:     the lines that name issuers, and where their keys come from.
 * Does not: read keys or look at addresses (check).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_ISSUER_H
#define MAB_SET_ISSUER_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_issuer;

/** For the command table. */
#define MAB_SET_ISSUER_ROWS                                                    \
    MAB_SETTER_WORDS("AuthBearerIssuer", mab_set_issuer,                       \
                     MAB_SETTER_EVERYWHERE,                                    \
                     "an issuer that is trusted: <iss> "                       \
                     "[keys=<https-url>|pem-per-kid:<https-url>/|file:<path>]" \
                     " [secret=file:<path>] [alg=<a>,<b>] [audience=<v>,<v>] " \
                     "[ca=[+]<file>] [proxy=<url>] [timeout=5s] "              \
                     "[refresh=1h] [stale=24h] [http=Off] "                    \
                     "[address=<host>:<port>] [token=file:<path>] "            \
                     "[header=file:<path>] [cert=file:<path> "                 \
                     "key=file:<path>]")

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_watched - the rows of other modules' directives, only watched.
 *
 * Owns:     what AuthType and SetHandler say about a place, and that a server has a
 *           ServerName.
 * Does not: act on them: other modules do.
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_WATCHED_H
#define MAB_SET_WATCHED_H

#include "httpd/conf/setter.h"

const char *mab_set_watched_type(cmd_parms *cmd, void *record,
                                 const char *type);
const char *mab_set_watched_handler(cmd_parms *cmd, void *record,
                                    const char *handler);

const char *mab_set_watched_name(cmd_parms *cmd, void *record,
                                 const char *name);

/** For the command table. */
#define MAB_SET_WATCHED_ROWS                                                   \
    AP_INIT_TAKE1("AuthType", mab_set_watched_type, NULL, OR_AUTHCFG,          \
                  "how users show who they are: Basic, Bearer, None..."),      \
        AP_INIT_TAKE1("SetHandler", mab_set_watched_handler, NULL,             \
                      OR_FILEINFO, "the handler of everything here, or None"), \
        AP_INIT_TAKE1("ServerName", mab_set_watched_name, NULL, RSRC_CONF,     \
                      "the name and port of the server")

#endif

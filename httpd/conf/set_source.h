/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_source - the rows and setters of AuthBearerSource, Forward and Optional.
 *
 * Owns:     where a token may be, and what becomes of it afterwards.
 * Does not: find tokens (httpd/request/take).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_SOURCE_H
#define MAB_SET_SOURCE_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_source;
extern const mab_setter_t mab_set_source_forward;
extern const mab_setter_t mab_set_source_optional;

/** For the command table. */
#define MAB_SET_SOURCE_ROWS                                                    \
    MAB_SETTER_WORDS("AuthBearerSource", mab_set_source,                       \
                     MAB_SETTER_NOT_HTACCESS,                                  \
                     "where a token may come from: header[:Name[:scheme]] "    \
                     "basic[:<user>] websocket cookie:<name> query[:name]"),   \
        MAB_SETTER_WORDS("AuthBearerForward", mab_set_source_forward,          \
                         MAB_SETTER_NOT_HTACCESS,                              \
                         "let programs and back ends see the token's header: " \
                         "On|Off "                                             \
                         "[foreign=On|Off]"),                                  \
        MAB_SETTER_WORD("AuthBearerOptional", mab_set_source_optional,         \
                        MAB_SETTER_NOT_HTACCESS,                               \
                        "a request without a token is anonymous")

#endif

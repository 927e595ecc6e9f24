/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mab - the module record's declaration.
 *
 * Owns:     the name under which all of httpd/ finds its configuration and logs.
 * Does not: anything else.
 * Memory:   none
 * Threads:  any
 */
#ifndef MAB_MAB_H
#define MAB_MAB_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

/** The one symbol that the module exports. */
extern module AP_MODULE_DECLARE_DATA auth_bearer_module
    __attribute__((visibility("default")));

APLOG_USE_MODULE(auth_bearer);

#endif

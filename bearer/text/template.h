/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template - names of issuers with a tenant in them: "https://login.example/{tid}/v2.0".
 *
 * Owns:     what such a name looks like, and which texts it becomes.
 * Does not: say which tenants are trusted (policy).
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_TEMPLATE_H
#define BEARER_TEMPLATE_H

#include "bearer/base/base.h"

/** The claim that fills the placeholder, which is its name in braces. */
#define BEARER_TEMPLATE_CLAIM "tid"

/** Whether a text has a brace, so that it is a template or a mistake. */
bool bearer_template_is_meant(const char *text);

/** Whether it has exactly one placeholder, {tid}, and no other brace. */
bool bearer_template_check(bearer_str_t text);

/** Whether a value may fill a placeholder: 1 to 64 letters, digits, "-" and "_", so
 * that no slash, dot, colon or "@" makes another issuer's name of it (a forged
 * issuer). */
bool bearer_template_is_value(bearer_str_t value);

/** Whether a text is the template with its placeholder filled, byte for byte; false
 * if the value may not fill it. */
bool bearer_template_makes(bearer_str_t name, bearer_str_t value,
                           bearer_str_t text);

/** The value that makes this text of the template; data is NULL if none does. */
bearer_str_t bearer_template_find(bearer_str_t name, bearer_str_t text);

/** Whether two templates can make the same name, each with a value of its own. */
bool bearer_template_meet(bearer_str_t one, bearer_str_t other);

/** Whether another party's text means the same as our name, which may be a template or
 * not: equal byte for byte, but Entra ID writes {tenantid} for {tid}. */
bool bearer_template_same(bearer_str_t name, bearer_str_t other);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doubt - words that are understood, but hardly meant so.
 *
 * Owns:     what people write elsewhere or copy from pages: commas, patterns, slashes,
 *           typographic quotes; noting it for a warning, or the mistake.
 * Does not: say it (advise): that is done once, when all is read.
 * Memory:   texts live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread, and nothing is noted
 */
#ifndef MAB_DOUBT_H
#define MAB_DOUBT_H

#include "httpd/conf/words.h"

/** A word with a comma in a list that blanks separate: the mistake, if it begins or
 * ends with one; else NULL, and a doubt. */
const char *mab_doubt_comma(const cmd_parms *cmd, const char *word);

/** A claim path without a slash in front that has one further on. */
void mab_doubt_path(const cmd_parms *cmd, const char *text);

/** The name of an issuer that is the address of its metadata. */
void mab_doubt_issuer(const cmd_parms *cmd, const char *name);

/** An origin that no browser sends: with a comma, or the port that its scheme has. */
void mab_doubt_origin(const cmd_parms *cmd, const char *origin);

/** An expression of AuthBearerUser: one without a claim, or with what a client chooses
 * (impersonation), or with a function as conditions write it. */
void mab_doubt_user(const cmd_parms *cmd, const char *text);

/** The words of a "Require claim" line that is understood; NULL or the mistake. */
const char *mab_doubt_claim(const cmd_parms *cmd, const char *const *words,
                            int count);

/** Whether a text begins with a typographic quote. */
bool mab_doubt_is_curly(const char *text);

/** The message about it. */
const char *mab_doubt_curly(const cmd_parms *cmd, const char *word);

/** The same for each word; NULL: there is none. */
const char *mab_doubt_quotes(const cmd_parms *cmd, const char *const *words,
                             int count);

#endif

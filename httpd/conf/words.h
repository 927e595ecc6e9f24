/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - the words of a directive: numbers, key=value options, lists.
 *
 * Owns:     reading values of each kind, and saying what is allowed instead.
 * Does not: know what a directive means (set_…).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_WORDS_H
#define MAB_WORDS_H

#include "httpd/conf/conf.h"

/** Whether the directive stands in a .htaccess file. */
bool mab_words_in_htaccess(const cmd_parms *cmd);

/** "<Location "/api"> at file:line": the section that the directive stands in. */
const char *mab_words_place(const cmd_parms *cmd);

/** "AuthBearerIssuer in <Location "/api"> at file:line". */
const char *mab_words_describe(const cmd_parms *cmd);

/** The message of a mistake: "Directive: what is wrong; what is allowed". */
const char *mab_words_wrong(const cmd_parms *cmd, const char *what,
                            const char *allowed);

/** Reads a number of the field's kind into the record; NULL or the mistake. */
const char *mab_words_set_number(cmd_parms *cmd, void *record,
                                 const mab_field_t *field, const char *text);

/** Sets an option that is not a number; NULL or the mistake. */
typedef const char *(*mab_set_option_t)(cmd_parms *cmd, void *record,
                                        const char *value);

/** One option that is not a number; tables end with a NULL name. */
typedef struct mab_option_t {
    const char *name;
    mab_set_option_t set;
} mab_option_t;

/** The options a directive takes. */
typedef struct mab_options_t {
    const mab_field_t *fields;  /**< of the record; the numbers of … */
    mab_directive_t of;         /**< … this directive are options */
    const mab_option_t *others; /**< may be NULL */
} mab_options_t;

/** The number in the directive's first word, or NULL. */
const mab_field_t *mab_words_whole(const mab_options_t *options);

/** Reads "name=value" words, each name at most once; NULL or the mistake. */
const char *mab_words_set_options(cmd_parms *cmd, const mab_options_t *options,
                                  void *record, char *const *words, int count);

/** "allowed is leeway= type= …" for messages. */
const char *mab_words_option_names(const mab_options_t *options,
                                   apr_pool_t *pool);

/** Parses a claim path; NULL or the mistake, and what is allowed. */
const char *mab_words_parse_path(const char *text, const bearer_path_t **path,
                                 apr_pool_t *pool);

/** The same of a directive, which the mistake names. */
const char *mab_words_path(cmd_parms *cmd, const char *text,
                           const bearer_path_t **path);

/** Cuts a directive's raw words as httpd does, but also name="two words", which
 * httpd would break apart. Ends after more than BEARER_LIMIT_WORDS. */
apr_array_header_t *mab_words_cut(apr_pool_t *pool, const char *text);

/** A constant list of an array's items; shares its memory. */
const mab_list_t *mab_words_list(const apr_array_header_t *array,
                                 apr_pool_t *pool);

/** Appends one more item to a list that this function made. Earlier states of the
 * list stay as they were, and must not be appended to any more. */
void mab_words_append(const mab_list_t **list, const void *item, int size,
                      apr_pool_t *pool);

/** The message for more than BEARER_LIMIT_WORDS words. */
const char *mab_words_too_many(const cmd_parms *cmd);

/** A text of the library as it was before it was made safe for logs, which httpd
 * does once more: "\x22" would be shown as "\\x22". */
const char *mab_words_plain(const char *text, apr_pool_t *pool);

/** The message for an empty word. */
const char *mab_words_empty(const cmd_parms *cmd);

/** Adds a text to an array of bearer_str_t: not empty, not twice, not too many.
 * NULL or the mistake. */
const char *mab_words_add_text(cmd_parms *cmd, apr_array_header_t *texts,
                               const char *text);

/** Adds each piece of "a,b,c" like mab_words_add_text. */
const char *mab_words_cut_commas(cmd_parms *cmd, const char *text,
                                 apr_array_header_t *out);

#endif

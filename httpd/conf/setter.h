/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setter - what comes before each setter of a directive.
 *
 * Owns:     the way from httpd's command to a setter: whether there are words, whose
 *           record it is, and whether the checks know of the place.
 * Does not: know any directive (set_…).
 * Memory:   values live in the pool of the command: pconf, or the request's for
 *           .htaccess
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SETTER_H
#define MAB_SETTER_H

#include "httpd/conf/words.h"

/** Whose settings a directive makes: what its setter is given as the record. */
typedef enum mab_scope_t {
    MAB_OF_PLACE,  /**< a mab_place_t, made known to the checks */
    MAB_OF_SERVER, /**< the virtual host's mab_server_t */
    MAB_OF_ALL     /**< the mab_registry_t; refused in virtual hosts */
} mab_scope_t;

/** Sets what the words say (there is at least one); NULL or the mistake. */
typedef const char *(*mab_set_t)(cmd_parms *cmd, void *record, int count,
                                 char *const words[]);

/** One directive. */
typedef struct mab_setter_t {
    mab_set_t set; /**< NULL: the options only */
    mab_scope_t scope;
    const char *missing; /**< what is wrong if there are no words */
    const char *allowed; /**< what is allowed then; NULL: the options */
    const mab_options_t *options; /**< or NULL */
} mab_setter_t;

/** Where a directive may stand: in the server's configuration, or everywhere. */
#define MAB_SETTER_NOT_HTACCESS (RSRC_CONF | ACCESS_CONF)
#define MAB_SETTER_EVERYWHERE   (RSRC_CONF | OR_AUTHCFG)

/** Rows of the command table: words (cut by mab_words_cut, as httpd would give no
 * more than 64 and drop the others); exactly one. */
#define MAB_SETTER_WORDS(name, setter, where, help)                            \
    AP_INIT_RAW_ARGS(name, mab_setter_run, (void *)&(setter), where, help)
#define MAB_SETTER_WORD(name, setter, where, help)                             \
    AP_INIT_TAKE1(name, mab_setter_run_one, (void *)&(setter), where, help)

/** httpd's functions of these rows. */
const char *mab_setter_run(cmd_parms *cmd, void *record, const char *args);
const char *mab_setter_run_one(cmd_parms *cmd, void *record, const char *word);

/** Whether a directive may stand where it does: not in .htaccess if its row says so,
 * not in an alias of a provider; NULL or the mistake. One in <Limit> or <RequireAll>
 * is noted, for the checks that follow the reading. */
const char *mab_setter_check_context(cmd_parms *cmd);

/** Makes a place known to the checks that follow the reading, once; NULL in a
 * .htaccess file. */
mab_setting_t *mab_setter_register(cmd_parms *cmd, mab_place_t *place);

#endif

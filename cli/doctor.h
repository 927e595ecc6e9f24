/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor - what is well, unwise or wrong with a configuration, and what to write.
 *
 * Owns:     the configuration as httpd's module shows it, what was seen of its
 *           issuers and files, and the findings, which are rows of doctor.def.
 * Does not: read httpd's files itself, or ever read a secret.
 * Memory:   one pool, until the program ends
 * Threads:  one
 */
#ifndef AUTHBEARER_DOCTOR_H
#define AUTHBEARER_DOCTOR_H

#include "cli/authbearer.h"

/* --- the table --------------------------------------------------------------- */

/** How bad a finding is; also the exit status. */
typedef enum doctor_level_t {
    DOCTOR_WELL,
    DOCTOR_UNWISE,
    DOCTOR_WRONG,
    DOCTOR_UNSEEN /**< the exit status if nothing could be looked at */
} doctor_level_t;

/** What a finding is about. */
typedef enum doctor_about_t {
    DOCTOR_HTTPD,
    DOCTOR_ISSUER,
    DOCTOR_PLACE
} doctor_about_t;

/** The rows of doctor.def. */
typedef enum doctor_id_t {
#define DOCTOR_FINDING(id, slug, level, about, sentence, advice, line)         \
    DOCTOR_##id,
#include "cli/doctor.def"
    DOCTOR_IDS
} doctor_id_t;

/** One finding, in the words that are printed. */
typedef struct doctor_finding_t {
    doctor_id_t id;
    const char *slug;
    doctor_level_t level;
    doctor_about_t about;
    int index;            /**< of the source or place; 0 for httpd */
    const char *sentence; /**< printable ASCII, as are these: */
    const char *advice;   /**< or NULL */
    const char *line;     /**< or NULL */
} doctor_finding_t;

/* --- the configuration --------------------------------------------------------- */

/** A server or virtual host. */
typedef struct doctor_server_t {
    const char *name; /**< "host:port", "host", or where it is defined */
    bool tls;
} doctor_server_t;

/** What one answer on the way to the keys told besides. */
typedef struct doctor_answer_t {
    const char *host;
    bool dated;
    apr_int64_t ahead;           /**< seconds of its clock before ours */
    apr_int64_t certificate_end; /**< wall; 0: no TLS */
    apr_int64_t good_for;        /**< seconds, as it says; -1: it does not */
} doctor_answer_t;

/** What is known of a file without reading it. */
typedef struct doctor_file_t {
    bool seen;
    const char *owner, *group;
    unsigned mode; /**< 0640 */
    bool group_reads;
} doctor_file_t;

/** A source of keys; what the module says, and what was seen. */
typedef struct doctor_source_t {
    const char *where; /**< "AuthBearerIssuer in … at file:line" */
    bearer_source_t source;
    /* seen */
    bool looked;           /**< at its keys */
    bearer_outcome_t told; /**< what came of it */
    const bearer_jwks_t *keys;
    const bearer_value_t *published; /**< the array of keys, or NULL */
    apr_int64_t fresh;               /**< seconds until the next fetch */
    apr_array_header_t *answers;     /**< of doctor_answer_t */
    doctor_file_t file;
    apr_int64_t file_end; /**< of the first certificate in it to end; 0: none */
} doctor_source_t;

/** An issuer that a place trusts. */
typedef struct doctor_trust_t {
    const char *iss;
    const doctor_source_t *source;
    bearer_algset_t algs;
    bool chosen;   /**< a directive or an option has named them */
    bool own_algs; /**< the option of its line has: alg= */
    const apr_array_header_t *audiences; /**< of const char * */
    bool any;
    bool own_audiences;         /**< of its line: audience= */
    const char *audience_claim; /**< where they are, instead of aud, or NULL */
} doctor_trust_t;

/** A place with AuthType Bearer. */
typedef struct doctor_place_t {
    const char *where; /**< "AuthType in … at file:line is Bearer" */
    int server;
    apr_array_header_t *trusts; /**< of doctor_trust_t */
    apr_int64_t leeway;
    const char *resource;              /**< NULL: none */
    const apr_array_header_t *sources; /**< of const char *: "cookie:name" */
    bool asked_elsewhere;              /**< no Require line of its own */
    const apr_array_header_t *require; /**< of const char *: lines that count */
    const apr_array_header_t *origins; /**< of const char *; with options */
} doctor_place_t;

/** A line that httpd has written when it read its configuration. */
typedef struct doctor_said_t {
    bool wrong;         /**< it stopped httpd */
    const char *number; /**< "MAB0104", or NULL */
    const char *text;   /**< without it */
} doctor_said_t;

/** All of it. */
typedef struct doctor_model_t {
    apr_pool_t *pool;
    apr_int64_t now;
    bool starts;   /**< httpd accepts the configuration */
    bool loopback; /**< it listens to this machine only */
    bool watchdog;
    apr_array_header_t *said;    /**< of doctor_said_t */
    apr_array_header_t *servers; /**< of doctor_server_t */
    apr_array_header_t *sources; /**< of doctor_source_t */
    apr_array_header_t *places;  /**< of doctor_place_t */
    apr_array_header_t *found;   /**< of doctor_finding_t */
} doctor_model_t;

/* --- doctor_model.c ------------------------------------------------------------ */

/** An empty one. */
doctor_model_t *doctor_model_create(apr_pool_t *pool);

/**
 * Reads the line that the module prints for "-D DUMP_BEARER_JSON", among others.
 *
 * @return NULL, or what is wrong with it
 */
const char *doctor_model_read(doctor_model_t *model, const char *output);

/** Reads what httpd has said on stderr: messages of the module, and, if it did not
 * start, everything. */
void doctor_model_hear(doctor_model_t *model, const char *errors);

/* --- doctor_look.c --------------------------------------------------------------- */

/** Gets the keys of a source as the server would, and looks at its files.
 *
 * @param fetch whether over the network */
void doctor_look(doctor_source_t *source, bool fetch, apr_pool_t *pool);

/** Whether a source has been looked at and gave keys. */
bool doctor_has_keys(const doctor_source_t *source);

/* --- doctor_check.c: pure ----------------------------------------------------------- */

/** Fills model->found by all that is known; nothing is asked or read. */
void doctor_check(doctor_model_t *model);

/* --- doctor_place.c: pure ----------------------------------------------------------- */

/** The same for one place, as a part of it. */
void doctor_check_place(doctor_model_t *model, int index);

/* --- doctor_find.c -------------------------------------------------------------------- */

/** The particulars of a finding; what is NULL does not stand in its row. */
typedef struct doctor_words_t {
    const char *one, *two, *three, *four;
} doctor_words_t;

/** Adds a finding of this row. @return it, until the next one is added */
doctor_finding_t *doctor_find(doctor_model_t *model, doctor_id_t id, int index,
                              doctor_words_t words);

/** Gives a finding the advice that fits the reason, if there is one. */
void doctor_find_cure(doctor_model_t *model, doctor_finding_t *finding,
                      bearer_reason_t why, doctor_words_t words);

/** The worst of the findings about something; index -1: about anything. */
doctor_level_t doctor_find_worst(const doctor_model_t *model,
                                 doctor_about_t about, int index);

/** "well", "unwise", "wrong". */
const char *doctor_find_level(doctor_level_t level);

/* --- doctor_print.c ---------------------------------------------------------------------- */

/** Prints all of it for people. */
void doctor_print_text(const doctor_model_t *model);

/** Prints all of it for programs. */
void doctor_print_json(const doctor_model_t *model);

#endif

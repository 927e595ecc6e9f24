/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authbearer - the command: what the module would say of a token, and why.
 *
 * Owns:     the words of the command line, text and JSON for people and scripts, the
 *           exit status.
 * Does not: judge (bearer/judge/verify), know httpd, or ever print a token.
 * Memory:   one pool, until the program ends
 * Threads:  one
 */
#ifndef AUTHBEARER_H
#define AUTHBEARER_H

#include <apr_tables.h>
#include <apr_thread_proc.h>

#include "bearer/base/clock.h"
#include "bearer/judge/policy.h"
#include "bearer/keys/outcome.h"
#include "bearer/keys/source.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"

/** The exit status. */
enum {
    TOOL_GOOD = 0,     /**< accepted, or what was asked for is there */
    TOOL_REFUSED = 1,  /**< judged, and refused */
    TOOL_UNDECIDED = 2 /**< not judged: usage, network, keys */
};

/** One run: the words of the command line as the library wants them. */
typedef struct tool_t {
    apr_pool_t *pool;
    bearer_now_t now; /**< --at, or the clock when the program began */
    bearer_issuer_t issuer;
    const bearer_issuer_t *issuers[1]; /**< what policy points at */
    bearer_policy_t policy;
    bearer_source_t source;
    const char *kid;   /**< whose key to look for, where each has an address */
    const char *httpd; /**< program, or NULL */
    bool json;
    bool help; /**< say what there is, and do nothing */
    bool no_fetch;
} tool_t;

/* --- authbearer_options.c --------------------------------------------------- */

/** A command, as a bit: which options it takes. */
enum {
    TOOL_VERIFY = 1,
    TOOL_KEYS = 2,
    TOOL_EXPLAIN = 4,
    TOOL_CONFIG = 8,
    TOOL_DOCTOR = 16,
    TOOL_ALL = 31
};

/**
 * Reads the options among a command's words. "--" ends them; for "config" and "doctor"
 * so does the first word that is not an option.
 *
 * @return the other words, NULL-terminated; NULL after a mistake was reported
 */
const char *const *tool_options_read(tool_t *tool, int command, int count,
                                     const char *const *words) BEARER_MUST_USE;

/** Prints the options of a command, one on each line. */
void tool_options_print(int command);

/* --- authbearer_text.c ------------------------------------------------------ */

/** Reports a mistake on stderr: one line. Never shows words of the command line:
 * people paste tokens there. @return TOOL_UNDECIDED */
int tool_complain(const char *format, ...) BEARER_PRINTF(1, 2);

/* --- authbearer_issuer.c: whose tokens are judged --------------------------- */

/** The options for that: NULL, or what is allowed. */
const char *tool_issuer_set_issuer(tool_t *tool, const char *value);
const char *tool_issuer_set_tenants(tool_t *tool, const char *value);
const char *tool_issuer_set_metadata(tool_t *tool, const char *value);
const char *tool_issuer_set_audience_claim(tool_t *tool, const char *value);

/* --- authbearer_access.c: how the key server is reached --------------------- */

/** The options for that: NULL, or what is allowed. */
const char *tool_access_set_ca(tool_t *tool, const char *value);
const char *tool_access_set_proxy(tool_t *tool, const char *value);
const char *tool_access_set_address(tool_t *tool, const char *value);
const char *tool_access_set_token(tool_t *tool, const char *value);
const char *tool_access_set_header(tool_t *tool, const char *value);
const char *tool_access_set_cert(tool_t *tool, const char *value);
const char *tool_access_set_key(tool_t *tool, const char *value);

/** Whether those that were given make sense together; false after the mistake was
 * reported. */
bool tool_access_check(const tool_t *tool);

/* --- authbearer_text.c ------------------------------------------------------ */

/** A JSON value as one line of printable ASCII: strangers' claims may hold what a
 * terminal would obey. */
const char *tool_text_value(const bearer_value_t *value, apr_pool_t *pool);

/** The same for a text that may hold any bytes. */
const char *tool_text_string(bearer_str_t text, apr_pool_t *pool);

/** "2026-01-31T12:00:00Z", or a word for a time that is beyond our calendar. */
const char *tool_text_date(apr_int64_t seconds, apr_pool_t *pool);

/** "4 min 40 s": the two largest units that say something. */
const char *tool_text_span(apr_int64_t seconds, apr_pool_t *pool);

/** "in 4 min 40 s", "3 h 20 min ago", "now". */
const char *tool_text_distance(apr_int64_t then, apr_int64_t now,
                               apr_pool_t *pool);

/** {"reason", "sentence", "note"} of a reason into the open object. */
void tool_text_add_reason(bearer_write_t *json, bearer_reason_t why,
                          const bearer_note_t *note);

/** Begins a JSON document for stdout, an object, in printable ASCII. */
void tool_text_begin_json(bearer_write_t *json, apr_pool_t *pool);

/** Ends and prints it. */
void tool_text_print_json(bearer_write_t *json);

/* --- authbearer_input.c ----------------------------------------------------- */

/**
 * Reads stdin and takes the token from it: the token alone, a header's value
 * ("Bearer ..."), or the header ("Authorization: Bearer ..."). Says so at a
 * terminal, where it waits for a person.
 *
 * @return BEARER_OK, BEARER_TOKEN_MISSING, _TOKEN_FORMAT, _TOKEN_SCHEME
 */
bearer_reason_t tool_input_token(bearer_str_t *out,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/* --- authbearer_source.c ---------------------------------------------------- */

/** One address or file that was asked for on the way to the keys. */
typedef struct tool_step_t {
    const char *what; /**< "metadata", "keys" */
    bearer_outcome_t outcome;
} tool_step_t;

/** What was found. */
typedef struct tool_found_t {
    const bearer_jwks_t *keys; /**< NULL: none that may be used */
    /** the array "keys" as it was received, or NULL */
    const bearer_value_t *published;
    apr_array_header_t *steps; /**< of tool_step_t, in order */
    bearer_outcome_t told;     /**< what decided */
    bool missing;              /**< the issuer has no key of this kid */
    apr_int64_t fresh;         /**< seconds until asking again; -1: a file */
    const char *cache_control; /**< as answered, or NULL */
} tool_found_t;

/**
 * Gets the keys as the module's fetcher would: metadata in its three forms and
 * then the key set, the key set, a file, or the secret, which is read already.
 *
 * @return BEARER_OK, or why there are none
 */
bearer_reason_t tool_source_get(tool_t *tool,
                                tool_found_t *found) BEARER_MUST_USE;

/** --keys with a URL, or "pem-per-kid:" and one whose last segment is the kid. */
void tool_source_set_url(tool_t *tool, const char *value);

/** --signer. @return NULL, or what is allowed */
const char *tool_source_set_signer(tool_t *tool, const char *value);

/* --- authbearer_httpd.c ------------------------------------------------------ */

/** httpd that is running, to test its configuration. */
typedef struct tool_httpd_t {
    apr_proc_t proc;
    apr_file_t *errors; /**< what it says on stderr; NULL: it goes to ours */
} tool_httpd_t;

/**
 * Starts "httpd -t -D define words…", with its output on a pipe.
 *
 * @param hear keep what it says on stderr
 * @return false: it cannot be found or started (reported)
 */
bool tool_httpd_start(const tool_t *tool, const char *define,
                      const char *const *words, bool hear,
                      tool_httpd_t *httpd) BEARER_MUST_USE;

/** Waits for its end. @return false: it was ended by a signal (reported) */
bool tool_httpd_wait(tool_httpd_t *httpd, int *status) BEARER_MUST_USE;

/* --- the commands: their exit status ---------------------------------------- */

int tool_verify(tool_t *tool);
int tool_keys(tool_t *tool);
int tool_explain(tool_t *tool);

/** @param words for httpd, NULL-terminated */
int tool_config(tool_t *tool, const char *const *words);

/** As tool_config. @return a doctor_level_t */
int tool_doctor(tool_t *tool, const char *const *words);

#endif

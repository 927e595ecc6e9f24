/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - every ceiling, each with its reason.
 *
 * Owns:     the numbers that bound what strangers can make us do.
 * Does not: hold defaults that an administrator can set (httpd/conf/conf).
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_LIMITS_H
#define BEARER_LIMITS_H

/* --- a token ------------------------------------------------------------ */

/** A whole token. httpd's LimitRequestFieldSize (8190) bounds it as well;
 * cookies and raised limits do not make us decode a megabyte. */
#define BEARER_LIMIT_TOKEN 16384
/** The header part as base64url. Real ones are under 200 characters long; x5c
 * chains, which we ignore, may make them longer. */
#define BEARER_LIMIT_HEADER 8192
/** A kid: longer ones cannot be looked up, only logged, and are refused. */
#define BEARER_LIMIT_KID 1024
/** Nesting of any JSON we parse: real claims nest 3 deep, and recursion over
 * 2048 levels (jansson's own limit) is a gift to attackers. */
#define BEARER_LIMIT_JSON_DEPTH 32
/** The text of a number that is kept because neither 64 bits nor a double can
 * hold it: an RSA modulus of 8192 bits has 2467 digits. */
#define BEARER_LIMIT_NUMBER 4096
/** Seconds from now to an expiry time: some ten years, the longest that issuers
 * give (3653 days). Beyond it, somebody wrote milliseconds, and the token would be
 * good for 50 000 years. */
#define BEARER_LIMIT_FUTURE (3660LL * 86400)
/** How many keys are looked at for one token. */
#define BEARER_LIMIT_CANDIDATES 32
/** What trying keys for one token may cost, in microseconds of a slow core. More
 * would let one request buy many signature verifications. Enough for 24 keys of
 * P-256 or RSA-4096, 3 of P-384 or P-521, 7 of RSA-8192: no issuer needs more
 * under one kid, or without any. */
#define BEARER_LIMIT_COST 2500

/* --- keys --------------------------------------------------------------- */

/** Keys looked at in one JWK set; the rest is ignored with a warning. */
#define BEARER_LIMIT_KEYS 256
/** RSA below this is breakable (RFC 8725 3.5). */
#define BEARER_LIMIT_RSA_MIN 2048
/** RSA above this costs a request thread milliseconds for each forged token. */
#define BEARER_LIMIT_RSA_MAX 8192
/** An exponent longer than this makes each verification as expensive as a
 * private key operation; the usual one has 17 bits. */
#define BEARER_LIMIT_RSA_EXPONENT_BITS 32
/** The largest key file and the largest shared secret file. */
#define BEARER_LIMIT_KEY_FILE 1048576
/** A shared secret beyond this is a mistake (a wrong file). */
#define BEARER_LIMIT_SECRET 4096
/** A file by which we identify ourselves to a key server: a token as long as the
 * longest we take ourselves, a certificate with its chain. */
#define BEARER_LIMIT_CREDENTIAL 65536

/* --- the board ---------------------------------------------------------- */

/** One document on the board: a filtered key set. 200 RSA-2048 keys fit. */
#define BEARER_LIMIT_DOCUMENT 131072

/** A kid that becomes part of an address (pem-per-kid). Real ones are UUIDs or
 * digests in hex. A multiple of 8. */
#define BEARER_LIMIT_KID_NAME 64
/** Keys of one source that has an address for each. Issuers use one or two at a
 * time, and a load balancer's region a few more. */
#define BEARER_LIMIT_KIDS 32
/** Kids of such a source that are asked for in "miss": any stranger can write one,
 * and each costs the issuer a request. */
#define BEARER_LIMIT_KIDS_WANTED 8

/* --- what we fetch ------------------------------------------------------ */

/** A URL that we are willing to fetch. */
#define BEARER_LIMIT_URL 2048
/** Status line and header fields of a response together. */
#define BEARER_LIMIT_HTTP_HEADER 16384
/** Interim (1xx) answers before the real one. */
#define BEARER_LIMIT_HTTP_INTERIM 8
/** One chunk-size line with extensions. */
#define BEARER_LIMIT_HTTP_CHUNK_LINE 256
/** Addresses of one host that are tried. */
#define BEARER_LIMIT_ADDRESSES 8

/* --- .htaccess files, read for a request ---------------------------------- */

/** Claims exported in one place; each is compared with all the others. */
#define BEARER_LIMIT_EXPORTS 256
/** Words of one list in one directive: audiences, required claims, claims for
 * the user. A line may have megabytes. */
#define BEARER_LIMIT_WORDS 1024

/* --- Require lines ------------------------------------------------------- */

/** Steps that the regular expressions of one Require line may take for one
 * token, over all members of a claim: some milliseconds. Checking a name
 * takes about ten. */
#define BEARER_LIMIT_REGEX_LINE 200000
/** The same for all lines of one request. */
#define BEARER_LIMIT_REGEX_REQUEST 1000000

/** Scopes that a challenge asks for, in bytes: clients and proxies accept a
 * header of this size. */
#define BEARER_LIMIT_SCOPES_ASKED 2048

/* --- other origins --------------------------------------------------------- */

/** Names in one list of headers of a preflight or of a back end; each is compared
 * with all the others. Real ones have some twenty. */
#define BEARER_LIMIT_NAMES 128

/* --- text --------------------------------------------------------------- */

/** The particulars of a reason (bearer_note_t), with its NUL. */
#define BEARER_LIMIT_NOTE 240
/** How much of a stranger's string (kid, iss, alg, typ) a note may show. */
#define BEARER_LIMIT_SHOWN 96

#endif

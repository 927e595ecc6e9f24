/* SPDX-License-Identifier: Apache-2.0 */
/*
 * banned - calls that do not compile here.
 *
 * Owns:     the list; the build force-includes it (-include) in our files.
 * Does not: replace review; it stops habits, not intentions.
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_BANNED_H
#define BEARER_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* no bound on what they write */
#pragma GCC poison strcpy strcat sprintf vsprintf gets stpcpy
/* bounded, but leave text unterminated or hide truncation */
#pragma GCC poison strncpy strncat
/* hidden state shared between threads; ctime and rand are left out because
 * APR and OpenSSL have parameters and fields of these names */
#pragma GCC poison strtok gmtime localtime asctime srand
/* no way to tell an error from a number */
#pragma GCC poison atoi atol atoll atof sscanf
/* a library never ends the process of its host */
#pragma GCC poison abort exit

#endif

/*
 * directory: a worker is a program that asks over and over whether people
 * hold a role, in one way, and says how long it took. directory_worker.c
 * reads from its stdin how often, an adapter knows the way; directory.py
 * starts the workers and takes turns with them.
 */

#ifndef JWTGATE_BENCH_DIRECTORY_H
#define JWTGATE_BENCH_DIRECTORY_H

#define DIRECTORY_BASE "dc=example,dc=org"
#define DIRECTORY_READER "cn=reader," DIRECTORY_BASE
#define DIRECTORY_SECRET "reader-secret"
#define DIRECTORY_GROUPS "ou=groups," DIRECTORY_BASE

/* Opens what is kept from one question to the next. */
void *adapter_open(int argc, char *argv[]);

/* Is user in the group of that cn? 1 or 0; -1 when it could not be asked. */
int adapter_check(void *state, const char *user);

#endif

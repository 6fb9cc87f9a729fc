/*
 * note: lines for the administrator, on standard error. Under systemd each
 * begins with its priority as sd-daemon(3) has it; elsewhere with "fraudd: ".
 */

#ifndef JWTGATE_NOTE_H
#define JWTGATE_NOTE_H

#include <syslog.h> /* the names of the priorities */

/* Foreign text in the arguments must have passed str_printable(). */
void note(int priority, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
